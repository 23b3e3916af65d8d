/**
 * Products of rows of floats with weights in double precision: the steps of a linear support vector machine. Counts are
 * multiples of eight.
 */

/** The sum of x[i] * w[i]; x in single, w in double precision. */
export function dotWide(x: usize, w: usize, count: i32): f64 {
  let a = f64x2.splat(0);
  let b = f64x2.splat(0);
  let c = f64x2.splat(0);
  let d = f64x2.splat(0);
  const end = x + (<usize>count << 2);
  while (x < end) {
    a = f64x2.add(a, f64x2.mul(f64x2.promote_low_f32x4(v128.load64_zero(x)), v128.load(w)));
    b = f64x2.add(b, f64x2.mul(f64x2.promote_low_f32x4(v128.load64_zero(x, 8)), v128.load(w, 16)));
    c = f64x2.add(c, f64x2.mul(f64x2.promote_low_f32x4(v128.load64_zero(x, 16)), v128.load(w, 32)));
    d = f64x2.add(d, f64x2.mul(f64x2.promote_low_f32x4(v128.load64_zero(x, 24)), v128.load(w, 48)));
    x += 32;
    w += 64;
  }
  const sum = f64x2.add(f64x2.add(a, b), f64x2.add(c, d));
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/** w[i] += scale * x[i]. */
export function addScaledWide(w: usize, x: usize, scale: f64, count: i32): void {
  const factor = f64x2.splat(scale);
  const end = x + (<usize>count << 2);
  while (x < end) {
    const a = f64x2.mul(f64x2.promote_low_f32x4(v128.load64_zero(x)), factor);
    const b = f64x2.mul(f64x2.promote_low_f32x4(v128.load64_zero(x, 8)), factor);
    const c = f64x2.mul(f64x2.promote_low_f32x4(v128.load64_zero(x, 16)), factor);
    const d = f64x2.mul(f64x2.promote_low_f32x4(v128.load64_zero(x, 24)), factor);
    v128.store(w, f64x2.add(v128.load(w), a));
    v128.store(w, f64x2.add(v128.load(w, 16), b), 16);
    v128.store(w, f64x2.add(v128.load(w, 32), c), 32);
    v128.store(w, f64x2.add(v128.load(w, 48), d), 48);
    x += 32;
    w += 64;
  }
}
