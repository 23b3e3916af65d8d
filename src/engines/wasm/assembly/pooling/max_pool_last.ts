/**
 * Max pooling of images with their channels last, as `maxPool` does it for planes: y and the place of each maximum
 * in its plane. T is f32, or u16 for the bits of a bfloat16.
 *
 * Fast paths, from the fastest:
 * - bfloat16 under windows 2 or 3 columns wide if all numbers of eight channels are positive or +0 (after a ReLU or
 *   a sigmoid they are): number and place go as one integer, and one maximum finds both.
 * - Windows 2 or 3 columns wide, unrolled, four channels at a time, for blocks without NaN. At the edges the nearest
 *   column is read again: it is in the window, and a number never wins over its like.
 * - Other windows, and blocks with a NaN: four channels at a time, tap by tap.
 * Channels that do not fill a block: the last block steps back over channels that are done already; fewer than four
 * channels go one by one.
 */
import { loadLanes, loadOne, storeExact, storeExactOne, upperHalves } from "../lanes";

/** For output rows `firstRow` to `lastRow` of one image; `half`: bfloat16. */
export function maxPoolLast(
  x: usize, channels: u32, height: i32, width: i32,
  y: usize, indices: usize, firstRow: i32, lastRow: i32, columns: i32,
  kernelHeight: i32, kernelWidth: i32, strideY: i32, strideX: i32, padY: i32, padX: i32,
  dilationY: i32, dilationX: i32, half: u32,
): void {
  const bytes: usize = half ? 2 : 4;
  const plain = dilationY == 1 && dilationX == 1 && channels >= 4 && (kernelWidth == 2 || kernelWidth == 3);
  for (let r = firstRow; r < lastRow; r++) {
    const top = r * strideY - padY;
    const y0 = top < 0 ? top + ((dilationY - 1 - top) / dilationY) * dilationY : top;
    const y1 = min(top + (kernelHeight - 1) * dilationY + 1, height);
    for (let c = 0; c < columns; c++) {
      const left = c * strideX - padX;
      const x0 = left < 0 ? left + ((dilationX - 1 - left) / dilationX) * dilationX : left;
      const x1 = min(left + (kernelWidth - 1) * dilationX + 1, width);
      const at = <usize>(<u32>(r * columns + c)) * channels;
      const to = y + at * bytes;
      const places = indices + (at << 2);
      if (!plain) {
        if (half) tapByTap<u16>(x, 0, channels, channels, width, y0, y1, dilationY, x0, x1, dilationX, to, places);
        else tapByTap<f32>(x, 0, channels, channels, width, y0, y1, dilationY, x0, x1, dilationX, to, places);
        continue;
      }
      const middle = min(max(left + 1, x0), x1 - 1);
      if (half) narrowWindow<u16>(x, channels, width, y0, y1, x0, middle, x1, kernelWidth, to, places);
      else narrowWindow<f32>(x, channels, width, y0, y1, x0, middle, x1, kernelWidth, to, places);
    }
  }
}

/** A window 2 columns wide (x0, x1 - 1) or 3 (`middle` between them). */
function narrowWindow<T>(
  x: usize, channels: u32, width: i32, y0: i32, y1: i32, x0: i32, middle: i32, x1: i32,
  kernelWidth: i32, y: usize, places: usize,
): void {
  const pixel = <usize>channels * sizeof<T>();
  const start = y0 * width + x0;
  const rows = y1 - y0;
  const from = x + <usize>(<u32>start) * pixel;
  const block: u32 = sizeof<T>() == 2 && channels >= 8 && rows * width < 0x8000 ? 8 : 4;
  for (let c: u32 = 0; c < channels; c += block) {
    c = min(c, channels - block);
    const at = from + <usize>c * sizeof<T>();
    const to = y + <usize>c * sizeof<T>();
    const place = places + (<usize>c << 2);
    let done = false;
    if (block == 8) {
      if (kernelWidth == 3) done = packed(3, at, pixel, start, rows, width, middle - x0, x1 - 1 - x0, to, place);
      else done = packed(2, at, pixel, start, rows, width, 0, x1 - 1 - x0, to, place);
    }
    for (let i: u32 = 0; i < block && !done; i += 4) {
      const skip = <usize>i * sizeof<T>();
      const spot = place + (<usize>i << 2);
      const found =
        kernelWidth == 3
          ? unrolled<T>(3, at + skip, pixel, start, rows, width, middle - x0, x1 - 1 - x0, to + skip, spot)
          : unrolled<T>(2, at + skip, pixel, start, rows, width, 0, x1 - 1 - x0, to + skip, spot);
      if (!found) tapByTap<T>(x, c + i, c + i + 4, channels, width, y0, y1, 1, x0, x1, 1, y, places);
    }
  }
}

