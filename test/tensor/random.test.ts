import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as c from "../../src/index.ts";

before(() => c.useEngine("reference"));
after(() => c.stopEngine());

async function moments(x: c.Tensor): Promise<{ mean: number; variance: number }> {
  const data = await x.data();
  let mean = 0;
  for (const v of data) mean += v / data.length;
  let variance = 0;
  for (const v of data) variance += (v - mean) ** 2 / data.length;
  return { mean, variance };
}

function near(actual: number, expected: number, tolerance: number): void {
  assert.ok(Math.abs(actual - expected) < tolerance, `${actual} is not within ${tolerance} of ${expected}`);
}

test("the same seed gives the same numbers; the next draw gives others", async () => {
  c.manualSeed(3);
  const [first, second] = [await c.randn(5).tolist(), await c.randn(5).tolist()];
  c.manualSeed(3);
  assert.deepEqual(await c.randn(5).tolist(), first);
  assert.deepEqual(await c.randn(5).tolist(), second);
  assert.notDeepEqual(first, second);
  assert.equal(c.initialSeed(), 3);
});

test("seeds that differ in any bit give other numbers", async () => {
  const draws = new Set<string>();
  for (const seed of [0, 1, -1, 2 ** 32, 2 ** 40 + 1, 2 ** 53 - 1]) {
    c.manualSeed(seed);
    draws.add(String(await c.rand(4).tolist()));
  }
  assert.equal(draws.size, 6);
});

test("an element depends on its position only, not on the shape it is drawn in", async () => {
  const draw = async (...size: number[]) => [...((await c.manualSeed(8)) && (await c.rand(...size).data()))];
  const long = await draw(100);
  assert.deepEqual(await draw(7), long.slice(0, 7));
  assert.deepEqual(await draw(10, 10), long);
});

test("the state of the generator can be kept and put back", async () => {
  c.manualSeed(5);
  await c.rand(3).data();
  const state = JSON.parse(JSON.stringify(c.getRngState())) as c.RngState;
  const next = await c.randn(4).tolist();
  c.manualSeed(99);
  c.setRngState(state);
  assert.deepEqual(await c.randn(4).tolist(), next);
  assert.throws(() => c.setRngState({} as c.RngState), /getState/);
  assert.throws(() => c.manualSeed(0.5), /integer/);
});

test("a generator of its own does not disturb the default one", async () => {
  c.manualSeed(1);
  const expected = await c.rand(3).tolist();
  c.manualSeed(1);
  const generator = new c.Generator().manualSeed(1);
  assert.deepEqual(await c.rand(3, { generator }).tolist(), expected);
  assert.deepEqual(await c.rand(3).tolist(), expected);
});

test("uniform and normal numbers have their moments", async () => {
  c.manualSeed(0);
  for (const dtype of ["float32", "float64"] as const) {
    const uniform = await moments(c.rand(40000, { dtype }));
    near(uniform.mean, 0.5, 0.006);
    near(uniform.variance, 1 / 12, 0.003);
    const normal = await moments(c.randn(40000, { dtype }));
    near(normal.mean, 0, 0.02);
    near(normal.variance, 1, 0.03);
  }
  const data = await c.rand(40000).data();
  assert.ok(data.every((v) => v >= 0 && v < 1 && Number.isInteger(v * 2 ** 24)));
  const tails = await c.randn(40000).abs().gt(2).float().mean().item();
  near(tails, 0.0455, 0.005);
});

test("in-place draws", async () => {
  c.manualSeed(2);
  const uniform = await moments(c.zeros(20000).uniform_(-2, 4));
  near(uniform.mean, 1, 0.06);
  near(uniform.variance, 3, 0.1);
  const normal = await moments(c.zeros(20000).normal_({ mean: 5, std: 2 }));
  near(normal.mean, 5, 0.06);
  near(normal.variance, 4, 0.15);
  near((await moments(c.zeros(20000).bernoulli_(0.3))).mean, 0.3, 0.02);
  assert.throws(() => c.zeros(2).normal_(0, -1), /standard deviation/);
  assert.throws(() => c.zeros(2, { dtype: "int64" }).uniform_(), /floating-point/);
});

