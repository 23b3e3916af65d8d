/** Taking tensors apart by positions, as NumPy's functions of these names do it. */

import { ArgumentError, ShapeError } from "../../../base/errors.ts";
import { formatShape, normalizeDim } from "../../../base/shape.ts";
import { shownValue } from "../../../base/shown_value.ts";
import type { InputParameter } from "../../input_parameter.ts";
import { positionsOf } from "../../positions.ts";
import { defineCall, Tensor, valueOf } from "../../tensor.ts";
import { sliceStep } from "../../views/steps.ts";
import { viewOf } from "../../views/view.ts";
import { split } from "./joining.ts";

/** A number of parts, or the positions at which to cut. */
export type IndicesOrSections = number | readonly number[] | Tensor;

export interface TensorSplitParameters extends InputParameter {
  /** Number of parts, or positions; a tensor of them must have been given as data. This or one of the others. */
  indicesOrSections?: IndicesOrSections;
  /** The dimension. @default 0 */
  dim?: number;
  /** How many parts; this or one of the others. */
  sections?: number;
  /** Where the parts end; this or one of the others. */
  indices?: readonly number[];
  /** How many parts, or where they end; this or one of the others. */
  tensorIndicesOrSections?: number | readonly number[] | Tensor;
}

/**
 * A number of parts along a dimension, of sizes that differ by at most 1, or the parts between positions (below 0: from the
 * end) at which it is cut.
 *
 * @param indicesOrSections - number of parts, or positions; a tensor of them must have been given as data.
 * @example
 * ```ts
 * tensorSplit(arange(5), 2)[0].tolist(); // [0, 1, 2]
 * tensorSplit(arange(5), [1, 3])[1].tolist(); // [1, 2]
 * ```
 */
export const tensorSplit = defineCall<TensorSplitParameters, Tensor[]>("tensorSplit")(
  ["input", "indicesOrSections?", "dim?", "sections?", "indices?", "tensorIndicesOrSections?"],
  (input, indicesOrSections, dim = 0, sections, indices, tensorIndicesOrSections): Tensor[] => {
    const value = valueOf(input, "input", "tensorSplit");
    if (value.shape.length === 0) throw new ShapeError("tensorSplit: a 0-dimensional tensor cannot be split");
    const at = normalizeDim(dim, value.shape.length, "tensorSplit");
    const given: IndicesOrSections | undefined =
      indicesOrSections ?? sections ?? indices ?? tensorIndicesOrSections;
    return cut(input, at, cutsOf("tensorSplit", given, value.shape[at]));
  },
);

/** The positions at which `size` elements are cut. */
function cutsOf(of: string, given: unknown, size: number): number[] {
  const numbers = given instanceof Tensor ? listed(of, given) : given;
  if (Array.isArray(numbers)) {
    if (!numbers.every(Number.isInteger))
      throw new ArgumentError(`${of}: expected whole positions, got ${shownValue(numbers)}`);
    return numbers.map((n) => Math.min(Math.max(n < 0 ? n + size : n, 0), size));
  }
  if (typeof numbers !== "number" || !Number.isInteger(numbers) || numbers < 1)
    throw new ArgumentError(`${of}: expected a number of parts of 1 or more, or a list of positions`);
  return Array.from(
    { length: numbers - 1 },
    (_, i) => (i + 1) * Math.floor(size / numbers) + Math.min(i + 1, size % numbers),
  );
}

function listed(of: string, tensor: Tensor): number | number[] {
  const { data, dtype, shape } = positionsOf(of, "indicesOrSections", tensor);
  if (data === null || shape.length > 1) {
    throw new ArgumentError(
      `${of}: expected positions whose values are known already, as a number or a list, got a ${dtype} tensor of shape ${formatShape(shape)}`,
    );
  }
  return shape.length === 0 ? data[0] : Array.from(data);
}

function cut(input: Tensor, dim: number, cuts: readonly number[]): Tensor[] {
  const starts = [0, ...cuts];
  const ends = [...cuts, input.value.shape[dim]];
  return starts.map((start, i) => viewOf(input, sliceStep(dim, start, Math.max(0, ends[i] - start))));
}

export interface AxisSplitParameters extends InputParameter {
  /** Number of equal parts, or the positions at which to cut; this or one of the others. */
  indicesOrSections?: number | readonly number[];
  /** Number of equal parts; this or one of the others. */
  sections?: number;
  /** The positions at which to cut; this or one of the others. */
  indices?: readonly number[];
}

/** A split along one dimension into equal parts or at positions. */
function axisSplit(name: string, least: number, dimOf: (rank: number) => number) {
  return defineCall<AxisSplitParameters, Tensor[]>(name)(
    ["input", "indicesOrSections?:integers", "sections?:integer", "indices?:list"],
    (
      input: Tensor,
      indicesOrSections?: number | readonly number[],
      sections?: number,
      indices?: readonly number[],
    ): Tensor[] => {
      const parts = indicesOrSections ?? sections ?? indices;
      const value = valueOf(input, "input", name);
      if (value.shape.length < least) {
        throw new ShapeError(
          `${name}: expected at least ${least} dimension${least === 1 ? "" : "s"}, got ${formatShape(value.shape)}`,
        );
      }
      const dim = dimOf(value.shape.length);
      const size = value.shape[dim];
      if (typeof parts === "number" && size % parts !== 0) {
        throw new ShapeError(
          `${name}: expected a number of parts that divides ${size}, the size of dimension ${dim}, got ${parts}`,
        );
      }
      return cut(input, dim, cutsOf(name, parts, size));
    },
  );
}

/**
 * Parts side by side: along dimension 1, or 0 of a vector. Undoes `hstack`.
 *
 * @param indicesOrSections - number of equal parts, or the positions at which to cut.
 * @example
 * ```ts
 * hsplit(tensor([[1, 2, 3, 4]]), 2)[1].tolist(); // [[3, 4]]
 * ```
 */
export const hsplit = axisSplit("hsplit", 1, (rank) => Math.min(rank - 1, 1));
/**
 * Parts one above the other: along dimension 0. Undoes `vstack`.
 *
 * @example
 * ```ts
 * vsplit(tensor([[1], [2], [3]]), [1])[1].tolist(); // [[2], [3]]
 * ```
 */
export const vsplit = axisSplit("vsplit", 2, () => 0);
/**
 * Parts one behind the other: along dimension 2. Undoes `dstack`.
 *
 * @example
 * ```ts
 * dsplit(tensor([[[1, 2]]]), 2)[0].tolist(); // [[[1]]]
 * ```
 */
export const dsplit = axisSplit("dsplit", 3, () => 2);

export interface SplitWithSizesParameters extends InputParameter {
  /** Length of each part. */
  splitSizes: readonly number[];
  /** The dimension. @default 0 */
  dim?: number;
}

/**
 * Pieces of the sizes listed, which must add up, along a dimension.
 *
 * @example
 * ```ts
 * splitWithSizes(arange(3), [1, 2])[1].tolist(); // [1, 2]
 * ```
 */
export const splitWithSizes = defineCall<SplitWithSizesParameters, Tensor[]>("splitWithSizes")(
  ["input", "splitSizes:list", "dim?"],
  (input, splitSizes, dim = 0) => split(input, splitSizes, dim),
);
