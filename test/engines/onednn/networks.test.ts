/** Small networks, trained with oneDNN and without. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { loadDnnl } from "../../../src/engines/onednn/library/load_dnnl.ts";
import * as convoyant from "../../../src/index.ts";
import { missingLibrary } from "./library.ts";

const { nn, optim } = convoyant;
const skip = missingLibrary();
const NETWORKS: Readonly<Record<string, () => ReturnType<typeof nn.Sequential>>> = {
  "convolutions and pools": () =>
    nn.Sequential(
      nn.Conv2d(1, 20, 5, { stride: 2, padding: 1 }),
      nn.ReLU(),
      nn.MaxPool2d(3, { stride: 2 }),
      nn.Conv2d(20, 36, 3, { padding: 1 }),
      nn.Sigmoid(),
      nn.MaxPool2d(3, { stride: 1, padding: 1 }),
      nn.Conv2d(36, 18, 3, { groups: 2, dilation: 2, padding: 2 }),
      nn.Tanh(),
      nn.AvgPool2d(2),
      nn.Flatten(),
      nn.LazyLinear(24),
      nn.ReLU(),
      nn.LazyLinear(10),
    ),
  "averages over windows and cells": () =>
    nn.Sequential(
      nn.Conv2d(1, 37, 3),
      nn.ReLU(),
      nn.AvgPool2d(3, { stride: 2, padding: 1 }),
      nn.Conv2d(37, 20, 3),
      nn.AdaptiveAvgPool2d([4, 3]),
      nn.Flatten(),
      nn.LazyLinear(10),
    ),
  "batch norm, global pooling": () =>
    nn.Sequential(
      nn.Conv2d(1, 17, 3),
      nn.BatchNorm2d(17),
      nn.ReLU(),
      nn.Conv2d(17, 33, 3, { stride: 2 }),
      nn.BatchNorm2d(33),
      nn.ReLU(),
      nn.Conv2d(33, 10, 1),
      nn.AdaptiveAvgPool2d([1, 1]),
      nn.Flatten(),
    ),
};

after(() => convoyant.stopEngine());

interface Images {
  readonly count: number;
  readonly side: number;
}

const IMAGES: Images = { count: 13, side: 28 };
/** For the network with averages, where the engine leaves bfloat16 to the plain loops: they take seconds for a step of more. */
const FEW_IMAGES: Images = { count: 7, side: 20 };
const hasPlainLoops = skip === false && !loadDnnl().dnnl.fastBfloat16;

/** Losses of a few steps and the weights after them. */
async function train(
  make: () => ReturnType<typeof nn.Sequential>,
  engine: string,
  threads: number,
  { count, side }: Images = IMAGES,
  precision: "f32" | "bf16" = "f32",
): Promise<number[][]> {
  await convoyant.useEngine(engine, { threads });
  convoyant.manualSeed(7);
  const net = make();
  const x = convoyant.rand(count, 1, side, side);
  const y = convoyant.randint(0, 10, [count]);
  net(x);
  const optimizer = optim.SGD(net.parameters(), { lr: 0.1, momentum: 0.9 });
  const losses: number[] = [];
  for (let step = 0; step < 4; step++) {
    const enabled = precision === "bf16";
    const loss = convoyant.autocast({ enabled }, () => nn.functional.crossEntropy(net(x), y));
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    losses.push(await loss.item());
  }
  const weights = [];
  for (const parameter of net.parameters()) weights.push(Array.from(await parameter.data()));
  return [losses, ...weights];
}

/** Lists of numbers that differ by less than `tolerance` times the largest of a list. */
function requireNear(got: readonly number[][], expected: readonly number[][], tolerance: number): void {
  assert.equal(got.length, expected.length);
  got.forEach((values, i) => {
    const largest = Math.max(...expected[i].map(Math.abs));
    values.forEach((value, j) => {
      const off = Math.abs(value - expected[i][j]);
      assert.ok(off <= tolerance * largest, `${i}[${j}] is ${value}, expected ${expected[i][j]}`);
    });
  });
}

for (const [name, make] of Object.entries(NETWORKS)) {
  test(`${name}: as on the wasm engine`, { skip }, async () => {
    process.env.CONVOYANT_ONEDNN = "everything";
    requireNear(await train(make, "onednn", 2), await train(make, "wasm", 2), 2e-4);
  });

  test(`${name}: in bfloat16 nearly as on the wasm engine`, { skip }, async () => {
    process.env.CONVOYANT_ONEDNN = "everything";
    const images = hasPlainLoops && name.startsWith("averages") ? FEW_IMAGES : IMAGES;
    const expected = await train(make, "wasm", 2, images);
    const got = await train(make, "onednn", 2, images, "bf16");
    requireNear(got, expected, 0.05);
    assert.deepEqual(await train(make, "onednn", 3, images, "bf16"), got, "with three threads");
  });

  test(`${name}: the bits do not depend on the number of threads`, { skip }, async () => {
    const one = await train(make, "onednn", 1);
    for (const threads of [2, 3]) assert.deepEqual(await train(make, "onednn", threads), one);
  });
}
