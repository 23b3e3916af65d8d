/**
 * Transcendental functions of four floats at once, written as instructions. Each takes its argument in a local
 * and leaves the result on the stack. Relative errors against float64 stay within 1e-6 (erf: absolute); the
 * polynomials are least-squares fits with weights that level the relative error over the interval.
 */
import type { FunctionBuilder, Local } from "./emitter.ts";

/** Whether fused multiply-add may be used. */
export interface VectorMathOptions {
  readonly relaxed: boolean;
}

export type VectorFunction = (f: FunctionBuilder, x: Local, options: VectorMathOptions) => void;

const LOG2_E = 1.4426950408889634;
/** ln 2 in two parts: the first has few bits, so that its product with a small integer is exact. */
const LN2_HIGH = 0.693359375;
const LN2_LOW = Math.LN2 - LN2_HIGH;
/** Adding it rounds a small float to an integer, which then stands in the low bits. */
const ROUNDER = 12582912;
const ONE_BITS = 0x3f800000;

const EXP = [1, 1, 0.49999994, 0.16666515, 0.041668456, 0.00836941, 0.0013813161];
const EXPM1 = [1, 0.50000006, 0.16666669, 0.041665316, 0.008333072, 0.0013997447, 0.00019993185];
const TANH = [1, -0.33333284, 0.13331491, -0.053743497, 0.020650588, -0.005717045];
const LOG = [0.6666679, 0.39975643, 0.2992616];
const ERF = [1.1283791, -0.37612626, 0.112835854, -0.026853813, 0.0051883277, -0.00080101937, 0.000078538615];
/** erfc(x) = (a1 t + ... + a5 t^5) exp(-x^2), t = 1 / (1 + p x). Abramowitz and Stegun, 7.1.26. */
const ERFC = [0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429];
const ERFC_P = 0.3275911;

/** Pops nothing; pushes the polynomial sum of coefficients[k] * z^k. */
function polynomial(
  f: FunctionBuilder,
  z: Local,
  coefficients: readonly number[],
  options: VectorMathOptions,
): void {
  f.v128f32(coefficients[coefficients.length - 1]);
  for (let k = coefficients.length - 2; k >= 0; k--) {
    f.get(z);
    if (options.relaxed) f.v128f32(coefficients[k]).simd("f32x4.relaxed_madd");
    else f.simd("f32x4.mul").v128f32(coefficients[k]).simd("f32x4.add");
  }
}

/** Pushes a * b + c. */
function multiplyAdd(f: FunctionBuilder, a: Local, b: number, c: Local, options: VectorMathOptions): void {
  f.get(a).v128f32(b);
  if (options.relaxed) f.get(c).simd("f32x4.relaxed_madd");
  else f.simd("f32x4.mul").get(c).simd("f32x4.add");
}

/** Pushes 2^n for integers n in -127 < n < 128. */
function powerOfTwo(f: FunctionBuilder, n: Local): void {
  f.get(n).i32(23).simd("i32x4.shl").v128i32([ONE_BITS, ONE_BITS, ONE_BITS, ONE_BITS]).simd("i32x4.add");
}

/** e^x = 2^n e^r with |r| <= ln 2 / 2; the scaling takes two steps, so that results may be denormal. */
export function vectorExp(f: FunctionBuilder, x: Local, options: VectorMathOptions): void {
  const clamped = f.get(x).v128f32(89).simd("f32x4.pmin").v128f32(-104).simd("f32x4.pmax").keep("v128");
  const shifted = f
    .get(clamped)
    .v128f32(LOG2_E)
    .simd("f32x4.mul")
    .v128f32(ROUNDER)
    .simd("f32x4.add")
    .keep("v128");
  const whole = f.get(shifted).v128f32(ROUNDER).simd("f32x4.sub").keep("v128");
  multiplyAdd(f, whole, -LN2_HIGH, clamped, options);
  const high = f.keep("v128");
  multiplyAdd(f, whole, -LN2_LOW, high, options);
  const r = f.keep("v128");
  const n = f.get(shifted).v128f32(ROUNDER).simd("i32x4.sub").keep("v128");
  const half = f.get(n).i32(1).simd("i32x4.shr_s").keep("v128");
  const rest = f.get(n).get(half).simd("i32x4.sub").keep("v128");
  polynomial(f, r, EXP, options);
  powerOfTwo(f, half);
  f.simd("f32x4.mul");
  powerOfTwo(f, rest);
  f.simd("f32x4.mul");
}

