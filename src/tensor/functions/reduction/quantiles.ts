/** Medians and quantiles: what stands where, once the elements are in order. */

import { isFloating } from "../../../base/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../../../base/errors.ts";
import type { Call, Forms } from "../../../base/params/call_types.ts";
import { formatShape, normalizeDim, numel } from "../../../base/shape.ts";
import { shownText, shownValue } from "../../../base/shown_value.ts";
import { emit, setGradientMode, type Value } from "../../../graph/node.ts";
import { constant, full } from "../../../ops/creation.ts";
import * as ops from "../../../ops/elementwise/elementwise.ts";
import { sort } from "../../../ops/reduction/ordering.ts";
import { amaxOp, sum } from "../../../ops/reduction/reduction.ts";
import { gather } from "../../../ops/shape/indexing.ts";
import { expand, permute, reshape } from "../../../ops/shape/shape_ops.ts";
import type { InputParameter } from "../../input_parameter.ts";
import { scalarValue } from "../../operands.ts";
import { defineCall, Tensor, valueOf } from "../../tensor.ts";
import type { UnaryParameters } from "../elementwise/unary.ts";
import { type Along, type MinAndMaxParameters, named, type ValuesAndIndices } from "./ordering.ts";

/** Of all elements; along a dimension, with positions. */
type Median = Forms<Call<UnaryParameters, readonly ["input"], [input: Tensor], Tensor>, Along>;

/** How many elements along a dimension, which stays with size 1, are not NaN. */
function countNumbers(value: Value, dim: number): Value {
  const size = value.shape[dim];
  const shape = value.shape.map((s, d) => (d === dim ? 1 : s));
  if (!isFloating(value.dtype)) return full(shape, size, "int64");
  return sum(ops.cast(emit(ops.logicalNotOp, [emit(ops.isnanOp, [value])]), "int64"), [dim], true);
}

function half(count: Value): Value {
  const middle = ops.mul(ops.cast(ops.sub(count, constant(1, "int64")), "float64"), constant(0.5, "float64"));
  return ops.cast(emit(ops.floorOp, [middle]), "int64");
}

/** Where the median stands among the elements in order: at the first NaN if there is one, or among the numbers. */
function middlePosition(value: Value, dim: number, ignoreNan: boolean): Value {
  const numbers = countNumbers(value, dim);
  if (ignoreNan) return emit(ops.maximumOp, [half(numbers), constant(0, "int64")]);
  const size = constant(value.shape[dim], "int64");
  return ops.where(ops.lt(numbers, size), numbers, half(size));
}

function medianFunction(name: string, ignoreNan: boolean): Median {
  return defineCall<MinAndMaxParameters, Tensor | ValuesAndIndices>(name)(
    ["input", "dim?", "keepdim?:boolean"],
    (input: Tensor, dim: number | null = null, keepdim = false): Tensor | ValuesAndIndices => {
      const value = valueOf(input, "input", name);
      if (dim === null) return new Tensor(medianOfAll(value, ignoreNan));
      const at = normalizeDim(dim, value.shape.length, name);
      if (value.shape.length === 0) return named(value, full([], 0, "int64"));
      requireElements(name, value, at);
      const position = middlePosition(value, at, ignoreNan);
      const picked = sort(value, at, false).map((ordered) => gather(ordered, at, position));
      if (keepdim) return named(picked[0], picked[1]);
      const shape = value.shape.filter((_, d) => d !== at);
      return named(reshape(picked[0], shape), reshape(picked[1], shape));
    },
  ) as unknown as Median;
}

function requireElements(of: string, value: Value, dim: number): void {
  if (value.shape[dim] === 0) {
    throw new ShapeError(
      `${of}: expected at least one element along dimension ${dim} of ${formatShape(value.shape)}`,
    );
  }
}

