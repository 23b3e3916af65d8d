/** Functions of two numbers, or of a probability, that are made of logarithms, and powers in full precision. */

import { DTypeError } from "../../../base/errors.ts";
import { emit, type OpDefinition, type Value } from "../../../graph/node.ts";
import { constant } from "../../../ops/creation.ts";
import * as ops from "../../../ops/elementwise/elementwise.ts";
import * as math from "../../../ops/elementwise/math.ts";
import type { InputParameter } from "../../input_parameter.ts";
import { floatingValue, inWideNumbers, promote, requireTensors, toValue } from "../../operands.ts";
import { defineCall, Tensor, valueOf } from "../../tensor.ts";
import type { BinaryOfTensorsParameters, BinaryParameters, PowParameters } from "./arithmetic.ts";

/** max + log(1 + base^-|a - b|); infinities that are equal are the result themselves. */
const addedInLogarithms = (name: string, power: OpDefinition, scale: number) =>
  defineCall<BinaryOfTensorsParameters>(name)(["input", "other"], (input, other) => {
    valueOf(input, "input", name);
    valueOf(other, "other", name);
    const [a, b] = promote(name, [input, other]);
    const sum = (x: Value, y: Value) => {
      const infinite = ops.eq(emit(ops.absOp, [x]), constant(Number.POSITIVE_INFINITY, x.dtype));
      const same = emit(ops.logicalAndOp, [ops.eq(x, y), infinite]);
      const apart = emit(ops.absOp, [ops.where(same, constant(0, x.dtype), ops.sub(x, y))]);
      const rest = emit(ops.log1pOp, [emit(power, [ops.neg(apart)])]);
      const scaled = scale === 1 ? rest : ops.mul(rest, constant(scale, x.dtype));
      return ops.where(same, x, ops.add(emit(ops.maximumOp, [x, y]), scaled));
    };
    if (a.dtype === "bool" || a.dtype.startsWith("int") || a.dtype === "uint8")
      throw new DTypeError(`${name}: expected floating-point operands, got ${a.dtype}`);
    return new Tensor(inWideNumbers(a, sum, b));
  });

/**
 * ln(e^input + e^other), without overflow.
 *
 * @example
 * ```ts
 * logaddexp(tensor([1000.5]), tensor([1000.5])).tolist(); // [1001.193]
 * ```
 */
export const logaddexp = addedInLogarithms("logaddexp", ops.expOp, 1);
/**
 * The logarithm to the base 2 of 2^input + 2^other, without overflow.
 *
 * @example
 * ```ts
 * logaddexp2(tensor([2.5]), tensor([2.5])).tolist(); // [3.5]
 * ```
 */
export const logaddexp2 = addedInLogarithms("logaddexp2", math.exp2Op, 1 / Math.LN2);

/**
 * input * ln(other); 0 if the input is 0, whatever the other, unless that is NaN. The terms of an entropy.
 *
 * @example
 * ```ts
 * xlogy(tensor([0, 2]), tensor([0, 3])).tolist(); // [0, 2.19722]
 * ```
 */
export const xlogy = defineCall<BinaryParameters>("xlogy")(["input", "other"], (input, other) => {
  requireTensors("xlogy", input, other, "one");
  const [a, b] = promote("xlogy", [input, other], true);
  const product = (x: Value, y: Value) => {
    const zero = constant(0, x.dtype);
    const regular = emit(ops.logicalAndOp, [
      ops.gt(y, zero),
      ops.lt(y, constant(Number.POSITIVE_INFINITY, x.dtype)),
    ]);
    const open = emit(ops.logicalOrOp, [regular, emit(ops.isnanOp, [y])]);
    const silent = emit(ops.logicalAndOp, [ops.eq(x, zero), emit(ops.logicalNotOp, [open])]);
    return ops.where(silent, zero, ops.mul(x, ops.log(ops.where(silent, constant(1, x.dtype), y))));
  };
  return new Tensor(inWideNumbers(a, product, b));
});

export interface LogitParameters extends InputParameter {
  /** A small number that keeps the result finite. @default null */
  eps?: number | null;
}

/**
 * ln(x / (1 - x)), the inverse of sigmoid; with `eps`, x is first brought between eps and 1 - eps.
 *
 * @example
 * ```ts
 * logit(tensor([0.5, 0.75])).tolist(); // [0, 1.09861]
 * ```
 */
export const logit = defineCall<LogitParameters>("logit")(
  ["input", "eps?:number|null"],
  (input, eps = null) => {
    const value = floatingValue("logit", input);
    const ofOdds = (x: Value) => {
      const number = (n: number) => constant(n, x.dtype);
      let within = x;
      if (eps !== null) {
        const top = ops.where(ops.gt(x, number(1 - eps)), number(1 - eps), x);
        within = ops.where(ops.lt(x, number(eps)), number(eps), top);
      }
      return ops.log(ops.div(within, ops.sub(number(1), within)));
    };
    return new Tensor(inWideNumbers(value, ofOdds));
  },
);

/**
 * input ^ exponent, computed and given in float64.
 *
 * @example
 * ```ts
 * floatPower(tensor([2, 3]), -1).tolist(); // [0.5, 0.33333]
 * ```
 */
export const floatPower = defineCall<PowParameters>("floatPower")(
  ["input", "exponent"],
  (input, exponent) => {
    requireTensors("floatPower", input, exponent, "one");
    promote("floatPower", [input, exponent]);
    return new Tensor(ops.pow(toValue(input, "float64"), toValue(exponent, "float64")));
  },
);

/**
 * input * 2^other
 *
 * @example
 * ```ts
 * ldexp(tensor([0.75]), tensor([3])).tolist(); // [6]
 * ```
 */
export const ldexp = defineCall<BinaryOfTensorsParameters>("ldexp")(["input", "other"], (input, other) => {
  valueOf(input, "input", "ldexp");
  valueOf(other, "other", "ldexp");
  const [a, b] = promote("ldexp", [input, other], true);
  return new Tensor(inWideNumbers(a, (x, y) => ops.mul(x, emit(math.exp2Op, [y])), b));
});
