/**
 * a * b + c in four lanes: one fused instruction in the relaxed binary, a product and a sum in the other.
 */
// @ts-ignore: decorator
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** c - a * b in four lanes. */
// @ts-ignore: decorator
@inline
export function msub(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_nmadd(a, b, c);
  return f32x4.sub(c, f32x4.mul(a, b));
}

// @ts-ignore: decorator
@inline
export const ACTIVATION_NONE: u32 = 0;
// @ts-ignore: decorator
@inline
export const ACTIVATION_RELU: u32 = 1;
// @ts-ignore: decorator
@inline
export const ACTIVATION_SIGMOID: u32 = 2;
// @ts-ignore: decorator
@inline
export const ACTIVATION_TANH: u32 = 3;

// @ts-ignore: decorator
@inline
export const ACTIVATION_RELU6: u32 = 4;

/** Adding it to n rounds n to an integer, whose exponent bits (n + 127) then stand lowest. */
// @ts-ignore: decorator
@inline
export const ROUND_TO_EXPONENT: f32 = 12582912 + 127;

/** e^x for x from -87 to 89; NaN at NaN. */
// @ts-ignore: decorator
@inline
export function expBetween(x: v128): v128 {
  const rounded = madd(x, f32x4.splat(1.44269504), f32x4.splat(ROUND_TO_EXPONENT));
  const n = f32x4.sub(rounded, f32x4.splat(ROUND_TO_EXPONENT));
  const p = f32x4.add(f32x4.splat(1), expm1Near0(reduce(x, n)));
  return f32x4.mul(p, i32x4.shl(rounded, 23));
}

/** e^x: 0 at -infinity and below -104, infinity above 89, NaN at NaN; else within 2 ulp. */
export function exp(x: v128): v128 {
  const clamped = f32x4.pmin(f32x4.pmax(x, f32x4.splat(-104)), f32x4.splat(89));
  const n = f32x4.nearest(f32x4.mul(clamped, f32x4.splat(1.44269504)));
  const p = f32x4.add(f32x4.splat(1), expm1Near0(reduce(clamped, n)));
  // 2^n in two factors, since n runs from -150 (results below the normal range) to 128 (infinity).
  const k = i32x4.trunc_sat_f32x4_s(n);
  const half = i32x4.shr_s(k, 1);
  return f32x4.mul(f32x4.mul(p, powerOf2(half)), powerOf2(i32x4.sub(k, half)));
}

/** e^x - 1 for x from -20 to 0. */
// @ts-ignore: decorator
@inline
export function expm1(x: v128): v128 {
  const n = f32x4.nearest(f32x4.mul(x, f32x4.splat(1.44269504)));
  const scale = powerOf2(i32x4.trunc_sat_f32x4_s(n));
  const q = expm1Near0(reduce(x, n));
  return f32x4.add(f32x4.mul(q, scale), f32x4.sub(scale, f32x4.splat(1)));
}

/** x - n ln 2, with ln 2 in two parts, of which the first times n is exact. */
// @ts-ignore: decorator
@inline
function reduce(x: v128, n: v128): v128 {
  const r = f32x4.sub(x, f32x4.mul(n, f32x4.splat(0.693145751953125)));
  return f32x4.sub(r, f32x4.mul(n, f32x4.splat(1.42860682e-6)));
}

/** e^r - 1 for |r| up to ln 2 / 2: Taylor's series to the seventh power leaves 5e-9 of the result. */
// @ts-ignore: decorator
@inline
function expm1Near0(r: v128): v128 {
  let p = madd(r, f32x4.splat(1.0 / 5040), f32x4.splat(1.0 / 720));
  p = madd(p, r, f32x4.splat(1.0 / 120));
  p = madd(p, r, f32x4.splat(1.0 / 24));
  p = madd(p, r, f32x4.splat(1.0 / 6));
  p = madd(p, r, f32x4.splat(0.5));
  return madd(p, f32x4.mul(r, r), r);
}

// @ts-ignore: decorator
@inline
function powerOf2(k: v128): v128 {
  return i32x4.shl(i32x4.add(k, i32x4.splat(127)), 23);
}