/**
 * 1 / (1 + e^-x). The exponential is cheaper here than on its own: what is below e^-87 vanishes beside 1, and
 * what is above the range of floats may be infinity, so one power of two scales it.
 */
export function vectorSigmoid(f: FunctionBuilder, x: Local, options: VectorMathOptions): void {
  const y = f
    .get(x)
    .simd("f32x4.neg")
    .v128f32(89)
    .simd("f32x4.pmin")
    .v128f32(-87)
    .simd("f32x4.pmax")
    .keep("v128");
  // Its low bits are the exponent bits of 2^n.
  const shifted = f
    .get(y)
    .v128f32(LOG2_E)
    .simd("f32x4.mul")
    .v128f32(ROUNDER + 127)
    .simd("f32x4.add")
    .keep("v128");
  const whole = f
    .get(shifted)
    .v128f32(ROUNDER + 127)
    .simd("f32x4.sub")
    .keep("v128");
  multiplyAdd(f, whole, -LN2_HIGH, y, options);
  const high = f.keep("v128");
  multiplyAdd(f, whole, -LN2_LOW, high, options);
  const r = f.keep("v128");
  f.v128f32(1);
  polynomial(f, r, EXP, options);
  f.get(shifted).i32(23).simd("i32x4.shl").simd("f32x4.mul");
  f.v128f32(1).simd("f32x4.add").simd("f32x4.div");
}

/** An odd polynomial near 0, else 1 - 2 / (e^2|x| + 1) with the sign of x. */
export function vectorTanh(f: FunctionBuilder, x: Local, options: VectorMathOptions): void {
  const size = f.get(x).simd("f32x4.abs").keep("v128");
  const square = f.get(x).get(x).simd("f32x4.mul").keep("v128");
  f.get(x);
  polynomial(f, square, TANH, options);
  f.simd("f32x4.mul");
  const doubled = f.get(size).get(size).simd("f32x4.add").keep("v128");
  f.v128f32(1).v128f32(2);
  vectorExp(f, doubled, options);
  f.v128f32(1).simd("f32x4.add").simd("f32x4.div").simd("f32x4.sub");
  withSignOf(f, x);
  f.get(size).v128f32(0.625).simd("f32x4.lt").simd("v128.bitselect");
}

/** Gives the positive floats on the stack the signs of x. */
function withSignOf(f: FunctionBuilder, x: Local): void {
  const sign = -0x80000000;
  f.get(x).v128i32([sign, sign, sign, sign]).simd("v128.and").simd("v128.or");
}

