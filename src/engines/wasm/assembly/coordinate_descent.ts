/**
 * The steps of a linear support vector machine on rows of floats. Weights are kept in double precision ("wide"), or in
 * single precision, which is twice as fast. Counts are multiples of eight, in `descentPass` of sixteen.
 */

/** The sum of x[i] * w[i]; x in single, w in double precision. */
function dotWide(x: usize, w: usize, count: i32): f64 {
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

/** Four sums as doubles, added up. */
// @ts-ignore: decorator
@inline
function sumOf(four: v128): v128 {
  return f64x2.add(f64x2.promote_low_f32x4(four), f64x2.promote_low_f32x4(v128.shuffle<i64>(four, four, 1, 1)));
}

/** The same with w in single precision; sixteen sums, each of which rounds little. The count is a multiple of sixteen. */
function dotNarrow(x: usize, w: usize, count: i32): f64 {
  let a = f32x4.splat(0);
  let b = f32x4.splat(0);
  let c = f32x4.splat(0);
  let d = f32x4.splat(0);
  const end = x + (<usize>count << 2);
  while (x < end) {
    a = f32x4.add(a, f32x4.mul(v128.load(x), v128.load(w)));
    b = f32x4.add(b, f32x4.mul(v128.load(x, 16), v128.load(w, 16)));
    c = f32x4.add(c, f32x4.mul(v128.load(x, 32), v128.load(w, 32)));
    d = f32x4.add(d, f32x4.mul(v128.load(x, 48), v128.load(w, 48)));
    x += 64;
    w += 64;
  }
  const all = f64x2.add(f64x2.add(sumOf(a), sumOf(b)), f64x2.add(sumOf(c), sumOf(d)));
  return f64x2.extract_lane(all, 0) + f64x2.extract_lane(all, 1);
}

/** w[i] += scale * x[i]; w in double precision. */
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

/** The same in single precision; the count is a multiple of sixteen. */
function addScaledNarrow(w: usize, x: usize, scale: f64, count: i32): void {
  const factor = f32x4.splat(<f32>scale);
  const end = x + (<usize>count << 2);
  while (x < end) {
    v128.store(w, f32x4.add(v128.load(w), f32x4.mul(v128.load(x), factor)));
    v128.store(w, f32x4.add(v128.load(w, 16), f32x4.mul(v128.load(x, 16), factor)), 16);
    v128.store(w, f32x4.add(v128.load(w, 32), f32x4.mul(v128.load(x, 32), factor)), 32);
    v128.store(w, f32x4.add(v128.load(w, 48), f32x4.mul(v128.load(x, 48), factor)), 48);
    x += 64;
    w += 64;
  }
}

/** The sum of x[i] squared, in double precision. */
export function squareWide(x: usize, count: i32): f64 {
  let a = f64x2.splat(0);
  let b = f64x2.splat(0);
  const end = x + (<usize>count << 2);
  while (x < end) {
    const one = f64x2.promote_low_f32x4(v128.load64_zero(x));
    const two = f64x2.promote_low_f32x4(v128.load64_zero(x, 8));
    a = f64x2.add(a, f64x2.mul(one, one));
    b = f64x2.add(b, f64x2.mul(two, two));
    x += 16;
  }
  const sum = f64x2.add(a, b);
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/** Places in `numbers`. */
const BIAS: usize = 0;
const DIAGONAL: usize = 8;
const UPPER: usize = 16;
const MOST_BEFORE: usize = 24;
const LEAST_BEFORE: usize = 32;
const INTERCEPT: usize = 40;
const MOST: usize = 48;
const LEAST: usize = 56;

/**
 * One pass over the active examples, in their order: each coefficient goes to where the dual objective is least, unless it
 * is likely to stay at its bound; such examples go behind the active ones.
 *
 * @param rows - the examples, `stride` floats each: a multiple of sixteen.
 * @param signs - a double for each example: 1 or -1.
 * @param numbers - the settings, and the intercept and the largest and smallest projected gradient, which are written.
 * @returns how many examples are active afterwards.
 */
export function descentPass(
  rows: usize,
  stride: i32,
  weights: usize,
  wide: i32,
  order: usize,
  active: i32,
  alphas: usize,
  curvatures: usize,
  signs: usize,
  numbers: usize,
): i32 {
  const bias = load<f64>(numbers, BIAS);
  const diagonal = load<f64>(numbers, DIAGONAL);
  const upper = load<f64>(numbers, UPPER);
  const mostBefore = load<f64>(numbers, MOST_BEFORE);
  const leastBefore = load<f64>(numbers, LEAST_BEFORE);
  let intercept = load<f64>(numbers, INTERCEPT);
  let most = -Infinity;
  let least = Infinity;
  let s = 0;
  while (s < active) {
    const place = order + (<usize>s << 2);
    const i = load<i32>(place);
    const eight = <usize>i << 3;
    const x = rows + ((<usize>i * <usize>stride) << 2);
    const sign = load<f64>(signs + eight);
    const alpha = load<f64>(alphas + eight);
    const product = wide != 0 ? dotWide(x, weights, stride) : dotNarrow(x, weights, stride);
    const gradient = sign * (product + bias * intercept) - 1 + alpha * diagonal;
    let projected = gradient;
    if (alpha == 0 ? gradient > mostBefore : alpha == upper && gradient < leastBefore) {
      active--;
      const last = order + (<usize>active << 2);
      store<i32>(place, load<i32>(last));
      store<i32>(last, i);
      continue;
    }
    s++;
    if (alpha == 0 ? gradient > 0 : alpha == upper && gradient < 0) projected = 0;
    if (projected > most) most = projected;
    if (projected < least) least = projected;
    if (projected <= 1e-12 && projected >= -1e-12) continue;
    const moved = min(max(alpha - gradient / load<f64>(curvatures + eight), 0), upper);
    store<f64>(alphas + eight, moved);
    const step = (moved - alpha) * sign;
    if (step == 0) continue;
    if (wide != 0) addScaledWide(weights, x, step, stride);
    else addScaledNarrow(weights, x, step, stride);
    intercept += step * bias;
  }
  store<f64>(numbers, intercept, INTERCEPT);
  store<f64>(numbers, most, MOST);
  store<f64>(numbers, least, LEAST);
  return active;
}
