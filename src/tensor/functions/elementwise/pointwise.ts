/** Element-wise functions of one tensor: signs, powers, exponentials and logarithms. */
import { emit } from "../../../graph/node.ts";
import * as ops from "../../../ops/elementwise/elementwise.ts";
import * as math from "../../../ops/elementwise/math.ts";
import { anyNumber, computed, floating } from "./unary.ts";

export type { UnaryParameters } from "./unary.ts";

/**
 * -x
 *
 * @throws DTypeError for bools.
 * @example
 * ```ts
 * neg(tensor([1, -2])).tolist(); // [-1, 2]
 * ```
 */
export const neg = anyNumber("neg", ops.negOp);
/**
 * |x|
 *
 * @example
 * ```ts
 * abs(tensor([-1.5, 2])).tolist(); // [1.5, 2]
 * ```
 */
export const abs = computed("abs", (x) => (x.dtype === "bool" ? x : emit(ops.absOp, [x])));
/**
 * -1, 0 or 1; 0 for NaN.
 *
 * @example
 * ```ts
 * sign(tensor([-3, 0, 0.5])).tolist(); // [-1, 0, 1]
 * ```
 */
export const sign = computed("sign", (x) => emit(ops.signOp, [x]));
/**
 * e^x
 *
 * @example
 * ```ts
 * exp(tensor([0, 1])).tolist(); // [1, 2.71828]
 * ```
 */
export const exp = floating("exp", ops.expOp);
/**
 * e^x - 1, to the last digits of small results.
 *
 * @example
 * ```ts
 * expm1(tensor(1e-6)).item(); // 1.0000005e-6
 * ```
 */
export const expm1 = floating("expm1", ops.expm1Op);
/**
 * 2^x
 *
 * @example
 * ```ts
 * exp2(tensor([3, -1])).tolist(); // [8, 0.5]
 * ```
 */
export const exp2 = floating("exp2", math.exp2Op);
/**
 * Natural logarithm; NaN below 0.
 *
 * @example
 * ```ts
 * log(tensor([1, Math.E])).tolist(); // [0, 1.00000]
 * ```
 */
export const log = floating("log", ops.logOp);
/**
 * ln(1 + x), to the last digits of small results.
 *
 * @example
 * ```ts
 * log1p(tensor(1e-6)).item(); // 9.999995e-7
 * ```
 */
export const log1p = floating("log1p", ops.log1pOp);
/**
 * Logarithm to the base 2; NaN below 0.
 *
 * @example
 * ```ts
 * log2(tensor([8, 0.5])).tolist(); // [3, -1]
 * ```
 */
export const log2 = floating("log2", math.log2Op);
/**
 * Logarithm to the base 10; NaN below 0.
 *
 * @example
 * ```ts
 * log10(tensor([1000, 0.1])).tolist(); // [3.00000, -1.00000]
 * ```
 */
export const log10 = floating("log10", math.log10Op);
/**
 * Square root; NaN below 0.
 *
 * @example
 * ```ts
 * sqrt(tensor([9, 2])).tolist(); // [3, 1.41421]
 * ```
 */
export const sqrt = floating("sqrt", ops.sqrtOp);
/**
 * 1 / sqrt(x)
 *
 * @example
 * ```ts
 * rsqrt(tensor([4, 0.25])).tolist(); // [0.50000, 2.00000]
 * ```
 */
export const rsqrt = floating("rsqrt", ops.rsqrtOp);
/**
 * x^2
 *
 * @example
 * ```ts
 * square(tensor([3, -2])).tolist(); // [9, 4]
 * ```
 */
export const square = computed("square", (x) => (x.dtype === "bool" ? ops.cast(x, "int64") : ops.mul(x, x)));
/**
 * 1 / x
 *
 * @example
 * ```ts
 * reciprocal(tensor([2, -4])).tolist(); // [0.5, -0.25]
 * ```
 */
export const reciprocal = floating("reciprocal", ops.reciprocalOp);
/**
 * 1 / (1 + e^-x)
 *
 * @example
 * ```ts
 * sigmoid(tensor([0, 2])).tolist(); // [0.5, 0.88080]
 * ```
 */
export const sigmoid = floating("sigmoid", ops.sigmoidOp);
/**
 * max(x, 0)
 *
 * @example
 * ```ts
 * relu(tensor([-1, 2])).tolist(); // [0, 2]
 * ```
 */
export const relu = anyNumber("relu", ops.reluOp);
