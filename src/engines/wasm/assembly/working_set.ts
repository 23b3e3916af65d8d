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

/**
 * Examples whose largest value is found before the place of one is looked for: keeping places beside values would make
 * every example wait for the one before.
 */
const BLOCK: i32 = 64;

// @ts-ignore: decorator
@inline
function larger(values: v128): f64 {
  return max(f64x2.extract_lane(values, 0), f64x2.extract_lane(values, 1));
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
  let most: f64 = -Infinity;
  let block = 0;
  let blockEnd = 0;
  let least = f64x2.splat(Infinity);
  let rowI = lowI;
  let rowJ = lowJ;
  let end = firstActive;
  let k = 0;
  for (let part = 0; part < 2; part++) {
    while (k < end) {
      const start = k;
      const stop = min(k + BLOCK, end);
      let blockMost = f64x2.splat(-Infinity);
      while (k < stop) {
        const a = place<T>(active, k);
        const b = nextPlace<T>(active, k, end, a);
        const difference = f64x2.sub(twoOfRow<T>(rowI, a, b), twoOfRow<T>(rowJ, a, b));
        const value = f64x2.add(two<T>(f, a, b), f64x2.mul(factor, difference));
        if (sizeof<T>() == 1) v128.store(f + (a << 3), value);
        else {
          v128.store64_lane(f + (a << 3), value, 0);
          v128.store64_lane(f + (b << 3), value, 1);
        }
        blockMost = f64x2.pmax(blockMost, f64x2.sub(two<T>(grow, a, b), value));
        least = f64x2.pmin(least, f64x2.sub(f64x2.neg(two<T>(shrink, a, b)), value));
        k += 2;
      }
      if (larger(blockMost) > most) {
        most = larger(blockMost);
        block = start;
        blockEnd = stop;
      }
    }
    rowI = highI;
    rowJ = highJ;
    k = end;
    end = count;
  }
  let first: f64 = -1;
  for (; block < blockEnd; block++) {
    const a = place<T>(active, block);
    if (load<f64>(grow + (a << 3)) - load<f64>(f + (a << 3)) != most) continue;
    first = <f64>a;
    break;
  }
  store<f64>(found, most, LARGEST);
  store<f64>(found, min(f64x2.extract_lane(least, 0), f64x2.extract_lane(least, 1)), SMALLEST);
  store<f64>(found, first, FIRST);
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

/** gap^2 / curvature of two examples. The gap's sign stays: what does not violate the conditions is below 0. */
// @ts-ignore: decorator
@inline
function decreases<T>(
  f: usize, shrink: usize, diagonal: usize, row: usize, start: v128, own: v128, a: usize, b: usize,
): v128 {
  const gap = f64x2.add(f64x2.add(start, two<T>(f, a, b)), two<T>(shrink, a, b));
  const value = twoOfRow<T>(row, a, b);
  const sum = f64x2.add(own, two<T>(diagonal, a, b));
  const curvature = f64x2.pmax(f64x2.splat(TAU), f64x2.sub(sum, f64x2.add(value, value)));
  return f64x2.div(f64x2.mul(gap, f64x2.abs(gap)), curvature);
}

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
  let best: f64 = 0;
  let block = 0;
  let blockEnd = 0;
  let rowOfBest = low;
  let row = low;
  let end = firstActive;
  let k = 0;
  for (let part = 0; part < 2; part++) {
    while (k < end) {
      const first = k;
      const stop = min(k + BLOCK, end);
      let blockBest = f64x2.splat(0);
      while (k < stop) {
        const a = place<T>(active, k);
        const b = nextPlace<T>(active, k, end, a);
        blockBest = f64x2.pmax(blockBest, decreases<T>(f, shrink, diagonal, row, start, ownTwice, a, b));
        k += 2;
      }
      if (larger(blockBest) > best) {
        best = larger(blockBest);
        block = first;
        blockEnd = stop;
        rowOfBest = row;
      }
    }
    row = high;
    k = end;
    end = count;
  }
  for (; block < blockEnd; block++) {
    const a = place<T>(active, block);
    const both = decreases<Listed>(f, shrink, diagonal, rowOfBest, start, ownTwice, a, a);
    if (f64x2.extract_lane(both, 0) == best) return <i32>a;
  }
  return -1;
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
