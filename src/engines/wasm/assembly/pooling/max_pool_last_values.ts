/**
 * Max pooling of images with their channels last, without the places of the maxima: what is left of it if no gradient is
 * wanted. Windows 2 or 3 columns wide: the maximum of each column of a window is computed once, eight channels at a time,
 * and the windows of a row share it (3x3 by 1: 3 loads for an output in place of 9). GoogLeNet's 13 pools, batch 1, one
 * thread: 566 us with places, 264 us here. Everything else, and rows with
 * numbers that are not finite, tap by tap.
 *
 * T is f32, or u16 for the bits of a bfloat16. Of a +0 and a -0 either may be the maximum.
 */
import { loadLanes, loadOne, storeExact, storeExactOne } from "../lanes";

/** For output rows `firstRow` to `lastRow` of one image; `half`: bfloat16. */
export function maxPoolLastValues(
  x: usize, channels: u32, height: i32, width: i32,
  y: usize, firstRow: i32, lastRow: i32, columns: i32,
  kernelHeight: i32, kernelWidth: i32, strideY: i32, strideX: i32, padY: i32, padX: i32,
  dilationY: i32, dilationX: i32, half: u32,
): void {
  const plain = dilationY == 1 && dilationX == 1 && channels >= 8 && (kernelWidth == 2 || kernelWidth == 3);
  for (let r = firstRow; r < lastRow; r++) {
    const top = r * strideY - padY;
    const y0 = top < 0 ? top + ((dilationY - 1 - top) / dilationY) * dilationY : top;
    const y1 = min(top + (kernelHeight - 1) * dilationY + 1, height);
    const to = y + <usize>(<u32>(r * columns)) * channels * (half ? 2 : 4);
    if (plain) {
      const from = x + <usize>(<u32>(y0 * width)) * channels * (half ? 2 : 4);
      // Channels that do not fill a block: the last block steps back over channels that are done already.
      for (let c: u32 = 0; c < channels; c += 8) {
        c = min(c, channels - 8);
        const done = half
          ? row<u16>(from, c, channels, width, y1 - y0, to, columns, kernelWidth, strideX, padX)
          : row<f32>(from, c, channels, width, y1 - y0, to, columns, kernelWidth, strideX, padX);
        if (done) continue;
        if (half) tapByTap<u16>(x, c, c + 8, channels, width, y0, y1, 1, to, columns, kernelWidth, strideX, padX, 1);
        else tapByTap<f32>(x, c, c + 8, channels, width, y0, y1, 1, to, columns, kernelWidth, strideX, padX, 1);
      }
    } else if (half) {
      tapByTap<u16>(x, 0, channels, channels, width, y0, y1, dilationY, to, columns, kernelWidth, strideX, padX, dilationX);
    } else {
      tapByTap<f32>(x, 0, channels, channels, width, y0, y1, dilationY, to, columns, kernelWidth, strideX, padX, dilationX);
    }
  }
}

/** The maxima of a column of `rows` pixels, four channels; NaN if a NaN or an infinity is among them. */
// @ts-ignore: decorator
@inline
function columnOf<T>(at: usize, rows: i32, row: usize): v128 {
  let value = loadLanes<T>(at);
  let best = value;
  let total = value;
  for (let i = 1; i < rows; i++) {
    at += row;
    value = loadLanes<T>(at);
    best = f32x4.pmax(best, value);
    total = f32x4.add(total, value);
  }
  return f32x4.add(best, f32x4.sub(total, total));
}

