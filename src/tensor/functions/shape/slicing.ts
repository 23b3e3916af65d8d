/** Parts of a tensor by position: slices, single positions, triangles and diagonals. */

import { ArgumentError, IndexError, ShapeError } from "../../../base/errors.ts";
import { formatShape, normalizeDim, type Shape } from "../../../base/shape.ts";
import { shownText } from "../../../base/shown_value.ts";
import { emit } from "../../../graph/node.ts";
import { arange, constant } from "../../../ops/creation.ts";
import { addOp, geOp, leOp, where } from "../../../ops/elementwise/elementwise.ts";
import { reshape } from "../../../ops/shape/shape_ops.ts";
import * as ops from "../../../ops/shape/slicing.ts";
import type { InputParameter } from "../../input_parameter.ts";
import { knownNumber } from "../../operands.ts";
import { defineCall, Tensor, valueOf } from "../../tensor.ts";
import { diagonalStep, type StridedStep, selectStep, sliceStep } from "../../views/steps.ts";
import { viewOf } from "../../views/view.ts";

/** Python's rules for `start:end:step` of `size` elements: the first position and the number taken. */
export function sliceBounds(
  of: string,
  size: number,
  start: number | null,
  end: number | null,
  step: number,
): [number, number] {
  if (!Number.isInteger(step) || step < 1)
    throw new ArgumentError(`${of}: expected a step of 1 or more, got ${step}; use flip to go backwards`);
  const clip = (at: number | null, otherwise: number) => {
    if (at === null) return otherwise;
    // Infinity as an end means the end, as the largest integer does in Python.
    if (!Number.isInteger(at) && Math.abs(at) !== Number.POSITIVE_INFINITY)
      throw new ArgumentError(`${of}: expected whole positions, got ${at}`);
    return Math.min(Math.max(at < 0 ? at + size : at, 0), size);
  };
  const from = clip(start, 0);
  return [from, Math.max(0, Math.ceil((clip(end, size) - from) / step))];
}

export interface SliceParameters extends InputParameter {
  /** The dimension. @default 0 */
  dim?: number;
  /** First position; negative ones count from the end. @default null */
  start?: number | null;
  /** Position behind the last; negative ones count from the end, null for the end. @default null */
  end?: number | null;
  /** Distance between the positions. @default 1 */
  step?: number;
}

/**
 * `input[start:end:step]` along a dimension, by Python's rules: positions below 0 count from the end.
 *
 * @example
 * ```ts
 * slice(arange(6), 0, 1, 6, 2).tolist(); // [1, 3, 5]
 * arange(6).slice(0, -2).tolist(); // [4, 5]
 * ```
 */
export const slice = defineCall<SliceParameters>("slice")(
  ["input", "dim?", "start?", "end?", "step?"],
  (input, dim = 0, start = null, end = null, step = 1) => {
    const value = valueOf(input, "input", "slice");
    if (value.shape.length === 0) throw new ShapeError("slice: a 0-dimensional tensor has nothing to slice");
    const at = normalizeDim(dim, value.shape.length, "slice");
    const [from, count] = sliceBounds("slice", value.shape[at], start, end, step);
    return viewOf(input, sliceStep(at, from, count, step));
  },
);

/** A position along a dimension, counted from either end, as one from 0 on. */
export function positionIn(of: string, shape: Shape, dim: number, index: number): number {
  const size = shape[dim];
  if (!Number.isInteger(index) || index < -size || index >= size) {
    throw new IndexError(
      `${of}: index ${index} is out of range: expected ${-size} to ${size - 1} for dimension ${dim} of ${formatShape(shape)}`,
    );
  }
  return index < 0 ? index + size : index;
}

export interface SelectParameters extends InputParameter {
  /** The dimension. */
  dim: number;
  /** Position along the dimension. */
  index: number;
}

/**
 * `input[index]` along a dimension, which the result no longer has.
 *
 * @throws IndexError if there is no such position.
 * @example
 * ```ts
 * select(tensor([[1, 2], [3, 4]]), 0, -1).tolist(); // [3, 4]
 * ```
 */
export const select = defineCall<SelectParameters>("select")(
  ["input", "dim", "index"],
  (input, dim, index) => {
    const value = valueOf(input, "input", "select");
    if (value.shape.length === 0)
      throw new ShapeError("select: a 0-dimensional tensor has nothing to select from");
    const at = normalizeDim(dim, value.shape.length, "select");
    return viewOf(input, selectStep(at, positionIn("select", value.shape, at, index)));
  },
);

export interface NarrowParameters extends InputParameter {
  /** The dimension. */
  dim: number;
  /** First position. */
  start: number | Tensor;
  /** How many positions. */
  length: number;
}

/**
 * `length` elements from `start` along a dimension.
 *
 * @example
 * ```ts
 * narrow(arange(6), 0, 2, 3).tolist(); // [2, 3, 4]
 * ```
 */