test("integers are spread evenly over their range", async () => {
  c.manualSeed(4);
  const data = await c.randint(-3, 5, [16000]).data();
  const counts = new Map<number, number>();
  for (const v of data) counts.set(v, (counts.get(v) ?? 0) + 1);
  assert.deepEqual(
    [...counts.keys()].sort((a, b) => a - b),
    [-3, -2, -1, 0, 1, 2, 3, 4],
  );
  for (const count of counts.values()) near(count, 2000, 200);
  assert.deepEqual(c.randint(10, [2, 3]).shape, [2, 3]);
  assert.deepEqual(c.randint({ high: 10, size: [2] }).dtype, "int64");
  assert.throws(() => c.randint(5, 5, [1]), /low < high/);
});

test("a permutation has every number once, each in every place equally often", async () => {
  c.manualSeed(6);
  const firsts = new Array<number>(5).fill(0);
  for (let i = 0; i < 1000; i++) {
    const order = (await c.randperm(5).tolist()) as number[];
    assert.deepEqual([...order].sort(), [0, 1, 2, 3, 4]);
    firsts[order[0]]++;
  }
  for (const count of firsts) near(count, 200, 60);
  assert.deepEqual(await c.randperm(0).tolist(), []);
});

test("bernoulli follows its probabilities", async () => {
  c.manualSeed(7);
  const p = c.tensor([0, 0.25, 1]).expand(10000, 3);
  const mean = (await c.bernoulli(p).mean(0).tolist()) as number[];
  assert.equal(mean[0], 0);
  assert.equal(mean[2], 1);
  near(mean[1], 0.25, 0.02);
  assert.throws(() => c.bernoulli(c.zeros(2), 1.5), /from 0 to 1/);
});

test("multinomial follows its weights, with and without replacement", async () => {
  c.manualSeed(9);
  const weights = c.tensor([1, 0, 3]).float();
  const drawn = c.multinomial(weights, 10000, true);
  near(await drawn.eq(2).float().mean().item(), 0.75, 0.02);
  near(await drawn.eq(1).float().sum().item(), 0, 1e-9);
  let firstIsTwo = 0;
  for (let i = 0; i < 400; i++) {
    const pair = (await c.multinomial(weights, 2).tolist()) as number[];
    assert.deepEqual([...pair].sort(), [0, 2]);
    if (pair[0] === 2) firstIsTwo++;
  }
  near(firstIsTwo / 400, 0.75, 0.08);
  assert.deepEqual(c.multinomial(c.ones(4, 3), 2).shape, [4, 2]);
  await assert.rejects(c.multinomial(weights, 3).tolist(), /at least 3 weights above 0/);
  await assert.rejects(c.multinomial(c.tensor([1, -1]).float(), 1).tolist(), /not negative/);
  assert.throws(() => c.multinomial(weights, 4), /at most 3/);
});

test("normal takes means and deviations as tensors", async () => {
  c.manualSeed(10);
  const x = c.normal(c.tensor([0, 100]).float().expand(5000, 2), c.tensor([1, 10]).float());
  const mean = (await x.mean(0).tolist()) as number[];
  near(mean[0], 0, 0.06);
  near(mean[1], 100, 0.6);
  assert.deepEqual(c.normal(0, 1, [3, 2]).shape, [3, 2]);
});

test("every engine draws the same bits", async () => {
  const draw = async () => {
    c.manualSeed(11);
    const drawn = [
      c.rand(33),
      c.randn(33),
      c.randint(0, 1000, [9]),
      c.randperm(9),
      c.bernoulli(c.full([9], 0.5)),
    ];
    return Promise.all(drawn.map((x) => x.tolist()));
  };
  const expected = await draw();
  await c.useEngine("wasm");
  assert.deepEqual(await draw(), expected);
  await c.useEngine("reference");
});