/** Four channels. False, and nothing stored, if a NaN is among them (or both infinities). */
// @ts-ignore: decorator
@inline
function unrolled<T>(
  columns: i32, at: usize, pixel: usize, start: i32, rows: i32, width: i32, second: i32, third: i32,
  y: usize, places: usize,
): bool {
  const toSecond = <usize>(<u32>second) * pixel, toThird = <usize>(<u32>third) * pixel;
  const row = <usize>(<u32>width) * pixel;
  const next = i32x4.splat(width);
  const secondPlace = i32x4.splat(second);
  const thirdPlace = i32x4.splat(third);
  let index = i32x4.splat(start);
  let place = index;
  let best = f32x4.splat(-Infinity);
  let sum = f32x4.splat(0);
  for (; rows != 0; rows--) {
    // Later places are larger ones: the larger of two places is that of the later winner.
    let value = loadLanes<T>(at);
    place = i32x4.max_s(place, v128.and(f32x4.gt(value, best), index));
    best = f32x4.pmax(best, value);
    sum = f32x4.add(sum, value);
    if (columns == 3) {
      value = loadLanes<T>(at + toSecond);
      place = i32x4.max_s(place, v128.and(f32x4.gt(value, best), i32x4.add(index, secondPlace)));
      best = f32x4.pmax(best, value);
      sum = f32x4.add(sum, value);
    }
    value = loadLanes<T>(at + toThird);
    place = i32x4.max_s(place, v128.and(f32x4.gt(value, best), i32x4.add(index, thirdPlace)));
    best = f32x4.pmax(best, value);
    sum = f32x4.add(sum, value);
    index = i32x4.add(index, next);
    at += row;
  }
  if (v128.any_true(f32x4.ne(sum, sum))) return false;
  storeExact<T>(y, best);
  v128.store(places, place);
  return true;
}

/**
 * Eight channels of bfloat16: each number's bits above 0xffff minus its place from `start` on, so that the largest
 * integer is the largest number and the first of its likes. False, and nothing stored, if a sign bit is set or a
 * NaN is among them.
 */
// @ts-ignore: decorator
@inline
function packed(
  columns: i32, at: usize, pixel: usize, start: i32, rows: i32, width: i32, second: i32, third: i32,
  y: usize, places: usize,
): bool {
  const toSecond = <usize>(<u32>second) * pixel, toThird = <usize>(<u32>third) * pixel;
  const row = <usize>(<u32>width) * pixel;
  const next = i16x8.splat(<i16>width);
  const secondPlace = i16x8.splat(<i16>second);
  const thirdPlace = i16x8.splat(<i16>third);
  let place = i16x8.splat(-1);
  let low = i32x4.splat(0);
  let high = low;
  let signs = low;
  for (; rows != 0; rows--) {
    let value = v128.load(at);
    low = i32x4.max_s(low, v128.shuffle<i16>(place, value, 0, 8, 1, 9, 2, 10, 3, 11));
    high = i32x4.max_s(high, v128.shuffle<i16>(place, value, 4, 12, 5, 13, 6, 14, 7, 15));
    signs = v128.or(signs, value);
    if (columns == 3) {
      value = v128.load(at + toSecond);
      const here = i16x8.sub(place, secondPlace);
      low = i32x4.max_s(low, v128.shuffle<i16>(here, value, 0, 8, 1, 9, 2, 10, 3, 11));
      high = i32x4.max_s(high, v128.shuffle<i16>(here, value, 4, 12, 5, 13, 6, 14, 7, 15));
      signs = v128.or(signs, value);
    }
    value = v128.load(at + toThird);
    const there = i16x8.sub(place, thirdPlace);
    low = i32x4.max_s(low, v128.shuffle<i16>(there, value, 0, 8, 1, 9, 2, 10, 3, 11));
    high = i32x4.max_s(high, v128.shuffle<i16>(there, value, 4, 12, 5, 13, 6, 14, 7, 15));
    signs = v128.or(signs, value);
    place = i16x8.sub(place, next);
    at += row;
  }
  const best = upperHalves(low, high);
  const nan = i16x8.gt_s(best, i16x8.splat(0x7f80));
  if (i16x8.bitmask(v128.or(signs, nan)) != 0) return false;
  v128.store(y, best);
  const last = i32x4.splat(start + 0xffff);
  const half = i32x4.splat(0xffff);
  v128.store(places, i32x4.sub(last, v128.and(low, half)));
  v128.store(places, i32x4.sub(last, v128.and(high, half)), 16);
  return true;
}

/** Channels `begin` to `end` under any window, NaN among them or not. */
function tapByTap<T>(
  x: usize, begin: u32, end: u32, channels: u32, width: i32,
  y0: i32, y1: i32, dilationY: i32, x0: i32, x1: i32, dilationX: i32, y: usize, places: usize,
): void {
  const pixel = <usize>channels * sizeof<T>();
  const start = y0 * width + x0;
  let c = begin;
  for (; c + 4 <= end; c += 4) {
    let best = f32x4.splat(-Infinity);
    let place = i32x4.splat(start);
    const from = x + <usize>c * sizeof<T>();
    for (let i = y0; i < y1; i += dilationY) {
      for (let j = x0; j < x1; j += dilationX) {
        const value = loadLanes<T>(from + <usize>(<u32>(i * width + j)) * pixel);
        const wins = v128.or(f32x4.gt(value, best), f32x4.ne(value, value));
        best = v128.bitselect(value, best, wins);
        place = v128.bitselect(i32x4.splat(i * width + j), place, wins);
      }
    }
    storeExact<T>(y + <usize>c * sizeof<T>(), best);
    v128.store(places + (<usize>c << 2), place);
  }
  for (; c < end; c++) {
    let best: f32 = -Infinity;
    let place = start;
    const from = x + <usize>c * sizeof<T>();
    for (let i = y0; i < y1; i += dilationY) {
      for (let j = x0; j < x1; j += dilationX) {
        const value = loadOne<T>(from + <usize>(<u32>(i * width + j)) * pixel);
        if (value > best || value != value) {
          best = value;
          place = i * width + j;
        }
      }
    }
    storeExactOne<T>(y + <usize>c * sizeof<T>(), best);
    store<i32>(places + (<usize>c << 2), place);
  }
}
