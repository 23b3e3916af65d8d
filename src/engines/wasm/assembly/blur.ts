/**
 * Gaussian blur and extrema of planes of floats: the scale space of hand-made features. Rows are `stride` floats apart,
 * a multiple of four; what lies behind `width` in a row is of no meaning.
 */

/** The place that stands for `at` in a row of `size`, mirrored at its ends; with `repeat` the last place is repeated. */
// @ts-ignore: decorator
@inline
function mirrored(at: i32, size: i32, repeat: u32): i32 {
  if (size == 1) return 0;
  const period = repeat ? 2 * size : 2 * size - 2;
  let within = at % period;
  if (within < 0) within += period;
  if (within < size) return within;
  return repeat ? period - 1 - within : period - within;
}

/** Writes the sums of a column of rows, `radius` above and below, to `row`. `rows` holds the rows' addresses. */
function sumRows(rows: usize, radius: i32, taps: usize, stride: i32, row: usize): void {
  const bytes = <usize>stride << 2;
  let at: usize = 0;
  const middle = load<u32>(rows + (<usize>radius << 2));
  for (; at + 64 <= bytes; at += 64) {
    const centre = v128.load32_splat(taps);
    let a = f32x4.mul(v128.load(middle + at), centre);
    let b = f32x4.mul(v128.load(middle + at, 16), centre);
    let c = f32x4.mul(v128.load(middle + at, 32), centre);
    let d = f32x4.mul(v128.load(middle + at, 48), centre);
    for (let i = 1; i <= radius; i++) {
      const tap = v128.load32_splat(taps + (<usize>i << 2));
      const up = <usize>load<u32>(rows + (<usize>(radius - i) << 2)) + at;
      const down = <usize>load<u32>(rows + (<usize>(radius + i) << 2)) + at;
      a = f32x4.add(a, f32x4.mul(tap, f32x4.add(v128.load(up), v128.load(down))));
      b = f32x4.add(b, f32x4.mul(tap, f32x4.add(v128.load(up, 16), v128.load(down, 16))));
      c = f32x4.add(c, f32x4.mul(tap, f32x4.add(v128.load(up, 32), v128.load(down, 32))));
      d = f32x4.add(d, f32x4.mul(tap, f32x4.add(v128.load(up, 48), v128.load(down, 48))));
    }
    v128.store(row + at, a);
    v128.store(row + at, b, 16);
    v128.store(row + at, c, 32);
    v128.store(row + at, d, 48);
  }
  for (; at < bytes; at += 16) {
    let a = f32x4.mul(v128.load(middle + at), v128.load32_splat(taps));
    for (let i = 1; i <= radius; i++) {
      const tap = v128.load32_splat(taps + (<usize>i << 2));
      const up = <usize>load<u32>(rows + (<usize>(radius - i) << 2)) + at;
      const down = <usize>load<u32>(rows + (<usize>(radius + i) << 2)) + at;
      a = f32x4.add(a, f32x4.mul(tap, f32x4.add(v128.load(up), v128.load(down))));
    }
    v128.store(row + at, a);
  }
}

/** Writes the sums of `radius` places to the left and to the right of each place of `row` to `target`. */
function sumColumns(row: usize, radius: i32, taps: usize, stride: i32, target: usize): void {
  const bytes = <usize>stride << 2;
  let at: usize = 0;
  for (; at + 64 <= bytes; at += 64) {
    const from = row + at;
    const centre = v128.load32_splat(taps);
    let a = f32x4.mul(v128.load(from), centre);
    let b = f32x4.mul(v128.load(from, 16), centre);
    let c = f32x4.mul(v128.load(from, 32), centre);
    let d = f32x4.mul(v128.load(from, 48), centre);
    for (let i = 1; i <= radius; i++) {
      const away = <usize>i << 2;
      const tap = v128.load32_splat(taps + away);
      const left = from - away;
      const right = from + away;
      a = f32x4.add(a, f32x4.mul(tap, f32x4.add(v128.load(left), v128.load(right))));
      b = f32x4.add(b, f32x4.mul(tap, f32x4.add(v128.load(left, 16), v128.load(right, 16))));
      c = f32x4.add(c, f32x4.mul(tap, f32x4.add(v128.load(left, 32), v128.load(right, 32))));
      d = f32x4.add(d, f32x4.mul(tap, f32x4.add(v128.load(left, 48), v128.load(right, 48))));
    }
    v128.store(target + at, a);
    v128.store(target + at, b, 16);
    v128.store(target + at, c, 32);
    v128.store(target + at, d, 48);
  }
  for (; at < bytes; at += 16) {
    let a = f32x4.mul(v128.load(row + at), v128.load32_splat(taps));
    for (let i = 1; i <= radius; i++) {
      const away = <usize>i << 2;
      const tap = v128.load32_splat(taps + away);
      a = f32x4.add(a, f32x4.mul(tap, f32x4.add(v128.load(row + at - away), v128.load(row + at + away))));
    }
    v128.store(target + at, a);
  }
}

