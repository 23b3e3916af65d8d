/** Putting tensors together and taking them apart. */

import { type PromotionOperand, resultType } from "../../../base/dtype.ts";
import { ArgumentError, ShapeError } from "../../../base/errors.ts";
import { formatShape, normalizeDim, numel, sameShape } from "../../../base/shape.ts";
import type { Value } from "../../../graph/node.ts";
import { cast } from "../../../ops/elementwise/elementwise.ts";
import { reshape } from "../../../ops/shape/shape_ops.ts";
import * as ops from "../../../ops/shape/slicing.ts";
import type { InputParameter } from "../../input_parameter.ts";
import { defineCall, Tensor, valueOf } from "../../tensor.ts";
import { selectStep, sliceStep } from "../../views/steps.ts";
import { viewOf } from "../../views/view.ts";
import { inThreeDimensions } from "./dimensions_at_least.ts";

export interface JoinParameters {
  /** Of one shape but for the size of `dim`. */
  tensors: readonly Tensor[];
  /** The dimension. @default 0 */
  dim?: number;
}

/** The tensors' values in their common dtype. */
function listOf(of: string, tensors: unknown): Value[] {
  if (!Array.isArray(tensors) || tensors.length === 0)
    throw new ArgumentError(`${of}: expected a list of at least one tensor`);
  const values = tensors.map((one, i) => valueOf(one, `tensors[${i}]`, of));
  const kinds = values.map(
    (v): PromotionOperand => ({ dtype: v.dtype, kind: v.shape.length === 0 ? "zeroDim" : "tensor" }),
  );
  const dtype = resultType(kinds);
  return values.map((v) => cast(v, dtype));
}

/**
 * Tensors one behind the other along a dimension that they have.
 *
 * @param tensors - of one shape but for the size of `dim`.
 * @throws ShapeError if their other sizes differ.
 * @example
 * ```ts
 * cat([ones(2, 1), zeros(2, 2)], 1).tolist(); // [[1, 0, 0], [1, 0, 0]]
 * ```
 */
export const cat = defineCall<JoinParameters>("cat")(["tensors", "dim?"], (tensors, dim = 0) => {
  const values = listOf("cat", tensors);
  // PyTorch skips tensors of shape [0], whatever the others' shape.
  const kept = values.filter((v) => !(v.shape.length === 1 && v.shape[0] === 0));
  if (kept.length === 0) return new Tensor(values[0]);
  if (kept[0].shape.length === 0)
    throw new ShapeError("cat: 0-dimensional tensors cannot be joined; use stack");
  return new Tensor(ops.cat(kept, normalizeDim(dim, kept[0].shape.length, "cat")));
});

/**
 * Tensors of one shape side by side along a new dimension.
 *
 * @throws ShapeError if their shapes differ.
 * @example
 * ```ts
 * stack([tensor([1, 2]), tensor([3, 4])], 1).tolist(); // [[1, 3], [2, 4]]
 * ```
 */
export const stack = defineCall<JoinParameters>("stack")(["tensors", "dim?"], (tensors, dim = 0) => {
  const values = listOf("stack", tensors);
  const { shape } = values[0];
  const at = normalizeDim(dim, shape.length + 1, "stack");
  values.forEach((v, i) => {
    if (!sameShape(v.shape, shape)) {
      throw new ShapeError(
        `stack: expected tensors of one shape, got ${formatShape(shape)} at first and ${formatShape(v.shape)} at position ${i}`,
      );
    }
  });
  const grown = values.map((v) => reshape(v, [...shape.slice(0, at), 1, ...shape.slice(at)]));
  return new Tensor(ops.cat(grown, at));
});

/** At least `rank` dimensions, new ones in front. */
function atLeast(value: Value, rank: number): Value {
  const missing = Math.max(0, rank - value.shape.length);
  return reshape(value, [...new Array<number>(missing).fill(1), ...value.shape]);
}

export interface JoinAllParameters {
  /** Tensors to join; equal but for the dimension that is joined. */
  tensors: readonly Tensor[];
}

/**
 * Side by side: along dimension 1, or 0 for vectors.
 *
 * @example
 * ```ts
 * hstack([tensor([1]), tensor([2, 3])]).tolist(); // [1, 2, 3]
 * ```
 */
export const hstack = defineCall<JoinAllParameters>("hstack")(["tensors"], (tensors) => {
  const values = listOf("hstack", tensors).map((v) => atLeast(v, 1));
  return new Tensor(ops.cat(values, values[0].shape.length === 1 ? 0 : 1));
});

/**
 * One above the other: along dimension 0, vectors as rows.
 *
 * @example
 * ```ts
 * vstack([tensor([1, 2]), tensor([3, 4])]).tolist(); // [[1, 2], [3, 4]]
 * ```
 */
export const vstack = defineCall<JoinAllParameters>("vstack")(["tensors"], (tensors) => {
  return new Tensor(
    ops.cat(
      listOf("vstack", tensors).map((v) => atLeast(v, 2)),
      0,
    ),
  );
});

/**
 * One behind the other: along dimension 2, a vector [n] as [1, n, 1] and a matrix [m, n] as [m, n, 1].
 *
 * @example
 * ```ts
 * dstack([tensor([1, 2]), tensor([3, 4])]).tolist(); // [[[1, 3], [2, 4]]]
 * ```
 */