export const narrow = defineCall<NarrowParameters>("narrow")(
  ["input", "dim", "start", "length"],
  (input, dim, given, length) => {
    const start = knownNumber("narrow", "start", given);
    const value = valueOf(input, "input", "narrow");
    if (value.shape.length === 0) throw new ShapeError("narrow: a 0-dimensional tensor cannot be narrowed");
    const at = normalizeDim(dim, value.shape.length, "narrow");
    const size = value.shape[at];
    const from = start < 0 ? start + size : start;
    if (!Number.isInteger(start) || !Number.isInteger(length)) {
      throw new ArgumentError(
        `narrow: expected integers \`start\` and \`length\`, got ${start} and ${shownText(length)}`,
      );
    }
    if (from < 0 || length < 0 || from + length > size) {
      throw new IndexError(
        `narrow: start ${start} and length ${length} reach beyond dimension ${at} of ${formatShape(value.shape)}`,
      );
    }
    return viewOf(input, sliceStep(at, from, length));
  },
);

export interface TriangleParameters extends InputParameter {
  /** Which diagonal ends the triangle: 0 is the main one. @default 0 */
  diagonal?: number;
}

function triangle(name: string, lower: boolean) {
  return defineCall<TriangleParameters>(name)(["input", "diagonal?:integer"], (input, diagonal = 0) => {
    const value = valueOf(input, "input", name);
    const rank = value.shape.length;
    if (rank < 2)
      throw new ShapeError(`${name}: expected a matrix or a batch of them, got ${formatShape(value.shape)}`);
    const [rows, columns] = value.shape.slice(-2);
    const row = reshape(arange(rows, "int64"), [rows, 1]);
    const column = reshape(arange(columns, "int64"), [1, columns]);
    const limit = emit(addOp, [row, constant(diagonal, "int64")]);
    const kept = emit(lower ? leOp : geOp, [column, limit]);
    return new Tensor(where(kept, value, constant(0, value.dtype)));
  });
}

/**
 * The lower triangle of a matrix, up to the `diagonal`-th one above the main one; 0 elsewhere.
 *
 * @example
 * ```ts
 * tril(ones(2, 2)).tolist(); // [[1, 0], [1, 1]]
 * ```
 */
export const tril = triangle("tril", true);
/**
 * The upper triangle of a matrix, from the `diagonal`-th one above the main one; 0 elsewhere.
 *
 * @example
 * ```ts
 * triu(ones(2, 2), 1).tolist(); // [[0, 1], [0, 0]]
 * ```
 */
export const triu = triangle("triu", false);

export interface DiagonalParameters extends InputParameter {
  /** Which diagonal: 0 is the main one, above it positive, below it negative. @default 0 */
  offset?: number;
  /** First dimension of the planes. @default 0; -2 in `diagEmbed` */
  dim1?: number;
  /** Second dimension of the planes. @default 1; -1 in `diagEmbed` */
  dim2?: number;
}

function diagonalOf(of: string, rank: number, offset: number, dim1: number, dim2: number): StridedStep {
  const [first, second] = [normalizeDim(dim1, rank, of), normalizeDim(dim2, rank, of)];
  if (first === second) throw new ShapeError(`${of}: expected two different dimensions, got ${dim1} twice`);
  return diagonalStep(rank, offset, first, second);
}

/**
 * The `offset`-th diagonal above the main one of the matrices that dim1 and dim2 make, as the last dimension.
 *
 * @example
 * ```ts
 * diagonal(tensor([[1, 2], [3, 4]])).tolist(); // [1, 4]
 * ```
 */
export const diagonal = defineCall<DiagonalParameters>("diagonal")(
  ["input", "offset?:integer", "dim1?", "dim2?"],
  (input, offset = 0, dim1 = 0, dim2 = 1) => {
    const value = valueOf(input, "input", "diagonal");
    if (value.shape.length < 2)
      throw new ShapeError(`diagonal: expected at least 2 dimensions, got ${formatShape(value.shape)}`);
    return viewOf(input, diagonalOf("diagonal", value.shape.length, offset, dim1, dim2));
  },
);

/**
 * The diagonal of a matrix, or the matrix that has a vector as its diagonal.
 *
 * @example
 * ```ts
 * diag(tensor([1, 2])).tolist(); // [[1, 0], [0, 2]]
 * ```
 */
export const diag = defineCall<TriangleParameters>("diag")(
  ["input", "diagonal?:integer"],
  (input, offset = 0) => {
    const value = valueOf(input, "input", "diag");
    if (value.shape.length === 2) return new Tensor(diagonalOf("diag", 2, offset, 0, 1).read(value));
    if (value.shape.length !== 1)
      throw new ShapeError(`diag: expected a vector or a matrix, got ${formatShape(value.shape)}`);
    const size = value.shape[0] + Math.abs(offset);
    const start = offset >= 0 ? offset : -offset * size;
    const flat = ops.unslice(value, [size * size], { starts: [start], steps: [size + 1] });
    return new Tensor(reshape(flat, [size, size]));
  },
);
