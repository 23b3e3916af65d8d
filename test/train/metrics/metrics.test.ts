import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as nn from "../../../src/nn/index.ts";
import { fromTypedArray, stopEngine, tensor, useEngine } from "../../../src/tensor/index.ts";
import { ClassificationMetrics, evaluate, topKAccuracy } from "../../../src/train/index.ts";

before(() => useEngine("wasm", { threads: 1 }));
after(stopEngine);

// Classes guessed: 2, 0, 1, 0; true: 2, 1, 1, 2.
const LOGITS = Float32Array.of(0, 1, 3, 5, 4, 0, 0, 2, 1, 3, 2, 0);
const LABELS = [2, 1, 1, 2];

test("counts accuracy, top-k accuracy, each class's and the confusion matrix, over any batches", () => {
  for (const cut of [1, 2, 4]) {
    const metrics = new ClassificationMetrics(3, { topK: 2 });
    for (let i = 0; i < 4; i += cut)
      metrics.update(LOGITS.subarray(3 * i, 3 * (i + cut)), LABELS.slice(i, i + cut));
    assert.equal(metrics.examples, 4);
    assert.equal(metrics.accuracy, 0.5);
    assert.deepEqual([metrics.topAccuracy(1), metrics.topAccuracy(2)], [0.5, 0.75]);
    assert.deepEqual(metrics.confusion, [
      [0, 0, 0],
      [1, 1, 0],
      [1, 0, 1],
    ]);
    assert.deepEqual(metrics.perClassAccuracy, [Number.NaN, 0.5, 0.5]);
  }
});

test("the loss is the mean cross-entropy, also when exponentials would overflow", () => {
  const metrics = new ClassificationMetrics(2);
  metrics.update(Float32Array.of(1000, 0, 0, -1000, 0, 0), [0, 1, 0]);
  assert.ok(Math.abs(metrics.loss - (0 + 1000 + Math.log(2)) / 3) < 1e-9);
});

test("the surest mistakes are remembered, the surest first", () => {
  const metrics = new ClassificationMetrics(2, { mistakes: 2 });
  metrics.update(Float32Array.of(1, 0, 0, 5, 3, 0, 0, 2), [1, 0, 1, 1]);
  assert.deepEqual(
    metrics.mistakes.map(({ index, truth, predicted }) => [index, truth, predicted]),
    [
      [1, 0, 1],
      [2, 1, 0],
    ],
  );
  const [{ probability, truthProbability }] = metrics.mistakes;
  assert.ok(Math.abs(probability - 1 / (1 + Math.exp(-5))) < 1e-6);
  assert.ok(Math.abs(probability + truthProbability - 1) < 1e-6);
});

test("of each pair of classes the surest mistakes are remembered, though others are surer", () => {
  const metrics = new ClassificationMetrics(3, { mistakes: 2 });
  // Five of class 0 for 1, surer and surer, then one of class 2 for 0 that is less sure than all.
  const logits = [1, 2, 3, 4, 5].flatMap((far) => [0, far, 0]);
  metrics.update(Float32Array.from([...logits, 0.5, 0, 0]), [0, 0, 0, 0, 0, 2]);
  const places = (truth: number, predicted: number) =>
    metrics.mistakesOf(truth, predicted).map(({ index }) => index);
  assert.deepEqual(places(0, 1), [4, 3]);
  assert.deepEqual(places(2, 0), [5]);
  assert.deepEqual(places(1, 2), []);
  assert.deepEqual(
    metrics.mistakes.map(({ index }) => index),
    [4, 3],
  );
});

test("a label out of range is named with its place", () => {
  const metrics = new ClassificationMetrics(3);
  metrics.update(LOGITS, LABELS);
  assert.throws(() => metrics.update(LOGITS, [0, 3, 0, 0]), {
    name: "IndexError",
    message: /label 3 at position 5 is out of range: expected 0 to 2/,
  });
});

test("evaluate tests in evaluation mode and puts the network back", async () => {
  const net = nn.Sequential(nn.Dropout(0.9), nn.Identity());
  const batches = [[fromTypedArray(LOGITS.slice(), [4, 3], "float32"), tensor(LABELS)]] as const;
  const seen: [number, number | null][] = [];
  const metrics = await evaluate(net, batches, { onBatch: (done, of) => seen.push([done, of]) });
  assert.equal(metrics.accuracy, 0.5);
  assert.equal(net.training, true);
  assert.deepEqual(seen, [[1, 1]]);
});

test("topKAccuracy counts as ClassificationMetrics does", async () => {
  const output = fromTypedArray(LOGITS.slice(), [4, 3], "float32");
  for (const [k, expected] of [
    [1, 0.5],
    [2, 0.75],
    [3, 1],
  ]) {
    assert.equal(await topKAccuracy(k)(output, tensor(LABELS)).item(), expected);
  }
  assert.throws(() => topKAccuracy(0), /expected an integer of at least 1/);
});
