/** The functions whose results are views, each with its way back: reading a part, writing it, and where it lies. */
import { type Shape, sameShape } from "../../base/shape.ts";
import { constantValue, type Value } from "../../graph/node.ts";
import { indexSelect, scatter } from "../../ops/shape/indexing.ts";
import { expand, permute, reshape } from "../../ops/shape/shape_ops.ts";
import { cat, sliceDim } from "../../ops/shape/slicing.ts";
import type { Layout } from "./layout.ts";

/** How one view function reads and writes. */
export interface ViewStep {
  /** The part, computed from what it is part of. */
  readonly read: (whole: Value) => Value;
  /** The whole with other contents in the part's place; null if that takes the positions of the elements. */
  readonly write: ((whole: Value, part: Value) => Value) | null;
}

/** A step whose part always is strided. */
export interface StridedStep extends ViewStep {
  /** Where the part lies, given where the whole does. */
  readonly lay: (whole: Layout) => Layout;
}

export function reshapeStep(shape: Shape): ViewStep {
  return {
    read: (whole) => reshape(whole, shape),
    write: (whole, part) => reshape(part, whole.shape),
  };
}

export function permuteStep(dims: readonly number[]): StridedStep {
  const back = dims.map((_, i) => dims.indexOf(i));
  return {
    read: (whole) => permute(whole, dims),
    write: (_whole, part) => permute(part, back),
    lay: ({ offset, sizes, strides }) => ({
      offset,
      sizes: dims.map((d) => sizes[d]),
      strides: dims.map((d) => strides[d]),
    }),
  };
}

/** `count` elements along a dimension, `step` apart. */
export function sliceStep(dim: number, start: number, count: number, step = 1): StridedStep {
  return {
    read: (whole) => sliceDim(whole, dim, start, count, step),
    write: (whole, part) => withSlice(whole, part, dim, start, step),
    lay: ({ offset, sizes, strides }) => ({
      offset: offset + start * strides[dim],
      sizes: sizes.map((size, d) => (d === dim ? count : size)),
      strides: strides.map((stride, d) => (d === dim ? stride * step : stride)),
    }),
  };
}

/** One position along a dimension, which the part no longer has. */
export function selectStep(dim: number, index: number): StridedStep {
  const without = <T>(list: readonly T[]) => list.filter((_, d) => d !== dim);
  return {
    read: (whole) => reshape(sliceDim(whole, dim, index, 1), without(whole.shape)),
    write: (whole, part) => {
      const one = whole.shape.map((size, d) => (d === dim ? 1 : size));
      return withSlice(whole, reshape(part, one), dim, index, 1);
    },
    lay: ({ offset, sizes, strides }) => ({
      offset: offset + index * strides[dim],
      sizes: without(sizes),
      strides: without(strides),
    }),
  };
}

export function expandStep(shape: Shape): StridedStep {
  return {
    read: (whole) => expand(whole, shape),
    write: null,
    lay: ({ offset, sizes, strides }) => {
      const shift = shape.length - sizes.length;
      const stretched = (size: number, d: number) => d < shift || sizes[d - shift] !== size;
      return {
        offset,
        sizes: shape,
        strides: shape.map((size, d) => (stretched(size, d) ? 0 : strides[d - shift])),
      };
    },
  };
}

/** The diagonal of the matrices that two dimensions make, as the last dimension. */
export function diagonalStep(rank: number, offset: number, first: number, second: number): StridedStep {
  const rest = Array.from({ length: rank }, (_, d) => d).filter((d) => d !== first && d !== second);
  const order = [...rest, first, second];
  const back = order.map((_, i) => order.indexOf(i));
  const lengthIn = (sizes: Shape) =>
    Math.max(
      0,
      offset >= 0
        ? Math.min(sizes[first], sizes[second] - offset)
        : Math.min(sizes[first] + offset, sizes[second]),
    );
  const flat = (whole: Value) =>
    reshape(permute(whole, order), [
      ...rest.map((d) => whole.shape[d]),
      whole.shape[first] * whole.shape[second],
    ]);
  const startIn = ({ shape }: Value) =>
    lengthIn(shape) === 0 ? 0 : offset >= 0 ? offset : -offset * shape[second];
  return {
    read: (whole) =>
      sliceDim(flat(whole), rest.length, startIn(whole), lengthIn(whole.shape), whole.shape[second] + 1),
    write: (whole, part) => {
      const line = withSlice(flat(whole), part, rest.length, startIn(whole), whole.shape[second] + 1);
      return permute(
        reshape(
          line,
          order.map((d) => whole.shape[d]),
        ),
        back,
      );
    },
    lay: ({ offset: from, sizes, strides }) => ({
      offset: from + (offset >= 0 ? offset * strides[second] : -offset * strides[first]),
      sizes: [...rest.map((d) => sizes[d]), lengthIn(sizes)],
      strides: [...rest.map((d) => strides[d]), strides[first] + strides[second]],
    }),
  };
}

/** All windows of `size` elements along a dimension, `step` apart, their elements as the last dimension. */
export function windowsStep(dim: number, size: number, step: number): StridedStep {
  return {
    read: (whole) => windows(whole, dim, size, step),
    write: null,
    lay: ({ offset, sizes, strides }) => {
      if (sizes.length === 0) return { offset, sizes: [size], strides: [1] };
      const count = Math.floor((sizes[dim] - size) / step) + 1;
      return {
        offset,
        sizes: [...sizes.map((own, d) => (d === dim ? count : own)), size],
        strides: [...strides.map((own, d) => (d === dim ? own * step : own)), strides[dim]],
      };
    },
  };
}

function windows(whole: Value, dim: number, size: number, step: number): Value {
  const own = whole.shape.length === 0 ? [1] : whole.shape;
  const count = Math.floor((own[dim] - size) / step) + 1;
  const positions = Float64Array.from(
    { length: count * size },
    (_, i) => Math.floor(i / size) * step + (i % size),
  );
  const list = constantValue(positions, [positions.length], "int64");
  const taken = indexSelect(reshape(whole, own), dim, list);
  if (whole.shape.length === 0) return reshape(taken, [size]);
  const apart = reshape(taken, [...own.slice(0, dim), count, size, ...own.slice(dim + 1)]);
  const rest = apart.shape.map((_, d) => d).filter((d) => d !== dim + 1);
  return permute(apart, [...rest, dim + 1]);
}

/** `whole` with `part` at the positions start, start + step, ... of a dimension. */
function withSlice(whole: Value, part: Value, dim: number, start: number, step: number): Value {
  const count = part.shape[dim];
  if (part.shape.includes(0)) return whole;
  if (sameShape(part.shape, whole.shape)) return part;
  if (step === 1 || count === 1) {
    const end = start + count;
    const pieces = [part];
    if (start > 0) pieces.unshift(sliceDim(whole, dim, 0, start));
    if (end < whole.shape[dim]) pieces.push(sliceDim(whole, dim, end, whole.shape[dim] - end));
    return cat(pieces, dim);
  }
  const positions = Float64Array.from({ length: count }, (_, i) => start + i * step);
  const alone = part.shape.map((size, d) => (d === dim ? size : 1));
  return scatter(whole, dim, expand(constantValue(positions, alone, "int64"), part.shape), part);
}
