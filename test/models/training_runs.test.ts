import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { nn, optim, stopEngine, useEngine } from "../../src/index.ts";
import { defaultSession } from "../../src/runtime/runtime.ts";
import { batch, pixelsAndLabels, startOf } from "./training_batches.ts";

const folder = new URL("../../../test/fixtures/training_runs/", import.meta.url);
const recorded = JSON.parse(readFileSync(new URL("losses.json", folder), "utf8")) as Record<
  string,
  { lr: number; losses: number[] }
> & {
  batch: { labels: number[]; pixels: number[] };
};
test("both sides make the same batches", () => {
  const { pixels, labels } = pixelsAndLabels(0);
  assert.deepEqual([...labels.slice(0, 8)], recorded.batch.labels);
  assert.deepEqual(
    [...pixels.slice(0, 8)].map((x) => Math.round(x * 255)),
    recorded.batch.pixels,
  );
});

async function trainAgainst(name: string, tolerance: number, steps: number): Promise<void> {
  const { lr } = recorded[name];
  const losses = recorded[name].losses.slice(0, steps);
  const { net, tensors } = startOf(name);
  const optimizer = optim.SGD(net.parameters(), { lr });
  const { runs } = defaultSession().statistics;
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
  assert.equal(
    defaultSession().statistics.runs - runs,
    losses.length,
    "one run a step, reading the loss included",
  );
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
  ["reference", 2],
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
