import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { manualSeed, nn, ones, randn, stopEngine, tensor, useEngine } from "../../../../src/index.ts";
import { defaultSession } from "../../../../src/runtime/runtime.ts";

const F = nn.functional;

before(() => useEngine("wasm", { threads: 1 }));
after(() => stopEngine());

test("dropout keeps a share of 1 - p and scales it up", async () => {
  manualSeed(1);
  const y = await F.dropout(ones(100, 100), 0.3).data();
  const kept = y.filter((v) => v !== 0);
  assert.ok(Math.abs(kept.length / y.length - 0.7) < 0.02, `${kept.length} of ${y.length} are kept`);
  for (const v of kept) assert.ok(Math.abs(v - 1 / 0.7) < 1e-6);
});

test("the same seed drops the same elements on both engines, and the next call others", async () => {
  const draw = async (engine: string): Promise<[string, string]> => {
    await useEngine(engine);
    manualSeed(5);
    const x = ones(7, 9);
    return [String(await F.dropout(x, 0.5).data()), String(await F.dropout(x, 0.5).data())];
  };
  const [first, second] = await draw("reference");
  assert.notEqual(first, second);
  assert.deepEqual(await draw("wasm"), [first, second]);
});

test("the gradient passes what was kept", async () => {
  const x = ones(50).requiresGrad_();
  const y = F.dropout(x, { p: 0.4 });
  y.sum().backward();
  assert.deepEqual(await x.grad?.tolist(), await y.tolist());
});

test("p = 1 drops all, p = 0 and evaluation nothing", async () => {
  const x = tensor([1, Number.POSITIVE_INFINITY, 3], { dtype: "float32", requiresGrad: true });
  const none = F.dropout(x, 1);
  assert.deepEqual(await none.tolist(), [0, 0, 0]);
  none.sum().backward();
  assert.deepEqual(await x.grad?.tolist(), [0, 0, 0]);
  assert.deepEqual(await F.dropout(x, 0).tolist(), [1, Number.POSITIVE_INFINITY, 3]);
  assert.deepEqual(await F.dropout(x, 0.5, false).tolist(), [1, Number.POSITIVE_INFINITY, 3]);
});

test("dropout2d drops whole channels", async () => {
  manualSeed(2);
  const y = (await F.dropout2d(ones(8, 6, 3, 2)).tolist()) as number[][][][];
  const channels = y.flat().map((plane) => plane.flat());
  for (const plane of channels) assert.equal(new Set(plane).size, 1);
  assert.equal(new Set(channels.map((plane) => plane[0])).size, 2);
});

test("alphaDropout keeps mean and variance of a standard normal input", async () => {
  manualSeed(3);
  const x = randn(200, 200);
  const y = Array.from(await F.alphaDropout(x, 0.2, true).data());
  const mean = y.reduce((a, b) => a + b, 0) / y.length;
  const variance = y.reduce((a, b) => a + (b - mean) ** 2, 0) / y.length;
  assert.ok(Math.abs(mean) < 0.03, `mean ${mean}`);
  assert.ok(Math.abs(variance - 1) < 0.05, `variance ${variance}`);
});

test("another p finds the same program", async () => {
  const x = await ones(4, 4).realize();
  await F.dropout(x, 0.5).data();
  const before = defaultSession().statistics.programs;
  for (const p of [0.1, 0.25, 0.9]) await F.dropout(x, p).data();
  assert.equal(defaultSession().statistics.programs, before);
});

test("a probability outside of 0 to 1 is refused", () => {
  assert.throws(() => F.dropout(ones(2), 1.5), {
    name: "ArgumentError",
    message: "dropout: dropout probability has to be between 0 and 1, but got 1.5",
  });
});
