/** Element-wise functions of one tensor. */
import { isFloating } from "../../base/dtype.ts";
import { DTypeError } from "../../base/errors.ts";
import { emit, type OpDefinition, type Value } from "../../graph/node.ts";
import { constant, full } from "../../ops/creation.ts";
import * as ops from "../../ops/elementwise.ts";
import * as math from "../../ops/math.ts";
import { defineFunction } from "../define.ts";
import { floatingValue } from "../operands.ts";
import { Tensor, valueOf } from "../tensor.ts";

/** A function of one tensor. */
export type Unary = (input: Tensor) => Tensor;

const floating = (name: string, op: OpDefinition): Unary =>
  defineFunction(name, ["input"], ({ input }) => new Tensor(emit(op, [floatingValue(name, input)])));

const anyNumber = (name: string, op: OpDefinition): Unary =>
  defineFunction(name, ["input"], ({ input }) => new Tensor(emit(op, [numberValue(name, input)])));

const computed = (name: string, body: (value: Value) => Value): Unary =>
  defineFunction(name, ["input"], ({ input }) => new Tensor(body(valueOf(input, "input", name))));

function numberValue(name: string, input: unknown): Value {
  const value = valueOf(input, "input", name);
  if (value.dtype !== "bool") return value;
  throw new DTypeError(
    `${name}: expected numbers, got bool; convert it with .to("int64"), or use logicalNot`,
  );
}

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

export interface Round {
  (input: Tensor, decimals?: number): Tensor;
  (input: Tensor, options: { decimals?: number }): Tensor;
}

/**
 * The nearest integer, halves to the even one; with `decimals`, to so many decimal places.
 *
 * @example
 * ```ts
 * round(tensor([0.5, 1.5, 2.5])).tolist(); // [0, 2, 2]
 * round(tensor([1.256]), { decimals: 2 }).tolist(); // [1.26]
 * ```
 */
export const round: Round = defineFunction("round", ["input", "decimals?"], ({ input, decimals = 0 }) => {
  const value = numberValue("round", input);
  if (decimals === 0 || !isFloating(value.dtype)) return new Tensor(emit(ops.roundOp, [value]));
  const power = constant(10 ** Math.abs(decimals), value.dtype);
  const [into, back] = decimals > 0 ? [ops.mul, ops.div] : [ops.div, ops.mul];
  return new Tensor(back(emit(ops.roundOp, [into(value, power)]), power));
});

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

export interface NanToNum {
  (input: Tensor, nan?: number, posinf?: number | null, neginf?: number | null): Tensor;
  (input: Tensor, options: { nan?: number; posinf?: number | null; neginf?: number | null }): Tensor;
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
export const nanToNum: NanToNum = defineFunction(
  "nanToNum",
  ["input", "nan?", "posinf?", "neginf?"],
  ({ input, nan = 0, posinf = null, neginf = null }) => {
    const x = valueOf(input, "input", "nanToNum");
    if (!isFloating(x.dtype)) return input;
    const largest = x.dtype === "float32" ? 3.4028234663852886e38 : Number.MAX_VALUE;
    const number = (value: number) => constant(value, x.dtype);
    const noNan = ops.where(emit(ops.isnanOp, [x]), number(nan), x);
    const noTop = ops.where(ops.eq(x, number(Number.POSITIVE_INFINITY)), number(posinf ?? largest), noNan);
    return new Tensor(
      ops.where(ops.eq(x, number(Number.NEGATIVE_INFINITY)), number(neginf ?? -largest), noTop),
    );
  },
);
