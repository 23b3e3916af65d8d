import { allocateArray, type DType, type TypedArray } from "../base/dtype.ts";
import { IndexError, ShapeError } from "../base/errors.ts";
import { formatShape, numel } from "../base/shape.ts";

/** Examples as plain data, the first dimension counting them: what datasets and transforms work on. */
export interface ArrayBatch {
  data: TypedArray;
  shape: number[];
  dtype: DType;
}

/** Checks that data and shape belong together. */
export function checkedArrayBatch(batch: ArrayBatch, name: string): ArrayBatch {
  const { data, shape } = batch;
  if (shape.length === 0 || numel(shape) !== data.length) {
    throw new ShapeError(
      `${name}: expected data for shape ${formatShape(shape)} with a first dimension that counts the examples, ` +
        `got ${data.length} elements`,
    );
  }
  return batch;
}

/** Copies the chosen rows of the first dimension, in the order of `indices`. */
export function gatherRows(source: Readonly<ArrayBatch>, indices: ArrayLike<number>): ArrayBatch {
  const [rows, ...rest] = source.shape;
  const size = numel(rest);
  const data = allocateArray(source.dtype, indices.length * size);
  for (let i = 0; i < indices.length; i++) {
    const row = checkedIndex(indices[i], rows);
    if (size === 1) data[i] = source.data[row];
    else data.set(source.data.subarray(row * size, (row + 1) * size), i * size);
  }
  return { data, shape: [indices.length, ...rest], dtype: source.dtype };
}

/** An index of an example; negative ones count from the end, as in Python. */
export function checkedIndex(index: number, length: number): number {
  const from = index < 0 ? index + length : index;
  if (!Number.isInteger(from) || from < 0 || from >= length) {
    throw new IndexError(`example ${index} does not exist: expected -${length} to ${length - 1}`);
  }
  return from;
}
