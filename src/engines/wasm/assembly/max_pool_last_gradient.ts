/**
 * The gradient of max pooling with the channels last: each dx gathers, from the windows that its pixel lies in, the
 * dy of those whose maximum it was. Sums are taken in 32 bits, in the windows' order, and rounded once.
 *
 * Fast paths, by channels: sixteen at a time, four at a time, one by one; the last block of a pixel steps back over
 * channels that are done already.
 */
import { loadLanes, loadOne, storeRounded, storeRoundedOne, widenHigh, widenLow } from "./lanes";

/** Rows `firstRow` to `lastRow` of dx of one picture; `half`: bfloat16. */
export function maxPoolLastGradient(
  dy: usize,
  indices: usize,
  channels: u32,
  rows: i32,
  columns: i32,
  dx: usize,
  firstRow: i32,
  lastRow: i32,
  width: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  strideY: i32,
  strideX: i32,
  padY: i32,
  padX: i32,
  dilationY: i32,
  dilationX: i32,
  half: u32,
): void {
  // Dilated windows may lie around a pixel without touching it: the places tell.
  const reachY = (kernelHeight - 1) * dilationY;
  const reachX = (kernelWidth - 1) * dilationX;
  for (let i = firstRow; i < lastRow; i++) {
    const r0 = firstWindow(i + padY, reachY, strideY);
    const r1 = min((i + padY) / strideY + 1, rows);
    for (let j = 0; j < width; j++) {
      const c0 = firstWindow(j + padX, reachX, strideX);
      const c1 = min((j + padX) / strideX + 1, columns);
      const place = i * width + j;
      const at = <usize>(<u32>place) * channels;
      if (half) gather<u16>(dy, indices, channels, columns, r0, r1, c0, c1, place, dx + (at << 1));
      else gather<f32>(dy, indices, channels, columns, r0, r1, c0, c1, place, dx + (at << 2));
    }
  }
}

/** The first window, along one side, that reaches a place (counted from where the padding begins). */
// @ts-ignore: decorator
@inline
function firstWindow(at: i32, reach: i32, stride: i32): i32 {
  return at > reach ? (at - reach + stride - 1) / stride : 0;
}

/** dx of the pixel at `place`, from windows in rows r0 to r1 and columns c0 to c1. */
function gather<T>(
  dy: usize,
  indices: usize,
  channels: u32,
  columns: i32,
  r0: i32,
  r1: i32,
  c0: i32,
  c1: i32,
  place: i32,
  dx: usize,
): void {
  const here = i32x4.splat(place);
  let c: u32 = 0;
  if (channels >= 16) {
    for (; c < channels; c += 16) {
      c = min(c, channels - 16);
      sixteen<T>(dy, indices, channels, columns, r0, r1, c0, c1, c, here, dx + <usize>c * sizeof<T>());
    }
    return;
  }
  if (channels >= 4) {
    for (; c < channels; c += 4) {
      c = min(c, channels - 4);
      let sum = f32x4.splat(0);
      for (let r = r0; r < r1; r++) {
        for (let q = c0; q < c1; q++) {
          const at = <usize>(<u32>(r * columns + q)) * channels + c;
          sum = f32x4.add(sum, matching(loadLanes<T>(dy + at * sizeof<T>()), indices + (at << 2), here));
        }
      }
      storeRounded<T>(dx + <usize>c * sizeof<T>(), sum);
    }
    return;
  }
  for (; c < channels; c++) {
    let sum: f32 = 0;
    for (let r = r0; r < r1; r++) {
      for (let q = c0; q < c1; q++) {
        const at = <usize>(<u32>(r * columns + q)) * channels + c;
        if (load<i32>(indices + (at << 2)) == place) sum += loadOne<T>(dy + at * sizeof<T>());
      }
    }
    storeRoundedOne<T>(dx + <usize>c * sizeof<T>(), sum);
  }
}

/** dy where the place of the maximum is `here`, else 0. */
// @ts-ignore: decorator
@inline
function matching(dy: v128, index: usize, here: v128): v128 {
  return v128.and(dy, i32x4.eq(v128.load(index), here));
}

// @ts-ignore: decorator
@inline
function sixteen<T>(
  dy: usize,
  indices: usize,
  channels: u32,
  columns: i32,
  r0: i32,
  r1: i32,
  c0: i32,
  c1: i32,
  c: u32,
  here: v128,
  dx: usize,
): void {
  let sum0 = f32x4.splat(0);
  let sum1 = sum0;
  let sum2 = sum0;
  let sum3 = sum0;
  for (let r = r0; r < r1; r++) {
    const first = <usize>(<u32>(r * columns + c0)) * channels + c;
    let from = dy + first * sizeof<T>();
    let index = indices + (first << 2);
    for (let n = c1 - c0; n > 0; n--) {
      if (sizeof<T>() == 2) {
        const low = v128.load(from);
        const high = v128.load(from, 16);
        sum0 = f32x4.add(sum0, matching(widenLow(low), index, here));
        sum1 = f32x4.add(sum1, matching(widenHigh(low), index + 16, here));
        sum2 = f32x4.add(sum2, matching(widenLow(high), index + 32, here));
        sum3 = f32x4.add(sum3, matching(widenHigh(high), index + 48, here));
      } else {
        sum0 = f32x4.add(sum0, matching(v128.load(from), index, here));
        sum1 = f32x4.add(sum1, matching(v128.load(from, 16), index + 16, here));
        sum2 = f32x4.add(sum2, matching(v128.load(from, 32), index + 32, here));
        sum3 = f32x4.add(sum3, matching(v128.load(from, 48), index + 48, here));
      }
      from += <usize>channels * sizeof<T>();
      index += <usize>channels << 2;
    }
  }
  storeRounded<T>(dx, sum0);
  storeRounded<T>(dx + 4 * sizeof<T>(), sum1);
  storeRounded<T>(dx + 8 * sizeof<T>(), sum2);
  storeRounded<T>(dx + 12 * sizeof<T>(), sum3);
}
