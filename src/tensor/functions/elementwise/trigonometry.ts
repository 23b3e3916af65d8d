/** Circular and hyperbolic functions, their inverses, and the error function. */

import { emit, type Value } from "../../../graph/node.ts";
import { constant } from "../../../ops/creation.ts";
import * as ops from "../../../ops/elementwise/elementwise.ts";
import * as math from "../../../ops/elementwise/math.ts";
import { floatingValue, inWideNumbers } from "../../operands.ts";
import { defineCall, Tensor } from "../../tensor.ts";
import { floating, type UnaryParameters } from "./unary.ts";

/**
 * Sine of an angle in radians.
 *
 * @example
 * ```ts
 * sin(tensor([0, Math.PI / 2])).tolist(); // [0, 1.00000]
 * ```
 */
export const sin = floating("sin", ops.sinOp);
/**
 * Cosine of an angle in radians.
 *
 * @example
 * ```ts
 * cos(tensor([0, Math.PI])).tolist(); // [1, -1.00000]
 * ```
 */
export const cos = floating("cos", ops.cosOp);
/**
 * Tangent of an angle in radians.
 *
 * @example
 * ```ts
 * tan(tensor([0, Math.PI / 4])).tolist(); // [0, 1.00000]
 * ```
 */
export const tan = floating("tan", math.tanOp);
/**
 * Angle in radians, from -pi/2 to pi/2, whose sine is x; NaN outside -1 to 1.
 *
 * @example
 * ```ts
 * asin(tensor([0, 1])).tolist(); // [0, 1.57080]
 * ```
 */
export const asin = floating("asin", math.asinOp);
/**
 * Angle in radians, from 0 to pi, whose cosine is x; NaN outside -1 to 1.
 *
 * @example
 * ```ts
 * acos(tensor([1, -1])).tolist(); // [0, 3.14159]
 * ```
 */
export const acos = floating("acos", math.acosOp);
/**
 * Angle in radians, from -pi/2 to pi/2, whose tangent is x.
 *
 * @example
 * ```ts
 * atan(tensor([0, 1])).tolist(); // [0, 0.78540]
 * ```
 */
export const atan = floating("atan", math.atanOp);
/**
 * (e^x - e^-x) / 2
 *
 * @example
 * ```ts
 * sinh(tensor([0, 1])).tolist(); // [0, 1.17520]
 * ```
 */
export const sinh = floating("sinh", math.sinhOp);
/**
 * (e^x + e^-x) / 2
 *
 * @example
 * ```ts
 * cosh(tensor([0, 1])).tolist(); // [1, 1.54308]
 * ```
 */
export const cosh = floating("cosh", math.coshOp);
/**
 * (e^x - e^-x) / (e^x + e^-x)
 *
 * @example
 * ```ts
 * tanh(tensor([0, 1])).tolist(); // [0, 0.76159]
 * ```
 */
export const tanh = floating("tanh", ops.tanhOp);
/**
 * The x whose sinh it is: ln(x + sqrt(x^2 + 1))
 *
 * @example
 * ```ts
 * asinh(tensor([0, 1])).tolist(); // [0, 0.88137]
 * ```
 */
export const asinh = floating("asinh", math.asinhOp);
/**
 * The x >= 0 whose cosh it is; NaN below 1.
 *
 * @example
 * ```ts
 * acosh(tensor([1, 2])).tolist(); // [0, 1.31696]
 * ```
 */
export const acosh = floating("acosh", math.acoshOp);
/**
 * The x whose tanh it is; NaN outside -1 to 1.
 *
 * @example
 * ```ts
 * atanh(tensor([0, 0.5])).tolist(); // [0, 0.54931]
 * ```
 */
export const atanh = floating("atanh", math.atanhOp);
/**
 * Gauss error function, 2/sqrt(pi) times the integral of e^(-t^2) from 0 to x.
 *
 * @example
 * ```ts
 * erf(tensor([0, 1])).tolist(); // [0, 0.84270]
 * ```
 */
export const erf = floating("erf", ops.erfOp);
/**
 * 1 - erf(x)
 *
 * @example
 * ```ts
 * erfc(tensor([0, 1])).tolist(); // [1, 0.15730]
 * ```
 */
export const erfc = floating("erfc", math.erfcOp);
/**
 * The x in (-1, 1) whose erf it is.
 *
 * @example
 * ```ts
 * erfinv(tensor([0, 0.5])).tolist(); // [0, 0.47694]
 * ```
 */
export const erfinv = floating("erfinv", math.erfinvOp);

const scaled = (name: string, factor: number) =>
  defineCall<UnaryParameters>(name)(["input"], (input) => {
    const value = floatingValue(name, input);
    return new Tensor(inWideNumbers(value, (x) => ops.mul(x, constant(factor, x.dtype))));
  });

/**
 * Degrees in radians.
 *
 * @example
 * ```ts
 * deg2rad(tensor([180, -90])).tolist(); // [3.14159, -1.57080]
 * ```
 */
export const deg2rad = scaled("deg2rad", Math.PI / 180);
/**
 * Radians in degrees.
 *
 * @example
 * ```ts
 * rad2deg(tensor([Math.PI])).tolist(); // [180.000]
 * ```
 */
export const rad2deg = scaled("rad2deg", 180 / Math.PI);

/**
 * sin(pi x) / (pi x); 1 at 0.
 *
 * @example
 * ```ts
 * sinc(tensor([0, 0.5])).tolist(); // [1, 0.63662]
 * ```
 */
export const sinc = defineCall<UnaryParameters>("sinc")(["input"], (input) => {
  const ratio = (x: Value) => {
    const isZero = ops.eq(x, constant(0, x.dtype));
    const angle = ops.mul(ops.where(isZero, constant(1, x.dtype), x), constant(Math.PI, x.dtype));
    return ops.where(isZero, constant(1, x.dtype), ops.div(emit(ops.sinOp, [angle]), angle));
  };
  return new Tensor(inWideNumbers(floatingValue("sinc", input), ratio));
});
