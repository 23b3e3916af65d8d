/**
 * The loops of sequential minimal optimisation over all active examples. Values are doubles, kernel rows floats.
 *
 * A row is in two parts: the values of the first `first` examples lie behind `low`, those of the others behind `high`,
 * both counted from the first example on: example t's is `high + 4 t`. Examples are all of them (`active` is 0), or
 * those of a list; of the list's, the first `firstActive` are in the first part. Both counts are even without a list.
 */

/** Places in `found`. */
const LARGEST: usize = 0;
const SMALLEST: usize = 8;
const FIRST: usize = 16;

/** How examples are taken, known when this is compiled: those of a list have places of four bytes. */
type All = u8;
type Listed = i32;

/** The place of the k-th active example. */
// @ts-ignore: decorator
@inline
function place<T>(active: usize, k: i32): usize {
  return sizeof<T>() == 1 ? <usize>k : <usize>load<i32>(active + (<usize>k << 2));
}

/** The place of the one behind the k-th, which stands at `a`; a last one alone is taken twice. */
// @ts-ignore: decorator
@inline
function nextPlace<T>(active: usize, k: i32, end: i32, a: usize): usize {
  if (sizeof<T>() == 1) return a + 1;
  return k + 1 < end ? <usize>load<i32>(active + (<usize>k << 2), 4) : a;
}

/** Doubles of two examples. */
// @ts-ignore: decorator
@inline
function two<T>(values: usize, a: usize, b: usize): v128 {
  if (sizeof<T>() == 1) return v128.load(values + (a << 3));
  return v128.load64_lane(values + (b << 3), v128.load64_zero(values + (a << 3)), 1);
}

/** Kernel values of two examples as doubles. */
// @ts-ignore: decorator
@inline
function twoOfRow<T>(row: usize, a: usize, b: usize): v128 {
  if (sizeof<T>() == 1) return f64x2.promote_low_f32x4(v128.load64_zero(row + (a << 2)));
  return f64x2.promote_low_f32x4(v128.load32_lane(row + (b << 2), v128.load32_zero(row + (a << 2)), 1));
}

// @ts-ignore: decorator
@inline
function placesOf(a: usize, b: usize): v128 {
  return f64x2.convert_low_i32x4_u(i32x4.replace_lane(i32x4.splat(<i32>a), 1, <i32>b));
}

/** The place of the larger of two values; of equal ones the lower place. -1 if there is none above `least`. */
// @ts-ignore: decorator
@inline
function placeOfLarger(values: v128, places: v128, least: f64): i32 {
  const a = f64x2.extract_lane(values, 0);
  const b = f64x2.extract_lane(values, 1);
  const placeA = <i32>f64x2.extract_lane(places, 0);
  const placeB = <i32>f64x2.extract_lane(places, 1);
  if (a > least && (a > b || (a == b && placeA < placeB))) return placeA;
  return b > least ? placeB : -1;
}

// @ts-ignore: decorator
@inline
function moveAndSelectOf<T>(
  f: usize,
  grow: usize,
  shrink: usize,
  lowI: usize,
  highI: usize,
  lowJ: usize,
  highJ: usize,
  amount: f64,
  active: usize,
  firstActive: i32,
  count: i32,
  found: usize,
): void {
  const factor = f64x2.splat(amount);
  let most = f64x2.splat(-Infinity);
  let places = f64x2.splat(-1);
  let least = f64x2.splat(Infinity);
  let rowI = lowI;
  let rowJ = lowJ;
  let end = firstActive;
  let k = 0;
  for (let part = 0; part < 2; part++) {
    while (k < end) {
      const a = place<T>(active, k);
      const b = nextPlace<T>(active, k, end, a);
      const difference = f64x2.sub(twoOfRow<T>(rowI, a, b), twoOfRow<T>(rowJ, a, b));
      const value = f64x2.add(two<T>(f, a, b), f64x2.mul(factor, difference));
      if (sizeof<T>() == 1) v128.store(f + (a << 3), value);
      else {
        v128.store64_lane(f + (a << 3), value, 0);
        v128.store64_lane(f + (b << 3), value, 1);
      }
      const up = f64x2.sub(two<T>(grow, a, b), value);
      const larger = f64x2.gt(up, most);
      most = v128.bitselect(up, most, larger);
      places = v128.bitselect(placesOf(a, b), places, larger);
      least = f64x2.pmin(least, f64x2.sub(f64x2.neg(two<T>(shrink, a, b)), value));
      k += 2;
    }
    rowI = highI;
    rowJ = highJ;
    k = end;
    end = count;
  }
  store<f64>(found, max(f64x2.extract_lane(most, 0), f64x2.extract_lane(most, 1)), LARGEST);
  store<f64>(found, min(f64x2.extract_lane(least, 0), f64x2.extract_lane(least, 1)), SMALLEST);
  store<f64>(found, <f64>placeOfLarger(most, places, -Infinity), FIRST);
}