export const dstack = defineCall<JoinAllParameters>("dstack")(["tensors"], (tensors) => {
  return new Tensor(ops.cat(listOf("dstack", tensors).map(inThreeDimensions), 2));
});

/**
 * Side by side along dimension 1, vectors as columns.
 *
 * @example
 * ```ts
 * columnStack([tensor([1, 2]), tensor([3, 4])]).tolist(); // [[1, 3], [2, 4]]
 * ```
 */
export const columnStack = defineCall<JoinAllParameters>("columnStack")(["tensors"], (tensors) => {
  const values = listOf("columnStack", tensors);
  return new Tensor(
    ops.cat(
      values.map((v) => (v.shape.length >= 2 ? v : reshape(v, [numel(v.shape), 1]))),
      1,
    ),
  );
});

export interface SplitParameters {
  /** The tensor to split. */
  tensor: Tensor;
  /** Size of every piece, or the sizes of all, which must add up; this or `splitSize`. */
  splitSizeOrSections?: number | readonly number[];
  /** The dimension. @default 0 */
  dim?: number;
  /** Length of the parts: one number, or one for each; this or `splitSizeOrSections`. */
  splitSize?: number | readonly number[];
}

function pieces(input: Tensor, sizes: readonly number[], dim: number): Tensor[] {
  let start = 0;
  return sizes.map((size) => {
    const piece = viewOf(input, sliceStep(dim, start, size), true);
    start += size;
    return piece;
  });
}

function equalParts(total: number, size: number): number[] {
  if (total === 0) return [0];
  return Array.from({ length: Math.ceil(total / size) }, (_, i) => Math.min(size, total - i * size));
}

/**
 * Pieces of one size (the last may be smaller), or of the sizes listed, along a dimension.
 *
 * @param splitSizeOrSections - size of every piece, or the sizes of all, which must add up.
 * @throws ArgumentError for sizes that do not add up.
 * @example
 * ```ts
 * const [a, b] = split(arange(5), [2, 3]);
 * b.tolist(); // [2, 3, 4]
 * split(arange(5), 2).length; // 3
 * ```
 */
export const split = defineCall<SplitParameters, Tensor[]>("split")(
  ["tensor", "splitSizeOrSections?:integers", "dim?", "splitSize?:integers"],
  (tensor, sizeOrSections, dim = 0, splitSize) => {
    const sections = sizeOrSections ?? splitSize;
    const value = valueOf(tensor, "tensor", "split");
    if (sections === undefined) throw new ArgumentError("missing argument `splitSizeOrSections` of split");
    if (value.shape.length === 0) throw new ShapeError("split: a 0-dimensional tensor cannot be split");
    const at = normalizeDim(dim, value.shape.length, "split");
    const size = value.shape[at];
    if (typeof sections === "number") {
      if (!Number.isInteger(sections) || sections < 0 || (sections === 0 && size > 0)) {
        throw new ArgumentError(`split: expected a whole size above 0, got ${sections}`);
      }
      return pieces(tensor, equalParts(size, sections), at);
    }
    const sizes = sections as number[];
    if (sizes.some((s) => s < 0) || sizes.reduce((a, b) => a + b, 0) !== size) {
      throw new ShapeError(
        `split: expected sizes that add up to ${size}, the size of dimension ${at} of ${formatShape(value.shape)}, got ${formatShape(sizes)}`,
      );
    }
    return pieces(tensor, sizes, at);
  },
);

export interface ChunkParameters extends InputParameter {
  /** How many parts; this or one of the others. */
  chunks: number;
  /** The dimension. @default 0 */
  dim?: number;
}

/**
 * At most `chunks` pieces of equal size (the last may be smaller), along a dimension.
 *
 * @example
 * ```ts
 * const pieces = chunk(arange(5), 2);
 * pieces[0].tolist(); // [0, 1, 2]
 * ```
 */
export const chunk = defineCall<ChunkParameters, Tensor[]>("chunk")(
  ["input", "chunks", "dim?"],
  (input, chunks, dim = 0) => {
    const value = valueOf(input, "input", "chunk");
    if (!Number.isInteger(chunks) || chunks < 1)
      throw new ArgumentError(`chunk: expected \`chunks\` above 0, got ${chunks}`);
    if (value.shape.length === 0) throw new ShapeError("chunk: a 0-dimensional tensor cannot be cut");
    const at = normalizeDim(dim, value.shape.length, "chunk");
    const size = value.shape[at];
    const parts = size === 0 ? new Array<number>(chunks).fill(0) : equalParts(size, Math.ceil(size / chunks));
    return pieces(input, parts, at);
  },
);

export interface UnbindParameters extends InputParameter {
  /** The dimension. @default 0 */
  dim?: number;
}

/**
 * The slices along a dimension, which they no longer have.
 *
 * @example
 * ```ts
 * const [first, second] = unbind(tensor([[1, 2], [3, 4]]));
 * second.tolist(); // [3, 4]
 * ```
 */
export const unbind = defineCall<UnbindParameters, Tensor[]>("unbind")(
  ["input", "dim?"],
  (input, dim = 0) => {
    const value = valueOf(input, "input", "unbind");
    if (value.shape.length === 0) throw new ShapeError("unbind: a 0-dimensional tensor has no slices");
    const at = normalizeDim(dim, value.shape.length, "unbind");
    return Array.from({ length: value.shape[at] }, (_, i) => viewOf(input, selectStep(at, i), true));
  },
);
