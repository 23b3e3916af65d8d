import assert from "node:assert/strict";
import { test } from "node:test";
import { ArgumentError } from "../../src/base/errors.ts";
import {
  ConcatDataset,
  type Dataset,
  LabelledImages,
  Subset,
  stratifiedSplit,
  TensorDataset,
} from "../../src/data/index.ts";
import { zeros } from "../../src/index.ts";

/** A data set with these labels. */
function labelled(labels: readonly number[]): LabelledImages {
  const images = {
    data: new Uint8Array(labels.length),
    shape: [labels.length, 1, 1, 1],
    dtype: "uint8" as const,
  };
  return new LabelledImages(images, {
    data: Float64Array.from(labels),
    shape: [labels.length],
    dtype: "int64",
  });
}

const counts = (indices: Iterable<number>, labels: readonly number[]) => {
  const found: Record<number, number> = {};
  for (const i of indices) found[labels[i]] = (found[labels[i]] ?? 0) + 1;
  return found;
};

test("each class has its share in each part, and the parts share no example", () => {
  const labels = [...Array(100).fill(0), ...Array(37).fill(1), ...Array(10).fill(2), ...Array(53).fill(3)];
  const fractions = [0.8, 0.1, 0.1];
  const parts = stratifiedSplit(labelled(labels), fractions, { seed: 3 });
  const all = parts.flatMap(({ indices }) => [...indices]).sort((a, b) => a - b);
  assert.deepEqual(
    all,
    labels.map((_, i) => i),
  );
  parts.forEach(({ indices }, part) => {
    assert.ok(
      Math.abs(indices.length - fractions[part] * labels.length) < 2,
      `part ${part}: ${indices.length}`,
    );
    const found = counts(indices, labels);
    for (const [label, total] of Object.entries(counts(labels.keys(), labels)))
      assert.ok(
        Math.abs((found[Number(label)] ?? 0) - fractions[part] * total) < 1,
        `class ${label} of part ${part}`,
      );
  });
  const again = stratifiedSplit(labelled(labels), fractions, { seed: 3 });
  assert.deepEqual(
    again.map(({ indices }) => indices),
    parts.map(({ indices }) => indices),
  );
  const other = stratifiedSplit(labelled(labels), fractions, { seed: 4 });
  assert.notDeepEqual(other[0].indices, parts[0].indices);
});

test("many classes of few examples: each is in the largest part, and the parts keep their sizes", () => {
  const labels = Array.from({ length: 300 }, (_, i) => Math.floor(i / 3));
  const [training, validation, held] = stratifiedSplit(labelled(labels), [0.6, 0.2, 0.2], { seed: 0 });
  assert.equal(Object.keys(counts(training.indices, labels)).length, 100);
  assert.deepEqual([training.length, validation.length, held.length], [180, 60, 60]);
  const [one] = stratifiedSplit(labelled([0, 1, 2, 3]), [0.25, 0.75], { seed: 0 });
  assert.equal(one.length, 0);
});

test("labels come from the data set, through parts and concatenations, or are given", () => {
  const base = labelled([0, 0, 1, 1]);
  const nested = ConcatDataset([Subset(base, [3, 0]), base, TensorDataset(zeros(0, 1), array([]))]);
  const labels = [1, 0, 0, 0, 1, 1];
  for (const { indices } of stratifiedSplit(nested, [0.5, 0.5], { seed: 1 }))
    assert.ok(Math.abs((counts(indices, labels)[0] ?? 0) - 1.5) < 1);
  const tensors: Dataset = TensorDataset(zeros(4, 1), zeros(4));
  assert.throws(() => stratifiedSplit(tensors, [0.5, 0.5]), /classes of .* are not known; give them/);
  assert.equal(stratifiedSplit(tensors, [0.5, 0.5], { labels: [0, 0, 1, 1] })[0].length, 2);
});

const array = (values: number[]) => ({
  data: Float64Array.from(values),
  shape: [values.length],
  dtype: "int64" as const,
});

test("what does not add up is refused", () => {
  const dataset = labelled([0, 1]);
  for (const wrong of [[0.5], [0.5, 0.6], [1.5, -0.5], [Number.NaN, 1], "0.5", [2]])
    assert.throws(() => stratifiedSplit(dataset, wrong as number[]), ArgumentError);
  assert.throws(
    () => stratifiedSplit(dataset, [1], { labels: [0] }),
    /a label for each of 2 examples, got 1/,
  );
});