/**
 * Moves f by `amount` times the difference of two rows, and finds the example that most wants to grow and how far the
 * optimality conditions are violated.
 *
 * @param grow - 0 for each example that may grow, else -Infinity; `shrink` likewise.
 * @param found - the largest value, the smallest, and the place of the largest, as doubles.
 */
export function moveAndSelect(
  f: usize,
  grow: usize,
  shrink: usize,
  lowI: usize,
  highI: usize,
  lowJ: usize,
  highJ: usize,
  amount: f64,
  active: usize,
  firstActive: i32,
  count: i32,
  found: usize,
): void {
  if (active == 0)
    moveAndSelectOf<All>(f, grow, shrink, lowI, highI, lowJ, highJ, amount, active, firstActive, count, found);
  else moveAndSelectOf<Listed>(f, grow, shrink, lowI, highI, lowJ, highJ, amount, active, firstActive, count, found);
}

/** In place of a curvature that is not positive (LIBSVM's TAU). */
const TAU: f64 = 1e-12;

// @ts-ignore: decorator
@inline
function secondOfPairOf<T>(
  f: usize,
  shrink: usize,
  diagonal: usize,
  low: usize,
  high: usize,
  from: f64,
  own: f64,
  active: usize,
  firstActive: i32,
  count: i32,
): i32 {
  const start = f64x2.splat(from);
  const ownTwice = f64x2.splat(own);
  const least = f64x2.splat(TAU);
  let best = f64x2.splat(0);
  let places = f64x2.splat(-1);
  let row = low;
  let end = firstActive;
  let k = 0;
  for (let part = 0; part < 2; part++) {
    while (k < end) {
      const a = place<T>(active, k);
      const b = nextPlace<T>(active, k, end, a);
      const gap = f64x2.add(f64x2.add(start, two<T>(f, a, b)), two<T>(shrink, a, b));
      const value = twoOfRow<T>(row, a, b);
      const sum = f64x2.add(ownTwice, two<T>(diagonal, a, b));
      const curvature = f64x2.pmax(least, f64x2.sub(sum, f64x2.add(value, value)));
      // The gap's sign stays: what does not violate the conditions is below 0.
      const decrease = f64x2.div(f64x2.mul(gap, f64x2.abs(gap)), curvature);
      const larger = f64x2.gt(decrease, best);
      best = v128.bitselect(decrease, best, larger);
      places = v128.bitselect(placesOf(a, b), places, larger);
      k += 2;
    }
    row = high;
    k = end;
    end = count;
  }
  return placeOfLarger(best, places, 0);
}

/**
 * The example whose pair with another decreases the objective most: gap^2 / curvature; -1 if none does.
 *
 * @param from - minus f of the other.
 * @param own - the other's kernel value with itself.
 */
export function secondOfPair(
  f: usize,
  shrink: usize,
  diagonal: usize,
  low: usize,
  high: usize,
  from: f64,
  own: f64,
  active: usize,
  firstActive: i32,
  count: i32,
): i32 {
  return active == 0
    ? secondOfPairOf<All>(f, shrink, diagonal, low, high, from, own, active, firstActive, count)
    : secondOfPairOf<Listed>(f, shrink, diagonal, low, high, from, own, active, firstActive, count);
}

/** Whether all floats are finite; their count is a multiple of four. */
export function allFinite(values: usize, count: i32): i32 {
  let sum = f32x4.splat(0);
  const end = values + (<usize>count << 2);
  for (let at = values; at < end; at += 16) {
    const four = v128.load(at);
    // Zero, or NaN.
    sum = f32x4.add(sum, f32x4.sub(four, four));
  }
  return v128.any_true(f32x4.ne(sum, f32x4.splat(0))) ? 0 : 1;
}