/** Equal elements share the gradient: the median is the largest element that is not above it. */
function medianOfAll(value: Value, ignoreNan: boolean): Value {
  const line = reshape(value, [numel(value.shape)]);
  if (line.shape[0] === 0) {
    if (isFloating(value.dtype)) return full([], Number.NaN, value.dtype);
    throw new ShapeError("median: expected at least one element");
  }
  const before = setGradientMode(false);
  let middle: Value;
  try {
    middle = reshape(gather(sort(line, 0, false)[0], 0, middlePosition(line, 0, ignoreNan)), []);
  } finally {
    setGradientMode(before);
  }
  if (!isFloating(line.dtype)) return middle;
  const isNan = (x: Value) => emit(ops.isnanOp, [x]);
  const counts = emit(ops.logicalOrOp, [
    ops.le(line, middle),
    emit(ops.logicalAndOp, [isNan(line), isNan(middle)]),
  ]);
  const candidates = ops.where(counts, line, constant(Number.NEGATIVE_INFINITY, line.dtype));
  return emit(amaxOp, [candidates], { dims: [0], keepdim: false, nanShares: true });
}

/**
 * The middle one of the elements in order, the lower one of two; with `dim` along it, with where it stood. NaN if there
 * is one.
 *
 * @example
 * ```ts
 * median(tensor([5, 1, 4, 2])).item(); // 2
 * const { values, indices } = median(tensor([[7, 9, 8], [3, 1, 2]]), 1);
 * indices.tolist(); // [2, 2]
 * ```
 */
export const median = medianFunction("median", false);
/**
 * As `median`, of the elements that are not NaN.
 *
 * @example
 * ```ts
 * nanmedian(tensor([5, NaN, 1.5])).item(); // 1.5
 * ```
 */
export const nanmedian = medianFunction("nanmedian", true);

/** What a quantile between two elements is: a mixture, their mean, or one of them. */
export type Interpolation = "linear" | "lower" | "higher" | "midpoint" | "nearest";

export interface QuantileParameters extends InputParameter {
  /** The portion, from 0 to 1: a number, or a vector, whose dimension is then the result's first. */
  q: number | Tensor;
  /** The dimension; null for all elements. @default null */
  dim?: number | null;
  /** Whether the reduced dimensions stay, with size 1. @default false */
  keepdim?: boolean;
  /** What is taken when the quantile lies between two elements. @default "linear" */
  interpolation?: Interpolation;
}

const INTERPOLATIONS: readonly unknown[] = ["linear", "lower", "higher", "midpoint", "nearest"];

function quantileFunction(name: string, ignoreNan: boolean) {
  return defineCall<QuantileParameters>(name)(
    ["input", "q", "dim?", "keepdim?:boolean", "interpolation?"],
    (
      input: Tensor,
      q: number | Tensor,
      dim: number | null = null,
      keepdim = false,
      interpolation: Interpolation = "linear",
    ): Tensor => {
      const value = valueOf(input, "input", name);
      if (value.dtype !== "float32" && value.dtype !== "float64")
        throw new DTypeError(`${name}: expected an input of dtype float32 or float64, got ${value.dtype}`);
      if (!INTERPOLATIONS.includes(interpolation)) {
        throw new ArgumentError(
          `${name}: expected \`interpolation\` to be one of ${INTERPOLATIONS.join(", ")}, got ${shownText(interpolation)}`,
        );
      }
      const portions = portionsOf(name, q, value);
      const rank = value.shape.length;
      const at = dim === null ? 0 : normalizeDim(dim, rank, name);
      const rest = value.shape.map((_, d) => d).filter((d) => dim !== null && d !== at);
      const lines =
        dim === null || rank === 0 ? reshape(value, [numel(value.shape)]) : permute(value, [...rest, at]);
      requireElements(name, lines, lines.shape.length - 1);
      const found = interpolated(lines, reshape(portions, [numel(portions.shape)]), ignoreNan, interpolation);
      // The portions come first.
      const order = found.shape.map((_, d) => (d === 0 ? found.shape.length - 1 : d - 1));
      const kept = value.shape.map((size, d) => (dim === null || d === at ? 1 : size));
      const own = keepdim ? kept : rest.map((d) => value.shape[d]);
      return new Tensor(reshape(permute(found, order), [...portions.shape, ...own]));
    },
  );
}

