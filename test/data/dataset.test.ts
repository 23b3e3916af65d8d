import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ArgumentError, IndexError, ShapeError } from "../../src/base/errors.ts";
import type { ArrayBatch } from "../../src/data/array_batch.ts";
import { collate } from "../../src/data/collate.ts";
import { ConcatDataset, Dataset, randomSplit, Subset, TensorDataset } from "../../src/data/dataset.ts";
import { fromTypedArray, type Tensor } from "../../src/tensor/tensor.ts";

const floats = (values: number[], shape = [values.length]) =>
  fromTypedArray(Float32Array.from(values), shape, "float32");
const longs = (values: number[]) => fromTypedArray(Float64Array.from(values), [values.length], "int64");

/** Ten examples: [i, 10 i] with label i. */
function ten(from = 0) {
  const numbers = Array.from({ length: 10 }, (_, i) => from + i);
  return TensorDataset(
    floats(
      numbers.flatMap((i) => [i, 10 * i]),
      [10, 2],
    ),
    longs(numbers),
  );
}

const plain = (batch: ArrayBatch[]) => batch.map(({ data, shape, dtype }) => [dtype, shape, [...data]]);

class Squares extends Dataset {
  get length(): number {
    return 20;
  }

  override async get(index: number) {
    return [floats([index, -index]), index * index, index % 2 === 0] as const;
  }
}

test("TensorDataset gives rows that belong together", async () => {
  const dataset = ten();
  assert.equal(dataset.length, 10);
  assert.ok(dataset instanceof TensorDataset && dataset instanceof Dataset);
  assert.deepEqual(plain(await dataset.getBatch([3, -1])), [
    ["float32", [2, 2], [3, 30, 9, 90]],
    ["int64", [2], [3, 9]],
  ]);
  const [x, y] = (await dataset.get(4)) as [Tensor, Tensor];
  assert.deepEqual([x.shape, await x.tolist(), y.shape, await y.item()], [[2], [4, 40], [], 4]);
  await assert.rejects(dataset.getBatch([10]), (error: Error) => {
    assert.ok(error instanceof IndexError);
    assert.match(error.message, /example 10 does not exist: expected -10 to 9/);
    return true;
  });
  assert.throws(() => TensorDataset(floats([1, 2]), floats([1])), ShapeError);
  assert.throws(() => TensorDataset(), ArgumentError);
  assert.deepEqual(plain(await dataset.getBatch([])), [
    ["float32", [0, 2], []],
    ["int64", [0], []],
  ]);
});

test("a data set of one's own needs get and length only", async () => {
  assert.deepEqual(plain(await new Squares().getBatch([2, 3])), [
    ["float32", [2, 2], [2, -2, 3, -3]],
    ["float32", [2], [4, 9]],
    ["bool", [2], [1, 0]],
  ]);
  class Nothing extends Dataset {
    get length() {
      return 1;
    }
  }
  await assert.rejects(async () => new Nothing().get(0), /Nothing: a data set must define get\(index\)/);
});

test("Subset and ConcatDataset, also inside one another, give the examples they name", async () => {
  const both = ConcatDataset([ten(), ten(100)]);
  assert.equal(both.length, 20);
  const some = Subset(both, [0, 19, -8, 5]);
  const labels = async (dataset: Dataset, indices: number[]) => [
    ...(await dataset.getBatch(indices))[1].data,
  ];
  assert.deepEqual(await labels(some, [0, 1, 2, 3]), [0, 109, 102, 5]);
  assert.deepEqual(await labels(both, [19, 0, 10, 9]), [109, 0, 100, 9]);
  const description = await some.describe();
  assert.ok(description !== undefined);
  const [, y] = (await some.get(1)) as [Tensor, Tensor];
  assert.equal(await y.item(), 109);
  assert.throws(() => Subset(both, [20]), IndexError);
  await assert.rejects(both.getBatch([20]), IndexError);
  await assert.rejects(ConcatDataset([ten(), new Squares()]).getBatch([0, 12]), ShapeError);
  assert.equal(await ConcatDataset([ten(), new Squares()]).describe(), undefined);
  assert.throws(() => ConcatDataset([]), ArgumentError);
});

test("randomSplit shares out every example once", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20), { minLength: 1, maxLength: 5 }), fc.nat(1000), (lengths, seed) => {
      const total = lengths.reduce((sum, n) => sum + n, 0);
      fc.pre(total > 1);
      const dataset = TensorDataset(longs(Array.from({ length: total }, (_, i) => i)));
      const parts = randomSplit(dataset, lengths, { seed });
      assert.deepEqual(
        parts.map((part) => part.length),
        lengths,
      );
      const all = parts.flatMap((part) => [...part.indices]).sort((a, b) => a - b);
      assert.deepEqual(
        all,
        Array.from({ length: total }, (_, i) => i),
      );
    }),
  );
  const parts = (...args: [number[], number?]) =>
    randomSplit(ten(), ...args).map((part) => [...part.indices]);
  assert.deepEqual(
    parts([0.34, 0.33, 0.33]).map((part) => part.length),
    [4, 3, 3],
  );
  assert.deepEqual(parts([5, 5], 3), parts([5, 5], 3));
  assert.notDeepEqual(parts([5, 5], 3), parts([5, 5], 4));
  assert.throws(() => parts([5, 4]), /integers that add up to 10, or fractions to 1; got 5, 4/);
  assert.throws(() => parts([0.5, 0.6]), ArgumentError);
  assert.throws(() => parts([11, -1]), /must not be negative/);
});

test("collate stacks what fits and refuses what does not", async () => {
  assert.deepEqual(plain(await collate([1.5, 2])), [["float32", [2], [1.5, 2]]]);
  assert.deepEqual(plain(await collate([[true], [false]])), [["bool", [2], [1, 0]]]);
  await assert.rejects(collate([[1, 2], [1]]), /one example has 2 parts, another 1/);
  await assert.rejects(
    collate([[floats([1])], [floats([1, 2])]]),
    /float32 \[1\] like the first, got float32 \[2\]/,
  );
  await assert.rejects(collate([[1], [true]]), /expected a number in every example/);
  await assert.rejects(collate([["a" as unknown as number]]), /expected tensors, typed arrays, numbers or/);
});
