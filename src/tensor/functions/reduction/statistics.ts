/** Variance, standard deviation, norms and the logarithm of a sum of exponentials. */

import { type DType, isFloating, isHalf } from "../../../base/dtype.ts";
import { ArgumentError, DTypeError } from "../../../base/errors.ts";
import { normalizeDims } from "../../../base/shape.ts";
import { shownText } from "../../../base/shown_value.ts";
import { emit, setGradientMode, type Value } from "../../../graph/node.ts";
import { reducedShape } from "../../../ops/core.ts";
import { constant, full } from "../../../ops/creation.ts";
import * as ops from "../../../ops/elementwise/elementwise.ts";
import { amax, amin, mean, sum } from "../../../ops/reduction/reduction.ts";
import { reshape } from "../../../ops/shape/shape_ops.ts";
import type { InputParameter } from "../../input_parameter.ts";
import { inWideNumbers } from "../../operands.ts";
import { defineCall, Tensor, valueOf } from "../../tensor.ts";
import type { Dims } from "./reduction.ts";

export interface VarianceParameters extends InputParameter {
  /** One dimension, several, or null for all; PyTorch's older form has `unbiased` here. @default null */
  dim?: Dims | boolean;
  /** False for the correction 0; true and null for 1 (Bessel's). @default null */
  unbiased?: boolean | null;
  /** Whether the reduced dimensions stay, with size 1. @default false */
  keepdim?: boolean;
  /** What is taken off the number of elements; null leaves it to `unbiased`. @default null */
  correction?: number | null;
}

interface Moments {
  /** The input's; the moments of 16-bit floats are 32-bit ones. */
  readonly dtype: DType;
  readonly variance: Value;
  readonly mean: Value;
}

/** sum (x - mean)^2 / max(0, n - correction) */
function moments(name: string, { input, keepdim, ...given }: Required<VarianceParameters>): Moments {
  // PyTorch's older form: var(input, unbiased).
  const dim = typeof given.dim === "boolean" ? null : given.dim;
  const unbiased = typeof given.dim === "boolean" ? given.dim : (given.unbiased ?? true);
  const correction = given.correction ?? (unbiased ? 1 : 0);
  const { dtype } = valueOf(input, "input", name);
  if (!isFloating(dtype)) {
    throw new DTypeError(`${name}: expected a floating-point input, got ${dtype}; convert it with .float()`);
  }
  const value = isHalf(dtype) ? ops.cast(input.value, "float32") : input.value;
  const dims = normalizeDims(dim, value.shape.length, name);
  const count = dims.reduce((product, d) => product * value.shape[d], 1);
  const centre = mean(value, dims, true);
  const apart = ops.sub(value, centre);
  const total = sum(ops.mul(apart, apart), dims, keepdim);
  const variance = ops.div(total, constant(Math.max(0, count - correction), value.dtype));
  return {
    dtype,
    variance,
    mean: keepdim ? centre : reshape(centre, reducedShape(value.shape, dims, false)),
  };
}

const varianceOf = ({ variance, dtype }: Moments) => new Tensor(ops.cast(variance, dtype));
const deviationOf = ({ variance, dtype }: Moments) => new Tensor(ops.cast(rootOf(variance), dtype));
const meanOf = ({ mean, dtype }: Moments) => new Tensor(ops.cast(mean, dtype));

const ofMoments = <R>(name: string, result: (moments: Moments) => R) =>
  defineCall<VarianceParameters, R>(name)(
    ["input", "dim?", "unbiased?:boolean|null", "keepdim?:boolean", "correction?:number|null"],
    (
      input: Tensor,
      dim: Dims | boolean = null,
      unbiased: boolean | null = null,
      keepdim = false,
      correction: number | null = null,
    ): R => result(moments(name, { input, dim, unbiased, keepdim, correction })),
  );

/** The square root with gradient 0 (not infinity) if the value is 0. */
function rootOf(value: Value): Value {
  const zero = constant(0, value.dtype);
  const isZero = ops.eq(value, zero);
  const safe = ops.where(isZero, constant(1, value.dtype), value);
  return ops.where(isZero, zero, emit(ops.sqrtOp, [safe]));
}

/**
 * Variance over dimensions: sum (x - mean)^2 / (n - correction), with the correction 1 (Bessel's) unless
 * `correction` or `unbiased: false` says otherwise.
 *
 * @example
 * ```ts
 * tensor([0.5, 1.5, 2.5, 3.5]).var().item(); // 1.66667
 * tensor([0.5, 1.5, 2.5, 3.5]).var({ unbiased: false }).item(); // 1.25
 * ```
 */
export const variance = ofMoments("var", varianceOf);

/**
 * Standard deviation: the root of the variance.
 *
 * @example
 * ```ts
 * std(tensor([[0.5, 2.5], [5, 9]]), 1).tolist(); // [1.41421, 2.82843]
 * ```
 */
export const std = ofMoments("std", deviationOf);

/**
 * Variance and mean.
 *
 * @example
 * ```ts
 * const [variance, mean] = varMean(tensor([0.5, 1.5]));
 * mean.item(); // 1
 * ```
 */
