/**
 * Average pooling of images with their channels last, over windows or over the cells of a grid, and its gradient:
 * each dx is gathered from the windows that its pixel lies in. Sums are taken in 32 bits, in the order of rows and
 * columns, and rounded once. T is f32, or u16 for the bits of a bfloat16.
 *
 * Fast paths, by channels: sixteen at a time, four at a time, one by one; the last block of a pixel steps back over
 * channels that are done already. The loops over a window stand in max_pool_last_gradient.ts as well: what is added
 * differs, and AssemblyScript inlines no functions that are passed.
 */
import { loadLanes, loadOne, storeRounded, storeRoundedOne, storeRoundedPair, widenHigh, widenLow } from "../lanes";
import { endOver, firstOver, placesIn, windowEnd, windowStart } from "./pool_windows";

/**
 * Rows `firstRow` to `lastRow` of y of one image; with `gradient`, x is dx, y is dy, and rows of dx are made.
 * Strides of 0: cells of a grid. `fixedDivisor` 0: each window's own. `half`: bfloat16. `scratch`: one float for each
 * row and each column of y.
 */
export function averagePoolLast(
  x: usize, channels: u32, height: i32, width: i32,
  y: usize, rows: i32, columns: i32, firstRow: i32, lastRow: i32,
  kernelHeight: i32, kernelWidth: i32, strideY: i32, strideX: i32, padY: i32, padX: i32,
  includePad: u32, fixedDivisor: f32, half: u32, gradient: u32, scratch: usize,
): void {
  const scales = scratch + (<usize>rows << 2);
  for (let r = 0; r < rows; r++) {
    const places = <f32>placesIn(r, height, rows, kernelHeight, strideY, padY, includePad);
    store<f32>(scratch + (<usize>r << 2), fixedDivisor != 0 ? fixedDivisor : places);
  }
  for (let c = 0; c < columns; c++) {
    const places = <f32>placesIn(c, width, columns, kernelWidth, strideX, padX, includePad);
    store<f32>(scales + (<usize>c << 2), fixedDivisor != 0 ? 1 : places);
  }
  const shift: usize = half ? 1 : 2;
  for (let i = firstRow; i < lastRow; i++) {
    if (gradient) {
      const r0 = firstOver(i, height, rows, kernelHeight - 1, strideY, padY);
      const r1 = endOver(i, height, rows, strideY, padY);
      for (let j = 0; j < width; j++) {
        const c0 = firstOver(j, width, columns, kernelWidth - 1, strideX, padX);
        const c1 = endOver(j, width, columns, strideX, padX);
        const to = x + ((<usize>(<u32>(i * width + j)) * channels) << shift);
        if (half) quotients<u16>(y, channels, columns, r0, r1, c0, c1, scratch, scales, 1, to);
        else quotients<f32>(y, channels, columns, r0, r1, c0, c1, scratch, scales, 1, to);
      }
    } else {
      const y0 = windowStart(i, height, rows, strideY, padY);
      const y1 = windowEnd(i, height, rows, kernelHeight, strideY, padY);
      for (let j = 0; j < columns; j++) {
        const x0 = windowStart(j, width, columns, strideX, padX);
        const x1 = windowEnd(j, width, columns, kernelWidth, strideX, padX);
        const own = load<f32>(scratch + (<usize>i << 2)) * load<f32>(scales + (<usize>j << 2));
        // A window on the padding alone holds no place that counts, and gives 0.
        const divisor: f32 = y0 < y1 && x0 < x1 ? own : 1;
        const to = y + ((<usize>(<u32>(i * columns + j)) * channels) << shift);
        if (half) quotients<u16>(x, channels, width, y0, y1, x0, x1, 0, 0, divisor, to);
        else quotients<f32>(x, channels, width, y0, y1, x0, x1, 0, 0, divisor, to);
      }
    }
  }
}

/** What one pixel is multiplied by before it is added: 1, or one over its row's times its column's divisor. */
// @ts-ignore: decorator
@inline
function weightOf(downs: usize, acrosses: usize, r: i32, c: i32): f32 {
  if (downs == 0) return 1;
  return 1 / (load<f32>(downs + (<usize>(<u32>r) << 2)) * load<f32>(acrosses + (<usize>(<u32>c) << 2)));
}

/** The sum over rows r0 to r1 and columns c0 to c1 of `from`, weighted by `weightOf`, over `divisor`. */
function quotients<T>(
  from: usize, channels: u32, columns: i32, r0: i32, r1: i32, c0: i32, c1: i32,
  downs: usize, acrosses: usize, divisor: f32, to: usize,
): void {
  let c: u32 = 0;
  if (channels >= 16) {
    for (; c < channels; c += 16) {
      sixteen<T>(from, channels, columns, r0, r1, c0, c1, downs, acrosses, divisor, min(c, channels - 16), to);
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
          const weight = f32x4.splat(weightOf(downs, acrosses, r, q));
          sum = f32x4.add(sum, f32x4.mul(loadLanes<T>(from + at * sizeof<T>()), weight));
        }
      }
      storeRounded<T>(to + <usize>c * sizeof<T>(), f32x4.div(sum, f32x4.splat(divisor)));
    }
    return;
  }
  for (; c < channels; c++) {
    let sum: f32 = 0;
    for (let r = r0; r < r1; r++) {
      for (let q = c0; q < c1; q++) {
        const at = <usize>(<u32>(r * columns + q)) * channels + c;
        sum += loadOne<T>(from + at * sizeof<T>()) * weightOf(downs, acrosses, r, q);
      }
    }
    storeRoundedOne<T>(to + <usize>c * sizeof<T>(), sum / divisor);
  }
}

// @ts-ignore: decorator
@inline
function sixteen<T>(
  from: usize, channels: u32, columns: i32, r0: i32, r1: i32, c0: i32, c1: i32,
  downs: usize, acrosses: usize, divisor: f32, c: u32, to: usize,
): void {
  let sum0 = f32x4.splat(0);
  let sum1 = sum0;
  let sum2 = sum0;
  let sum3 = sum0;
  for (let r = r0; r < r1; r++) {
    let at = from + (<usize>(<u32>(r * columns + c0)) * channels + c) * sizeof<T>();
    for (let q = c0; q < c1; q++) {
      const weight = f32x4.splat(weightOf(downs, acrosses, r, q));
      if (sizeof<T>() == 2) {
        const low = v128.load(at);
        const high = v128.load(at, 16);
        sum0 = f32x4.add(sum0, f32x4.mul(widenLow(low), weight));
        sum1 = f32x4.add(sum1, f32x4.mul(widenHigh(low), weight));
        sum2 = f32x4.add(sum2, f32x4.mul(widenLow(high), weight));
        sum3 = f32x4.add(sum3, f32x4.mul(widenHigh(high), weight));
      } else {
        sum0 = f32x4.add(sum0, f32x4.mul(v128.load(at), weight));
        sum1 = f32x4.add(sum1, f32x4.mul(v128.load(at, 16), weight));
        sum2 = f32x4.add(sum2, f32x4.mul(v128.load(at, 32), weight));
        sum3 = f32x4.add(sum3, f32x4.mul(v128.load(at, 48), weight));
      }
      at += <usize>channels * sizeof<T>();
    }
  }
  const by = f32x4.splat(divisor);
  const target = to + <usize>c * sizeof<T>();
  storeRoundedPair<T>(target, f32x4.div(sum0, by), f32x4.div(sum1, by));
  storeRoundedPair<T>(target + 8 * sizeof<T>(), f32x4.div(sum2, by), f32x4.div(sum3, by));
}
