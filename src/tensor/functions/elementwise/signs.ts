/** The sign of numbers, taken, given and tested. */

import { isFloating } from "../../../base/dtype.ts";
import { DTypeError } from "../../../base/errors.ts";
import { emit, type OpDefinition, type Value } from "../../../graph/node.ts";
import { constant, full } from "../../../ops/creation.ts";
import * as ops from "../../../ops/elementwise/elementwise.ts";
import type { InputParameter } from "../../input_parameter.ts";
import { promote } from "../../operands.ts";
import { defineCall, Tensor, valueOf } from "../../tensor.ts";
import type { BinaryOfTensorsParameters, BinaryParameters } from "./arithmetic.ts";
import type { UnaryParameters } from "./unary.ts";
import { computed, numberValue } from "./unary.ts";

/** Whether the sign bit is set; -0 has one, and what NaN's says is left out of account. */
function isNegative(x: Value): Value {
  if (x.dtype === "bool" || x.dtype === "uint8") return full(x.shape, 0, "bool");
  const zero = constant(0, x.dtype);
  const below = ops.lt(x, zero);
  if (!isFloating(x.dtype)) return below;
  const belowAtZero = ops.lt(emit(ops.reciprocalOp, [x]), zero);
  return emit(ops.logicalOrOp, [below, emit(ops.logicalAndOp, [ops.eq(x, zero), belowAtZero])]);
}

/**
 * Whether x is below 0, or -0.
 *
 * @example
 * ```ts
 * signbit(tensor([-2.5, 0, -0])).tolist(); // [true, false, true]
 * ```
 */
export const signbit = computed("signbit", isNegative);

/**
 * |input| with the sign of `other`.
 *
 * @example
 * ```ts
 * copysign(tensor([1.5, -2]), tensor([-1, 1])).tolist(); // [-1.5, 2]
 * ```
 */
export const copysign = defineCall<BinaryParameters>("copysign")(["input", "other"], (input, other) => {
  valueOf(input, "input", "copysign");
  const [a, b] = promote("copysign", [input, other], true);
  const magnitude = emit(ops.absOp, [a]);
  return new Tensor(ops.where(isNegative(b), ops.neg(magnitude), magnitude));
});

/**
 * 0 below 0, 1 above it, and `values` at 0: the step function.
 *
 * @param values - of the input's dtype; broadcasts.
 * @throws DTypeError if the dtypes differ.
 * @example
 * ```ts
 * heaviside(tensor([-1.5, 0, 2]), tensor([0.5])).tolist(); // [0, 0.5, 1]
 * ```
 */
export const heaviside = defineCall<HeavisideStepParameters>("heaviside")(
  ["input", "values"],
  (input, values) => {
    const x = valueOf(input, "input", "heaviside");
    const atZero = valueOf(values, "values", "heaviside");
    if (x.dtype !== atZero.dtype)
      throw new DTypeError(`heaviside: expected \`values\` of dtype ${x.dtype}, got ${atZero.dtype}`);
    const zero = constant(0, x.dtype);
    return new Tensor(ops.where(ops.eq(x, zero), atZero, ops.cast(ops.gt(x, zero), x.dtype)));
  },
);

export interface HeavisideStepParameters extends InputParameter {
  /** Of the input's dtype; broadcasts. */
  values: Tensor;
}

/**
 * The tensor itself.
 *
 * @throws DTypeError for bools.
 * @example
 * ```ts
 * positive(tensor([1, -2])).tolist(); // [1, -2]
 * ```
 */
export const positive = defineCall<UnaryParameters>("positive")(["input"], (input: Tensor): Tensor => {
  numberValue("positive", input);
  return input;
});

/** x against an infinity; integers are finite. */
const equalTo = (infinity: number) => (x: Value) =>
  isFloating(x.dtype) ? ops.eq(x, constant(infinity, x.dtype)) : full(x.shape, 0, "bool");

/**
 * Whether x is infinity.
 *
 * @example
 * ```ts
 * isposinf(tensor([1.5, Infinity, -Infinity])).tolist(); // [false, true, false]
 * ```
 */
export const isposinf = computed("isposinf", equalTo(Number.POSITIVE_INFINITY));
/**
 * Whether x is -infinity.
 *
 * @example
 * ```ts
 * isneginf(tensor([1.5, Infinity, -Infinity])).tolist(); // [false, false, true]
 * ```
 */
export const isneginf = computed("isneginf", equalTo(Number.NEGATIVE_INFINITY));

/** The extreme of two numbers; if one is NaN, the other. */
const ofNumbers = (name: string, op: OpDefinition) =>
  defineCall<BinaryOfTensorsParameters>(name)(["input", "other"], (input, other) => {
    valueOf(input, "input", name);
    valueOf(other, "other", name);
    const [a, b] = promote(name, [input, other]);
    const extreme = emit(op, [a, b]);
    if (!isFloating(a.dtype)) return new Tensor(extreme);
    const known = ops.where(emit(ops.isnanOp, [a]), b, extreme);
    return new Tensor(ops.where(emit(ops.isnanOp, [b]), a, known));
  });

/**
 * The larger of both; if one is NaN, the other.
 *
 * @example
 * ```ts
 * fmax(tensor([1.5, NaN]), tensor([3, 2])).tolist(); // [3, 2]
 * ```
 */
export const fmax = ofNumbers("fmax", ops.maximumOp);
/**
 * The smaller of both; if one is NaN, the other.
 *
 * @example
 * ```ts
 * fmin(tensor([1.5, NaN]), tensor([3, 2])).tolist(); // [1.5, 2]
 * ```
 */
export const fmin = ofNumbers("fmin", ops.minimumOp);
