/** What is computed from known arrays at once, as NumPy would. */
import { type DType, isFloating } from "../../base/dtype.ts";
import { broadcastShapes, broadcastStrides, contiguousStrides, numel } from "../../base/shape.ts";
import { KnownArray } from "./known_array.ts";

/** More elements than this are left to an engine: a few bytes of a file can ask for any number. */
export const MOST_KNOWN = 1 << 16;

/** Elements of several arrays that are broadcast to one shape, taken together. */
export function elementwise(
  dtype: DType,
  arrays: readonly KnownArray[],
  body: (...numbers: number[]) => number,
): KnownArray | undefined {
  const shape = broadcastShapes(arrays.map((array) => array.shape));
  if (numel(shape) > MOST_KNOWN) return undefined;
  const strides = arrays.map((array) => broadcastStrides(array.shape, shape));
  const out = new Float64Array(numel(shape));
  const numbers = new Array<number>(arrays.length);
  eachIndex(shape, (index, at) => {
    for (let i = 0; i < arrays.length; i++) {
      let place = 0;
      for (let d = 0; d < index.length; d++) place += index[d] * strides[i][d];
      numbers[i] = arrays[i].data[place];
    }
    out[at] = body(...numbers);
  });
  return KnownArray.of(dtype, shape, out);
}

/** Walks through all indices of a shape, the last dimension the fastest. */
function eachIndex(shape: readonly number[], visit: (index: readonly number[], at: number) => void): void {
  const index = new Array<number>(shape.length).fill(0);
  const count = numel(shape);
  for (let at = 0; at < count; at++) {
    visit(index, at);
    for (let d = shape.length - 1; d >= 0 && ++index[d] === shape[d]; d--) index[d] = 0;
  }
}

/** The elements that `place` finds for each index of the result. */
export function collected(
  array: KnownArray,
  shape: readonly number[],
  place: (index: readonly number[]) => number,
): KnownArray | undefined {
  const count = numel(shape);
  if (count > MOST_KNOWN) return undefined;
  if (array.fill !== undefined) return KnownArray.filled(array.dtype, shape, array.fill);
  const out = new Float64Array(count);
  eachIndex(shape, (index, at) => {
    out[at] = array.data[place(index)];
  });
  return KnownArray.of(array.dtype, shape, out);
}

/** The elements at `indices[d]` along each dimension. */
export function taken(array: KnownArray, indices: readonly (readonly number[])[]): KnownArray | undefined {
  const strides = contiguousStrides(array.shape);
  const shape = indices.map((list) => list.length);
  return collected(array, shape, (index) => index.reduce((sum, i, d) => sum + indices[d][i] * strides[d], 0));
}

export function transposed(array: KnownArray, dims: readonly number[]): KnownArray | undefined {
  const strides = contiguousStrides(array.shape);
  const shape = dims.map((d) => array.shape[d]);
  return collected(array, shape, (index) => index.reduce((sum, i, at) => sum + i * strides[dims[at]], 0));
}

export function expanded(array: KnownArray, shape: readonly number[]): KnownArray | undefined {
  const strides = broadcastStrides(array.shape, shape);
  return collected(array, shape, (index) => index.reduce((sum, i, d) => sum + i * strides[d], 0));
}

export function concatenated(arrays: readonly KnownArray[], axis: number): KnownArray | undefined {
  const first = arrays[0];
  const total = arrays.reduce((sum, { shape }) => sum + shape[axis], 0);
  const shape = first.shape.map((size, d) => (d === axis ? total : size));
  if (numel(shape) > MOST_KNOWN) return undefined;
  const [outer, inner] = [numel(shape.slice(0, axis)), numel(shape.slice(axis + 1))];
  const out = new Float64Array(numel(shape));
  let at = 0;
  for (let o = 0; o < outer; o++)
    for (const { data, shape: own } of arrays) {
      const length = own[axis] * inner;
      for (let i = 0; i < length; i++) out[at++] = data[o * length + i];
    }
  return KnownArray.of(first.dtype, shape, out);
}

/** Sums, products and extremes over dimensions, which keep the size 1. */
export function reduced(
  array: KnownArray,
  dims: readonly number[],
  start: number,
  step: (sum: number, element: number) => number,
): KnownArray | undefined {
  if (array.size > MOST_KNOWN) return undefined;
  const shape = array.shape.map((size, d) => (dims.includes(d) ? 1 : size));
  const strides = contiguousStrides(shape).map((stride, d) => (dims.includes(d) ? 0 : stride));
  const out = new Float64Array(numel(shape)).fill(start);
  eachIndex(array.shape, (index, at) => {
    const place = index.reduce((sum, i, d) => sum + i * strides[d], 0);
    out[place] = step(out[place], array.data[at]);
  });
  return KnownArray.of(array.dtype, shape, out);
}

/** A quotient as ONNX has it: of integers without what is left over. */
export function quotient(dtype: DType, a: number, b: number): number {
  return isFloating(dtype) ? a / b : Math.trunc(a / b);
}

/** Rounds to the nearest, halves to the even one. */
export function roundHalfEven(x: number): number {
  const down = Math.floor(x);
  const rest = x - down;
  return rest > 0.5 || (rest === 0.5 && down % 2 !== 0) ? down + 1 : down;
}
