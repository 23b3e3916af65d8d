/** Rounding, and telling NaN, infinities and zeros from other numbers. */

import { isFloating, largestNumber } from "../../../base/dtype.ts";
import { emit, type OpDefinition, type Value } from "../../../graph/node.ts";
import { constant, full } from "../../../ops/creation.ts";
import * as ops from "../../../ops/elementwise/elementwise.ts";
import type { InputParameter } from "../../input_parameter.ts";
import { inWideNumbers } from "../../operands.ts";
import { defineCall, Tensor, valueOf } from "../../tensor.ts";
import { anyNumber, computed, numberValue } from "./unary.ts";

/**
 * The largest integer that is not above x.
 *
 * @example
 * ```ts
 * floor(tensor([1.5, -1.5])).tolist(); // [1, -2]
 * ```
 */
export const floor = anyNumber("floor", ops.floorOp);
/**
 * The smallest integer that is not below x.
 *
 * @example
 * ```ts
 * ceil(tensor([1.5, -1.5])).tolist(); // [2, -1]
 * ```
 */
export const ceil = anyNumber("ceil", ops.ceilOp);
/**
 * The integer part, towards 0.
 *
 * @example
 * ```ts
 * trunc(tensor([1.5, -1.5])).tolist(); // [1, -1]
 * ```
 */
export const trunc = anyNumber("trunc", ops.truncOp);
/**
 * x - trunc(x)
 *
 * @example
 * ```ts
 * frac(tensor([1.5, -1.25])).tolist(); // [0.5, -0.25]
 * ```
 */
export const frac = computed("frac", (x) => ops.sub(x, emit(ops.truncOp, [x])));

export interface RoundParameters extends InputParameter {
  /** Decimal places; negative ones are places before the point. @default 0 */
  decimals?: number;
}

/**
 * The nearest integer, halves to the even one; with `decimals`, to that many decimal places.
 *
 * @example
 * ```ts
 * round(tensor([0.5, 1.5, 2.5])).tolist(); // [0, 2, 2]
 * round(tensor([1.256]), { decimals: 2 }).tolist(); // [1.26]
 * ```
 */
export const round = defineCall<RoundParameters>("round")(
  ["input", "decimals?:integer"],
  (input, decimals = 0) => {
    const value = numberValue("round", input);
    if (decimals === 0 || !isFloating(value.dtype)) return new Tensor(emit(ops.roundOp, [value]));
    const [into, back] = decimals > 0 ? [ops.mul, ops.div] : [ops.div, ops.mul];
    const rounded = (x: Value) => {
      const power = constant(10 ** Math.abs(decimals), x.dtype);
      return back(emit(ops.roundOp, [into(x, power)]), power);
    };
    return new Tensor(inWideNumbers(value, rounded));
  },
);

/**
 * Whether x is NaN.
 *
 * @example
 * ```ts
 * isnan(tensor([1, NaN])).tolist(); // [false, true]
 * ```
 */
export const isnan = computed("isnan", (x) => emit(ops.isnanOp, [x]));
/**
 * Whether x is infinite, of either sign.
 *
 * @example
 * ```ts
 * isinf(tensor([1, -Infinity])).tolist(); // [false, true]
 * ```
 */
export const isinf = computed("isinf", (x) => magnitudeCompared(x, ops.eqOp, 0));
/**
 * Whether x is neither NaN nor infinite.
 *
 * @example
 * ```ts
 * isfinite(tensor([1, NaN, Infinity])).tolist(); // [true, false, false]
 * ```
 */
export const isfinite = computed("isfinite", (x) => magnitudeCompared(x, ops.ltOp, 1));
/**
 * Whether x is 0 (false).
 *
 * @example
 * ```ts
 * logicalNot(tensor([0, 2])).tolist(); // [true, false]
 * ```
 */
export const logicalNot = computed("logicalNot", (x) => emit(ops.logicalNotOp, [x]));

/** |x| against infinity; integers are finite. */
function magnitudeCompared(x: Value, comparison: OpDefinition, ofIntegers: number): Value {
  if (!isFloating(x.dtype)) return full(x.shape, ofIntegers, "bool");
  return emit(comparison, [emit(ops.absOp, [x]), constant(Number.POSITIVE_INFINITY, x.dtype)]);
}

export interface NanToNumParameters extends InputParameter {
  /** In place of NaN (default 0). @default 0 */
  nan?: number;
  /** In place of infinity (default: the dtype's largest number). @default null */
  posinf?: number | null;
  /** In place of -infinity (default: the dtype's smallest number). @default null */
  neginf?: number | null;
}

/**
 * Puts numbers in the places of NaN (0) and the infinities (the dtype's largest and smallest).
 *
 * @param nan - in place of NaN (default 0).
 * @param posinf - in place of infinity (default: the dtype's largest number).
 * @param neginf - in place of -infinity (default: the dtype's smallest number).
 * @example
 * ```ts
 * nanToNum(tensor([NaN, Infinity]), { posinf: 9 }).tolist(); // [0, 9]
 * ```
 */
export const nanToNum = defineCall<NanToNumParameters>("nanToNum")(
  ["input", "nan?", "posinf?", "neginf?"],
  (input, nan = 0, posinf = null, neginf = null) => {
    const x = valueOf(input, "input", "nanToNum");
    if (!isFloating(x.dtype)) return input;
    const largest = largestNumber(x.dtype);
    const number = (value: number) => constant(value, x.dtype);
    const noNan = ops.where(emit(ops.isnanOp, [x]), number(nan), x);
    const noTop = ops.where(ops.eq(x, number(Number.POSITIVE_INFINITY)), number(posinf ?? largest), noNan);
    return new Tensor(
      ops.where(ops.eq(x, number(Number.NEGATIVE_INFINITY)), number(neginf ?? -largest), noTop),
    );
  },
);
