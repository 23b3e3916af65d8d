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

/** -x */
export const neg = anyNumber("neg", ops.negOp);
/** |x| */
export const abs = computed("abs", (x) => (x.dtype === "bool" ? x : emit(ops.absOp, [x])));
/** -1, 0 or 1; 0 for NaN. */
export const sign = computed("sign", (x) => emit(ops.signOp, [x]));
/** e^x */
export const exp = floating("exp", ops.expOp);
/** e^x - 1, to the last digits of small results. */
export const expm1 = floating("expm1", ops.expm1Op);
/** 2^x */
export const exp2 = floating("exp2", math.exp2Op);
/** Natural logarithm; NaN below 0. */
export const log = floating("log", ops.logOp);
/** ln(1 + x), to the last digits of small results. */
export const log1p = floating("log1p", ops.log1pOp);
export const log2 = floating("log2", math.log2Op);
export const log10 = floating("log10", math.log10Op);
export const sqrt = floating("sqrt", ops.sqrtOp);
/** 1 / sqrt(x) */
export const rsqrt = floating("rsqrt", ops.rsqrtOp);
/** x^2 */
export const square = computed("square", (x) => (x.dtype === "bool" ? ops.cast(x, "int64") : ops.mul(x, x)));
/** 1 / x */
export const reciprocal = floating("reciprocal", ops.reciprocalOp);
/** 1 / (1 + e^-x) */
export const sigmoid = floating("sigmoid", ops.sigmoidOp);
/** max(x, 0) */
export const relu = anyNumber("relu", ops.reluOp);

export const sin = floating("sin", ops.sinOp);
export const cos = floating("cos", ops.cosOp);
export const tan = floating("tan", math.tanOp);
export const asin = floating("asin", math.asinOp);
export const acos = floating("acos", math.acosOp);
export const atan = floating("atan", math.atanOp);
export const sinh = floating("sinh", math.sinhOp);
export const cosh = floating("cosh", math.coshOp);
export const tanh = floating("tanh", ops.tanhOp);
export const asinh = floating("asinh", math.asinhOp);
export const acosh = floating("acosh", math.acoshOp);
export const atanh = floating("atanh", math.atanhOp);
/** Gauss error function, 2/sqrt(pi) times the integral of e^(-t^2) from 0 to x. */
export const erf = floating("erf", ops.erfOp);
/** 1 - erf(x) */
export const erfc = floating("erfc", math.erfcOp);
/** The x in (-1, 1) whose erf it is. */
export const erfinv = floating("erfinv", math.erfinvOp);

/** The largest integer that is not above x. */
export const floor = anyNumber("floor", ops.floorOp);
/** The smallest integer that is not below x. */
export const ceil = anyNumber("ceil", ops.ceilOp);
/** The integer part, towards 0. */
export const trunc = anyNumber("trunc", ops.truncOp);
/** x - trunc(x) */
export const frac = computed("frac", (x) => ops.sub(x, emit(ops.truncOp, [x])));

export interface Round {
  (input: Tensor, decimals?: number): Tensor;
  (input: Tensor, options: { decimals?: number }): Tensor;
}

/** The nearest integer, halves to the even one; with `decimals`, to so many decimal places. */
export const round: Round = defineFunction("round", ["input", "decimals?"], ({ input, decimals = 0 }) => {
  const value = numberValue("round", input);
  if (decimals === 0 || !isFloating(value.dtype)) return new Tensor(emit(ops.roundOp, [value]));
  const power = constant(10 ** Math.abs(decimals), value.dtype);
  const [into, back] = decimals > 0 ? [ops.mul, ops.div] : [ops.div, ops.mul];
  return new Tensor(back(emit(ops.roundOp, [into(value, power)]), power));
});

/** Whether x is NaN. */
export const isnan = computed("isnan", (x) => emit(ops.isnanOp, [x]));
/** Whether x is infinite, of either sign. */
export const isinf = computed("isinf", (x) => magnitudeCompared(x, ops.eqOp, 0));
/** Whether x is neither NaN nor infinite. */
export const isfinite = computed("isfinite", (x) => magnitudeCompared(x, ops.ltOp, 1));
/** Whether x is 0 (false). */
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

/** Puts numbers in the places of NaN (0) and the infinities (the dtype's largest and smallest). */
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