/** One row of windows for eight channels. False if not all numbers are finite: then nothing of it holds. */
// @ts-ignore: decorator
@inline
function row<T>(
  from: usize, channel: u32, channels: u32, width: i32, rows: i32, y: usize, columns: i32,
  kernelWidth: i32, stride: i32, pad: i32,
): bool {
  const pixel = <usize>channels * sizeof<T>();
  const next = <usize>(<u32>width) * pixel;
  const four: usize = 4 * sizeof<T>();
  const lowest = f32x4.splat(-Infinity);
  from += <usize>channel * sizeof<T>();
  y += <usize>channel * sizeof<T>();
  let sum = f32x4.splat(0);
  // The columns of a window: two of them, or three with `middle`.
  let left0 = lowest, left1 = lowest, middle0 = lowest, middle1 = lowest, right0 = lowest, right1 = lowest;
  let known = i32.MIN_VALUE;
  const wide = kernelWidth == 3;
  for (let c = 0; c < columns; c++) {
    const first = c * stride - pad;
    const last = first + kernelWidth - 1;
    // Of the window before, those columns that this one has too.
    if (wide && known == last - 1) {
      left0 = middle0; left1 = middle1; middle0 = right0; middle1 = right1;
    } else {
      if (known == first) {
        left0 = right0; left1 = right1;
      } else if (first >= 0 && first < width) {
        const at = from + <usize>(<u32>first) * pixel;
        left0 = columnOf<T>(at, rows, next); left1 = columnOf<T>(at + four, rows, next);
        sum = f32x4.add(sum, f32x4.add(left0, left1));
      } else {
        left0 = lowest; left1 = lowest;
      }
      if (wide) {
        if (first + 1 >= 0 && first + 1 < width) {
          const at = from + <usize>(<u32>(first + 1)) * pixel;
          middle0 = columnOf<T>(at, rows, next); middle1 = columnOf<T>(at + four, rows, next);
          sum = f32x4.add(sum, f32x4.add(middle0, middle1));
        } else {
          middle0 = lowest; middle1 = lowest;
        }
      }
    }
    if (last >= 0 && last < width) {
      const at = from + <usize>(<u32>last) * pixel;
      right0 = columnOf<T>(at, rows, next); right1 = columnOf<T>(at + four, rows, next);
      sum = f32x4.add(sum, f32x4.add(right0, right1));
    } else {
      right0 = lowest; right1 = lowest;
    }
    known = last;
    let best0 = f32x4.pmax(left0, right0), best1 = f32x4.pmax(left1, right1);
    if (wide) {
      best0 = f32x4.pmax(best0, middle0); best1 = f32x4.pmax(best1, middle1);
    }
    storeExact<T>(y, best0);
    storeExact<T>(y + four, best1);
    y += pixel;
  }
  return !v128.any_true(f32x4.ne(sum, sum));
}

/** Channels `begin` to `end` of a row of windows of any kind, NaN among them or not. */
function tapByTap<T>(
  x: usize, begin: u32, end: u32, channels: u32, width: i32, y0: i32, y1: i32, dilationY: i32, y: usize,
  columns: i32, kernelWidth: i32, stride: i32, pad: i32, dilationX: i32,
): void {
  const pixel = <usize>channels * sizeof<T>();
  for (let column = 0; column < columns; column++) {
    const left = column * stride - pad;
    const x0 = left < 0 ? left + ((dilationX - 1 - left) / dilationX) * dilationX : left;
    const x1 = min(left + (kernelWidth - 1) * dilationX + 1, width);
    const to = y + <usize>(<u32>column) * pixel;
    let c = begin;
    for (; c + 4 <= end; c += 4) {
      let best = f32x4.splat(-Infinity);
      const from = x + <usize>c * sizeof<T>();
      for (let i = y0; i < y1; i += dilationY) {
        for (let j = x0; j < x1; j += dilationX) {
          best = f32x4.max(best, loadLanes<T>(from + <usize>(<u32>(i * width + j)) * pixel));
        }
      }
      storeExact<T>(to + <usize>c * sizeof<T>(), best);
    }
    for (; c < end; c++) {
      let best: f32 = -Infinity;
      const from = x + <usize>c * sizeof<T>();
      for (let i = y0; i < y1; i += dilationY) {
        for (let j = x0; j < x1; j += dilationX) {
          const value = loadOne<T>(from + <usize>(<u32>(i * width + j)) * pixel);
          if (value > best || value != value) best = value;
        }
      }
      storeExactOne<T>(to + <usize>c * sizeof<T>(), best);
    }
  }
}