/** log(m 2^e) = e ln 2 + 2 artanh(f / (2 + f)), f = m - 1, m between sqrt(1/2) and sqrt(2). */
export function vectorLog(f: FunctionBuilder, x: Local, options: VectorMathOptions): void {
  const tiny = f.get(x).v128f32(1.1754943508222875e-38).simd("f32x4.lt").keep("v128");
  f.get(x).v128f32(8388608).simd("f32x4.mul").get(x).get(tiny).simd("v128.bitselect");
  const normal = f.keep("v128");
  // Subtracting the bits of sqrt(1/2) puts the border between two exponents there.
  const border = 0x3f3504f3;
  const moved = f.get(normal).v128i32([border, border, border, border]).simd("i32x4.sub").keep("v128");
  f.get(moved).i32(23).simd("i32x4.shr_s");
  f.get(tiny).v128i32([23, 23, 23, 23]).simd("v128.and").simd("i32x4.sub");
  const exponent = f.simd("f32x4.convert_i32x4_s").keep("v128");
  const mask = 0x7fffff;
  f.get(moved).v128i32([mask, mask, mask, mask]).simd("v128.and");
  f.v128i32([border, border, border, border]).simd("i32x4.add");
  const fraction = f.v128f32(1).simd("f32x4.sub").keep("v128");
  const s = f.get(fraction).get(fraction).v128f32(2).simd("f32x4.add").simd("f32x4.div").keep("v128");
  const square = f.get(s).get(s).simd("f32x4.mul").keep("v128");
  f.get(s).get(square).simd("f32x4.mul");
  polynomial(f, square, LOG, options);
  f.simd("f32x4.mul").get(s).get(s).simd("f32x4.add").simd("f32x4.add");
  const small = f.keep("v128");
  multiplyAdd(f, exponent, LN2_LOW, small, options);
  const low = f.keep("v128");
  multiplyAdd(f, exponent, LN2_HIGH, low, options);
  const finite = f.keep("v128");
  // Infinity and NaN come back as they are, 0 gives -infinity, negative numbers NaN.
  f.get(finite).get(x).get(x).v128f32(Infinity).simd("f32x4.lt").simd("v128.bitselect");
  f.v128f32(-Infinity).get(x).v128f32(0).simd("f32x4.ne").simd("v128.bitselect");
  const nan = 0x7fc00000;
  f.v128i32([nan, nan, nan, nan]).get(x).v128f32(0).simd("f32x4.lt").simd("v128.not").simd("v128.bitselect");
}

/** log(u) x / (u - 1) with u = 1 + x rounded, which cancels the rounding. Source: Kahan; Higham, section 1.14.1. */
export function vectorLog1p(f: FunctionBuilder, x: Local, options: VectorMathOptions): void {
  const u = f.get(x).v128f32(1).simd("f32x4.add").keep("v128");
  vectorLog(f, u, options);
  const log = f.keep("v128");
  f.get(x);
  f.get(log).get(x).get(u).v128f32(1).simd("f32x4.sub").simd("f32x4.div").simd("f32x4.mul");
  f.get(u).v128f32(1).simd("f32x4.eq").simd("v128.bitselect");
  f.get(x).get(x).v128f32(Infinity).simd("f32x4.ne").simd("v128.bitselect");
}

/** A polynomial near 0, else e^x - 1. */
export function vectorExpm1(f: FunctionBuilder, x: Local, options: VectorMathOptions): void {
  f.get(x);
  polynomial(f, x, EXPM1, options);
  f.simd("f32x4.mul");
  vectorExp(f, x, options);
  f.v128f32(1).simd("f32x4.sub");
  f.get(x).simd("f32x4.abs").v128f32(0.5).simd("f32x4.lt").simd("v128.bitselect");
}

/** An odd polynomial within 1, else 1 - erfc. */
export function vectorErf(f: FunctionBuilder, x: Local, options: VectorMathOptions): void {
  const size = f.get(x).simd("f32x4.abs").v128f32(6).simd("f32x4.pmin").keep("v128");
  const square = f.get(size).get(size).simd("f32x4.mul").keep("v128");
  f.get(x);
  polynomial(f, square, ERF, options);
  f.simd("f32x4.mul");
  const negated = f.get(square).simd("f32x4.neg").keep("v128");
  f.v128f32(1).v128f32(1).get(size).v128f32(ERFC_P).simd("f32x4.mul").simd("f32x4.add").simd("f32x4.div");
  const t = f.keep("v128");
  f.v128f32(1);
  polynomial(f, t, ERFC, options);
  f.get(t).simd("f32x4.mul");
  vectorExp(f, negated, options);
  f.simd("f32x4.mul").simd("f32x4.sub");
  withSignOf(f, x);
  f.get(size).v128f32(1).simd("f32x4.lt").simd("v128.bitselect");
}
