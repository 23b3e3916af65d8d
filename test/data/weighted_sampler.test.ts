import assert from "node:assert/strict";
import { test } from "node:test";
import { ArgumentError } from "../../src/base/errors.ts";
import { classWeights, DataLoader, TensorDataset, WeightedRandomSampler } from "../../src/data/index.ts";
import { zeros } from "../../src/index.ts";

test("examples come by their weights, the same for the same seed and epoch", async () => {
  const sampler = new WeightedRandomSampler([1, 0, 3], 8000, { seed: 2 });
  const first = [...sampler];
  const counts = [0, 1, 2].map((i) => first.filter((x) => x === i).length);
  assert.ok(counts[1] === 0 && Math.abs(counts[2] - 6000) < 200, `${counts}`);
  assert.deepEqual([...sampler], first);
  sampler.setEpoch(1);
  assert.notDeepEqual([...sampler], first);
  const loader = DataLoader(TensorDataset(zeros(3, 2)), { batchSize: 1000, sampler });
  assert.equal(loader.length, 8);
});

test("without replacement each comes once, heavy ones first", () => {
  let heavyFirst = 0;
  for (let seed = 0; seed < 400; seed++) {
    const drawn = [...new WeightedRandomSampler([1, 1, 8, 0], 3, false, seed)];
    assert.deepEqual([...drawn].sort(), [0, 1, 2]);
    if (drawn[0] === 2) heavyFirst++;
  }
  assert.ok(Math.abs(heavyFirst - 320) < 40, `${heavyFirst}`);
});

test("class weights, and what is refused", () => {
  assert.deepEqual(classWeights([10, 30, 20]), [2, 2 / 3, 1]);
  assert.throws(() => classWeights([1, 0]), /class 1 has no examples/);
  for (const make of [
    () => new WeightedRandomSampler([-1], 1),
    () => new WeightedRandomSampler([], 1),
    () => new WeightedRandomSampler([0, 0], 1),
    () => new WeightedRandomSampler([1, 0], 2, false),
    () => new WeightedRandomSampler([1], 0),
  ])
    assert.throws(make, ArgumentError);
});