/**
 * Blurs a plane by a symmetric kernel, first down and then across.
 *
 * @param taps - `radius + 1` floats from the kernel's middle to its end.
 * @param difference - address of a plane for the result less the source; 0 for none.
 * @param repeat - 1 if the plane goes on with its last pixel repeated, 0 if it is mirrored at that pixel.
 * @param scratch - `2 radius + 1` addresses, then `stride + 2 radius + 8` floats.
 */
export function blurPlane(
  source: usize, target: usize, difference: usize, width: i32, height: i32, stride: i32,
  taps: usize, radius: i32, repeat: u32, scratch: usize,
): void {
  const pitch = <usize>stride << 2;
  const row = scratch + (<usize>(2 * radius + 1) << 2) + (<usize>(radius + 4) << 2);
  for (let y = 0; y < height; y++) {
    for (let i = -radius; i <= radius; i++) {
      const from = source + <usize>mirrored(y + i, height, repeat) * pitch;
      store<u32>(scratch + (<usize>(radius + i) << 2), <u32>from);
    }
    sumRows(scratch, radius, taps, stride, row);
    for (let i = 1; i <= radius; i++) {
      store<f32>(row - (<usize>i << 2), load<f32>(row + (<usize>mirrored(-i, width, repeat) << 2)));
      const past = width - 1 + i;
      store<f32>(row + (<usize>past << 2), load<f32>(row + (<usize>mirrored(past, width, repeat) << 2)));
    }
    const to = target + <usize>y * pitch;
    sumColumns(row, radius, taps, stride, to);
    if (difference == 0) continue;
    const from = source + <usize>y * pitch;
    const less = difference + <usize>y * pitch;
    for (let at: usize = 0; at < pitch; at += 16)
      v128.store(less + at, f32x4.sub(v128.load(to + at), v128.load(from + at)));
  }
}

// @ts-ignore: decorator
@inline
function most(high: v128, at: usize, pitch: usize): v128 {
  const above = f32x4.max(f32x4.max(v128.load(at - pitch - 4), v128.load(at - pitch)), v128.load(at - pitch + 4));
  const below = f32x4.max(f32x4.max(v128.load(at + pitch - 4), v128.load(at + pitch)), v128.load(at + pitch + 4));
  const beside = f32x4.max(v128.load(at - 4), v128.load(at + 4));
  return f32x4.max(f32x4.max(high, beside), f32x4.max(above, below));
}

// @ts-ignore: decorator
@inline
function least(low: v128, at: usize, pitch: usize): v128 {
  const above = f32x4.min(f32x4.min(v128.load(at - pitch - 4), v128.load(at - pitch)), v128.load(at - pitch + 4));
  const below = f32x4.min(f32x4.min(v128.load(at + pitch - 4), v128.load(at + pitch)), v128.load(at + pitch + 4));
  const beside = f32x4.min(v128.load(at - 4), v128.load(at + 4));
  return f32x4.min(f32x4.min(low, beside), f32x4.min(above, below));
}

/**
 * Finds the places of a row that are extrema among their 26 neighbours in three planes.
 *
 * @param from - the first place; `to` the one behind the last. Both have neighbours.
 * @param threshold - extrema have at least this magnitude.
 * @param strict - 1: greater or less than all neighbours; 0: or as great, and maxima positive, minima negative.
 * @param found - gets the places as i32.
 * @returns how many there are.
 */
export function extremaOfRow(
  before: usize, plane: usize, after: usize, stride: i32, from: i32, to: i32,
  threshold: f32, strict: u32, found: usize,
): i32 {
  const pitch = <usize>stride << 2;
  const limit = f32x4.splat(threshold);
  const zero = f32x4.splat(0);
  let count = 0;
  for (let x = from; x < to; x += 4) {
    const at = <usize>x << 2;
    const value = v128.load(plane + at);
    const strong = f32x4.ge(f32x4.abs(value), limit);
    if (!v128.any_true(strong)) continue;
    // Neighbours of the same plane first: they rule out most places.
    let high = most(f32x4.splat(-Infinity), plane + at, pitch);
    let low = least(f32x4.splat(Infinity), plane + at, pitch);
    if (!v128.any_true(v128.and(strong, v128.or(f32x4.ge(value, high), f32x4.le(value, low))))) continue;
    high = most(f32x4.max(high, v128.load(before + at)), before + at, pitch);
    high = most(f32x4.max(high, v128.load(after + at)), after + at, pitch);
    low = least(f32x4.min(low, v128.load(before + at)), before + at, pitch);
    low = least(f32x4.min(low, v128.load(after + at)), after + at, pitch);
    const extreme = strict
      ? v128.or(f32x4.gt(value, high), f32x4.lt(value, low))
      : v128.or(
          v128.and(f32x4.ge(value, high), f32x4.gt(value, zero)),
          v128.and(f32x4.le(value, low), f32x4.lt(value, zero)),
        );
    let lanes = i32x4.bitmask(v128.and(strong, extreme));
    if (x + 4 > to) lanes &= (1 << (to - x)) - 1;
    for (; lanes != 0; lanes &= lanes - 1) {
      store<i32>(found + (<usize>count << 2), x + ctz(lanes));
      count++;
    }
  }
  return count;
}
