/**
 * The gradient of max pooling with the channels last: each dx gathers, from the windows that its pixel lies in, the
 * dy of those whose maximum it was. Sums are taken in 32 bits, in the windows' order, and rounded once.
 *
 * Fast paths:
 * - bfloat16 pixels in one window alone: eight channels at a time without widening, for there is nothing to add up.
 * - By channels: sixteen at a time, four at a time, one by one; the last block of a pixel steps back over channels
 *   that are done already.
 */
import { loadLanes, loadOne, storeRounded, storeRoundedOne, storeRoundedPair, widenHigh, widenLow } from "../lanes";
import { endOver, firstOver } from "./pool_windows";

/** Rows `firstRow` to `lastRow` of dx of one image; `half`: bfloat16. */
export function maxPoolLastGradient(
  dy: usize, indices: usize, channels: u32, rows: i32, columns: i32,
  dx: usize, firstRow: i32, lastRow: i32, height: i32, width: i32,
  kernelHeight: i32, kernelWidth: i32, strideY: i32, strideX: i32, padY: i32, padX: i32,
  dilationY: i32, dilationX: i32, half: u32,
): void {
  // Dilated windows may lie around a pixel without touching it: the places decide.
  const reachY = (kernelHeight - 1) * dilationY;
  const reachX = (kernelWidth - 1) * dilationX;
  for (let i = firstRow; i < lastRow; i++) {
    const r0 = firstOver(i, height, rows, reachY, strideY, padY);
    const r1 = endOver(i, height, rows, strideY, padY);
    for (let j = 0; j < width; j++) {
      const c0 = firstOver(j, width, columns, reachX, strideX, padX);
      const c1 = endOver(j, width, columns, strideX, padX);
      const place = i * width + j;
      const at = <usize>(<u32>place) * channels;
      if (half) gather<u16>(dy, indices, channels, columns, r0, r1, c0, c1, place, dx + (at << 1));
      else gather<f32>(dy, indices, channels, columns, r0, r1, c0, c1, place, dx + (at << 2));
    }
  }
}

/** dx of the pixel at `place`, from windows in rows r0 to r1 and columns c0 to c1. */
function gather<T>(
  dy: usize, indices: usize, channels: u32, columns: i32, r0: i32, r1: i32, c0: i32, c1: i32,
  place: i32, dx: usize,
): void {
  const here = i32x4.splat(place);
  let c: u32 = 0;
  if (sizeof<T>() == 2 && channels >= 8 && r1 - r0 == 1 && c1 - c0 == 1) {
    onlyWindow(dy, indices, channels, r0 * columns + c0, here, dx);
    return;
  }
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

/** dy if the place of the maximum is `here`, else 0. */
// @ts-ignore: decorator
@inline
function matching(dy: v128, index: usize, here: v128): v128 {
  return v128.and(dy, i32x4.eq(v128.load(index), here));
}

// @ts-ignore: decorator
@inline
function sixteen<T>(
  dy: usize, indices: usize, channels: u32, columns: i32, r0: i32, r1: i32, c0: i32, c1: i32,
  c: u32, here: v128, dx: usize,
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
  storeRoundedPair<T>(dx, sum0, sum1);
  storeRoundedPair<T>(dx + 8 * sizeof<T>(), sum2, sum3);
}

/** A bfloat16 pixel in one window alone: dy as it is, if the place of the maximum is `here`. */
function onlyWindow(dy: usize, indices: usize, channels: u32, window: i32, here: v128, dx: usize): void {
  const first = <usize>(<u32>window) * channels;
  const from = dy + (first << 1);
  const places = indices + (first << 2);
  for (let c: u32 = 0; c < channels; c += 8) {
    c = min(c, channels - 8);
    const index = places + (<usize>c << 2);
    const low = i32x4.eq(v128.load(index), here);
    const high = i32x4.eq(v128.load(index, 16), here);
    const at = <usize>c << 1;
    v128.store(dx + at, v128.and(v128.load(from + at), i16x8.narrow_i32x4_s(low, high)));
  }
}