function portionsOf(of: string, q: unknown, value: Value): Value {
  const portions = typeof q === "number" ? scalarValue(q, value.dtype) : valueOf(q, "q", of);
  if (portions.shape.length > 1)
    throw new ShapeError(
      `${of}: expected \`q\` to be a number or a vector, got ${formatShape(portions.shape)}`,
    );
  if (portions.dtype !== value.dtype)
    throw new DTypeError(`${of}: expected \`q\` of the input's dtype ${value.dtype}, got ${portions.dtype}`);
  if (portions.data?.some((portion) => !(portion >= 0 && portion <= 1)))
    throw new ArgumentError(
      `${of}: expected \`q\` from 0 to 1, got ${shownValue(Array.from(portions.data))}`,
    );
  return portions;
}

/** Quantiles along the last dimension, which becomes that of the portions. */
function interpolated(
  lines: Value,
  portions: Value,
  ignoreNan: boolean,
  interpolation: Interpolation,
): Value {
  const dim = lines.shape.length - 1;
  const shape = [...lines.shape.slice(0, dim), portions.shape[0]];
  const number = (n: number) => constant(n, lines.dtype);
  const numbers = countNumbers(lines, dim);
  const last = number(lines.shape[dim] - 1);
  let ranks: Value;
  if (ignoreNan) {
    const above = emit(ops.maximumOp, [ops.sub(ops.cast(numbers, lines.dtype), number(1)), number(0)]);
    ranks = ops.mul(portions, above);
  } else {
    const allNumbers = ops.eq(numbers, constant(lines.shape[dim], "int64"));
    ranks = ops.where(allNumbers, ops.mul(portions, last), last);
  }
  const [ordered] = sort(lines, dim, false);
  const taken = (rank: Value) => gather(ordered, dim, expand(ops.cast(rank, "int64"), shape));
  if (interpolation === "nearest") return taken(emit(ops.roundOp, [ranks]));
  const below = emit(ops.floorOp, [ranks]);
  const above = emit(ops.ceilOp, [ranks]);
  if (interpolation === "lower") return taken(below);
  if (interpolation === "higher") return taken(above);
  const weight = interpolation === "midpoint" ? number(0.5) : ops.sub(ranks, below);
  const [low, high] = [taken(below), taken(above)];
  // From the nearer end, so that a whole weight gives the element itself.
  const apart = ops.sub(high, low);
  const fromLow = ops.add(low, ops.mul(weight, apart));
  const fromHigh = ops.sub(high, ops.mul(apart, ops.sub(number(1), weight)));
  return ops.where(ops.lt(weight, number(0.5)), fromLow, fromHigh);
}

/**
 * What a portion `q` of the elements lies below, of all of them or along a dimension. NaN if there is one.
 *
 * @param q - from 0 to 1: a number, or a vector, whose dimension is then the result's first.
 * @param interpolation - between which two elements stand: "linear" (the default), "lower", "higher", "midpoint",
 * "nearest".
 * @example
 * ```ts
 * quantile(tensor([0.5, 1.5, 3.5]), 0.75).item(); // 2.5
 * quantile(tensor([0.5, 1.5, 3.5]), tensor([0.1, 0.5]), { interpolation: "higher" }).tolist(); // [1.5, 1.5]
 * ```
 */
export const quantile = quantileFunction("quantile", false);
/**
 * As `quantile`, of the elements that are not NaN.
 *
 * @example
 * ```ts
 * nanquantile(tensor([0.5, NaN, 1.5]), 0.5).item(); // 1
 * ```
 */
export const nanquantile = quantileFunction("nanquantile", true);
