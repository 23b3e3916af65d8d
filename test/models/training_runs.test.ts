import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { fromTypedArray, models, nn, optim, stopEngine, type Tensor, useEngine } from "../../src/index.ts";
import { decodeSafetensors } from "../../src/io/safetensors.ts";
import { executor } from "../../src/tensor/runtime.ts";

const folder = new URL("../../../test/fixtures/training_runs/", import.meta.url);
const recorded = JSON.parse(readFileSync(new URL("losses.json", folder), "utf8")) as Record<
  string,
  { lr: number; losses: number[] }
> & {
  batch: { labels: number[]; pixels: number[] };
};
const BATCH = 64;

/** As in the script that made the fixtures. */
function mixed(number: number): number {
  let h = number >>> 0;
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function numbersOf(step: number): { pixels: Float32Array; labels: Float64Array } {
  const pixels = new Float32Array(BATCH * 784);
  const labels = new Float64Array(BATCH);
  for (let n = 0; n < BATCH; n++) {
    const example = step * BATCH + n;
    const label = mixed(example + 1_000_003) % 10;
    labels[n] = label;
    for (let p = 0; p < 784; p++) {
      const pattern = mixed(label * 784 + (p >> 2) + 77) % 2;
      pixels[n * 784 + p] = (pattern * 127 + (mixed(example * 784 + p) % 128)) / 255;
    }
  }
  return { pixels, labels };
}

function batch(step: number): [Tensor, Tensor] {
  const { pixels, labels } = numbersOf(step);
  return [fromTypedArray(pixels, [BATCH, 1, 28, 28], "float32"), fromTypedArray(labels, [BATCH], "int64")];
}

test("both sides make the same batches", () => {
  const { pixels, labels } = numbersOf(0);
  assert.deepEqual([...labels.slice(0, 8)], recorded.batch.labels);
  assert.deepEqual(
    [...pixels.slice(0, 8)].map((x) => Math.round(x * 255)),
    recorded.batch.pixels,
  );
});

async function trainAgainst(name: string, tolerance: number, steps: number): Promise<void> {
  const { lr } = recorded[name];
  const losses = recorded[name].losses.slice(0, steps);
  const { tensors } = decodeSafetensors(readFileSync(new URL(`${name}.safetensors`, folder)));
  const tensorOf = (key: string) => {
    const { data, shape, dtype } = tensors.get(key) as NonNullable<ReturnType<typeof tensors.get>>;
    return fromTypedArray(data.slice(), shape, dtype as Tensor["dtype"]);
  };
  const net = models.create(name);
  net.loadStateDict(
    Object.fromEntries(
      [...tensors.keys()].filter((key) => !key.startsWith("after.")).map((key) => [key, tensorOf(key)]),
    ),
  );
  const optimizer = optim.SGD(net.parameters(), { lr });
  const { runs } = executor().statistics;
  for (let step = 0; step < losses.length; step++) {
    const [x, y] = batch(step);
    const loss = nn.functional.crossEntropy(net(x), y);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    const got = await loss.item();
    const error = Math.abs(got - losses[step]) / losses[step];
    assert.ok(error <= tolerance, `step ${step}: loss ${got}, PyTorch's ${losses[step]} (${error})`);
  }
  assert.equal(executor().statistics.runs - runs, losses.length, "one run a step, reading the loss included");
  if (steps < 40) return;
  for (const [key, buffer] of net.namedBuffers()) {
    const expected = tensors.get(`after.${key}`)?.data as ArrayLike<number>;
    (await buffer.data()).forEach((value, i) => {
      assert.ok(
        Math.abs(value - expected[i]) <= 10 * tolerance * Math.max(1, Math.abs(expected[i])),
        `${key}[${i}]`,
      );
    });
  }
}

// The plain loops take half a second a step.
for (const [engine, steps] of [
  ["reference", 5],
  ["wasm", 40],
] as const) {
  test(`LeNet's first ${steps} losses are PyTorch's to 1e-4, on ${engine}`, async () => {
    await useEngine(engine);
    await trainAgainst("lenet", 1e-4, steps);
  });

  test(`BN-LeNet's first ${steps} losses are PyTorch's to 1e-3, on ${engine}`, async () => {
    await useEngine(engine);
    await trainAgainst("bn-lenet", 1e-3, steps);
  });
}

after(() => stopEngine());