export const varMean = ofMoments("varMean", (both): [Tensor, Tensor] => [varianceOf(both), meanOf(both)]);

/**
 * Standard deviation and mean.
 *
 * @example
 * ```ts
 * const [deviation, mean] = stdMean(tensor([0.5, 2.5]));
 * deviation.item(); // 1.41421
 * ```
 */
export const stdMean = ofMoments("stdMean", (both): [Tensor, Tensor] => [deviationOf(both), meanOf(both)]);

export interface NormParameters extends InputParameter {
  /** Exponent of the norm; infinity for the largest magnitude, `"fro"` for Frobenius. @default "fro" */
  p?: number | "fro";
  /** The dimension. @default null */
  dim?: Dims;
  /** Whether the reduced dimensions stay, with size 1. @default false */
  keepdim?: boolean;
  /** Dtype of the result; null for that of the input. @default null */
  dtype?: DType | null;
}

/**
 * (sum |x|^p)^(1/p) over dimensions; the number of elements other than 0 for p = 0, the largest or smallest
 * |x| for p = ±Infinity.
 *
 * @example
 * ```ts
 * norm(tensor([1.5, 2])).item(); // 2.5
 * norm(tensor([[3.5, -4], [1, 1]]), 1, 1).tolist(); // [7.5, 2]
 * ```
 */
export const norm = defineCall<NormParameters>("norm")(
  ["input", "p?", "dim?", "keepdim?:boolean", "dtype?:dtype|null"],
  (input, p = "fro", dim = null, keepdim = false, dtype = null) => {
    const value = valueOf(input, "input", "norm");
    if (!isFloating(dtype ?? value.dtype)) {
      throw new DTypeError(
        `norm: expected a floating-point input, got ${value.dtype}; convert it with .float()`,
      );
    }
    if (p !== "fro" && typeof p !== "number")
      throw new ArgumentError(`norm: expected \`p\` to be a number or "fro", got ${shownText(p)}`);
    const dims = normalizeDims(dim, value.shape.length, "norm");
    const power = p === "fro" ? 2 : p;
    const converted = ops.cast(value, dtype ?? value.dtype);
    return new Tensor(inWideNumbers(converted, (x) => normOf(x, power, dims, keepdim)));
  },
);

function normOf(x: Value, p: number, dims: readonly number[], keepdim: boolean): Value {
  const zero = constant(0, x.dtype);
  const magnitude = () => emit(ops.absOp, [x]);
  if (p === 2) return rootOf(sum(ops.mul(x, x), dims, keepdim));
  if (p === 1) return sum(magnitude(), dims, keepdim);
  // 0 x on the other side joins the tape, with a gradient of 0.
  if (p === 0)
    return sum(ops.where(emit(ops.neOp, [x, zero]), constant(1, x.dtype), ops.mul(x, zero)), dims, keepdim);
  if (p === Number.POSITIVE_INFINITY) return amax(magnitude(), dims, keepdim);
  if (p === Number.NEGATIVE_INFINITY) return amin(magnitude(), dims, keepdim);
  const powers = sum(ops.pow(magnitude(), constant(p, x.dtype)), dims, keepdim);
  const isZero = ops.eq(powers, zero);
  const safe = ops.where(isZero, constant(1, x.dtype), powers);
  return ops.where(isZero, zero, ops.pow(safe, constant(1 / p, x.dtype)));
}

export interface LogSumExpParameters extends InputParameter {
  /** The dimension. */
  dim: Dims;
  /** Whether the reduced dimensions stay, with size 1. @default false */
  keepdim?: boolean;
}

/**
 * ln(sum e^x) over dimensions, without overflow.
 *
 * @example
 * ```ts
 * logsumexp(tensor([1000, 1000]), 0).item(); // 1000.693
 * ```
 */
export const logsumexp = defineCall<LogSumExpParameters>("logsumexp")(
  ["input", "dim", "keepdim?:boolean"],
  (input, dim, keepdim = false) => {
    const given = valueOf(input, "input", "logsumexp");
    const value = isFloating(given.dtype) ? given : ops.cast(given, "float32");
    const dims = normalizeDims(dim, value.shape.length, "logsumexp");
    if (dims.some((d) => value.shape[d] === 0)) {
      return new Tensor(
        full(reducedShape(value.shape, dims, keepdim), Number.NEGATIVE_INFINITY, value.dtype),
      );
    }
    const logOfSum = (x: Value) => {
      const largest = largestFinite(x, dims);
      const total = sum(ops.exp(ops.sub(x, largest)), dims, true);
      return reshape(ops.add(ops.log(total), largest), reducedShape(x.shape, dims, keepdim));
    };
    return new Tensor(inWideNumbers(value, logOfSum));
  },
);

/** The largest elements, as constants for the gradient; 0 in place of infinities. */
function largestFinite(value: Value, dims: readonly number[]): Value {
  const before = setGradientMode(false);
  try {
    const largest = amax(value, dims, true);
    const finite = ops.lt(emit(ops.absOp, [largest]), constant(Number.POSITIVE_INFINITY, value.dtype));
    return ops.where(finite, largest, constant(0, value.dtype));
  } finally {
    setGradientMode(before);
  }
}
