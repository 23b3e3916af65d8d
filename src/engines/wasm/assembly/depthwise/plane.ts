/**
 * A convolution of one framed plane with one kernel of 3x3 or 5x5 and a stride of 1 or 2:
 *
 *   y[r][q] = clamp(start + base[r][q] + sum over i, j of kernel[i][j] * x[stride r + i][stride q + j])
 *
 * Fast paths: four outputs of a row to a vector, in blocks of rows that share what they load: four rows (3x3, stride 1)
 * or two. The last vector of a row and the last block of rows step back over outputs that are done already and get the
 * same bits again, so `base` must not be `y`. Fewer than four columns: one by one.
 *
 * Sums are taken in the order of rows and columns of the kernel. Rows are written out, their pixels loaded once for both
 * sums: with a function that loads the pixels of each sum, a 3x3 kernel of stride 2 took a seventh longer.
 */
import { madd } from "../vector";

/**
 * @param pitch - bytes of a row of x. With a stride of 2, up to one float is read behind the last one that counts.
 * @param base - [rows, columns] to begin with; 0: none
 * @param low - the least value of y, -infinity for none; NaN stays
 */
export function convolvePlane(
  size: i32, stride: i32, x: usize, pitch: usize, kernel: usize, start: f32, base: usize, low: f32,
  high: f32, y: usize, rows: i32, columns: i32,
): void {
  const small = size == 3;
  if (columns < 4) oneByOne(size, stride, x, pitch, kernel, start, base, low, high, y, rows, columns);
  else if (small && stride == 1) threeByOne(x, pitch, kernel, start, base, low, high, y, rows, columns);
  else if (rows == 1) oneByOne(size, stride, x, pitch, kernel, start, base, low, high, y, rows, columns);
  else if (small) pairs(3, 2, x, pitch, kernel, start, base, low, high, y, rows, columns);
  else if (stride == 1) pairs(5, 1, x, pitch, kernel, start, base, low, high, y, rows, columns);
  else pairs(5, 2, x, pitch, kernel, start, base, low, high, y, rows, columns);
}

function oneByOne(
  size: i32, stride: i32, x: usize, pitch: usize, kernel: usize, start: f32, base: usize, low: f32,
  high: f32, y: usize, rows: i32, columns: i32,
): void {
  for (let r = 0; r < rows; r++) {
    for (let q = 0; q < columns; q++) {
      // In a vector, so that the binary with fused multiply-add rounds here as in whole vectors.
      let sum = f32x4.splat(start);
      if (base != 0) {
        sum = f32x4.add(sum, v128.load32_zero(base));
        base += 4;
      }
      let weight = kernel;
      for (let i = 0; i < size; i++) {
        let at = x + <usize>(r * stride + i) * pitch + (<usize>(q * stride) << 2);
        for (let j = 0; j < size; j++) {
          sum = madd(v128.load32_zero(weight), v128.load32_zero(at), sum);
          weight += 4;
          at += 4;
        }
      }
      store<f32>(y, f32x4.extract_lane(clamp(sum, f32x4.splat(low), f32x4.splat(high)), 0));
      y += 4;
    }
  }
}

/** pmax and pmin with these sides keep a NaN. */
// @ts-ignore: decorator
@inline
function clamp(x: v128, low: v128, high: v128): v128 {
  return f32x4.pmin(f32x4.pmax(x, low), high);
}

// @ts-ignore: decorator
@inline
function begin(start: v128, base: usize, offset: usize): v128 {
  return base == 0 ? start : f32x4.add(start, v128.load(base + offset));
}

/** One row of a 3x3 kernel. */
// @ts-ignore: decorator
@inline
function three(w0: v128, w1: v128, w2: v128, a: v128, b: v128, c: v128, sum: v128): v128 {
  return madd(w2, c, madd(w1, b, madd(w0, a, sum)));
}

/** 3x3, stride 1: four rows at a time. */
function threeByOne(
  x: usize, pitch: usize, kernel: usize, start: f32, base: usize, low: f32, high: f32, y: usize, rows: i32,
  columns: i32,
): void {
  const w0 = v128.load32_splat(kernel);
  const w1 = v128.load32_splat(kernel, 4);
  const w2 = v128.load32_splat(kernel, 8);
  const w3 = v128.load32_splat(kernel, 12);
  const w4 = v128.load32_splat(kernel, 16);
  const w5 = v128.load32_splat(kernel, 20);
  const w6 = v128.load32_splat(kernel, 24);
  const w7 = v128.load32_splat(kernel, 28);
  const w8 = v128.load32_splat(kernel, 32);
  const first = f32x4.splat(start);
  const least = f32x4.splat(low);
  const most = f32x4.splat(high);
  const rowBytes = <usize>columns << 2;
  const lastColumn = columns - 4;
  if (rows < 4) {
    for (let r = 0; r < rows; r++) {
      for (let q = 0; q < columns; q += 4) {
        const column = <usize>min(q, lastColumn) << 2;
        const offset = rowBytes * <usize>r + column;
        let at = x + pitch * <usize>r + column;
        let sum = begin(first, base, offset);
        sum = three(w0, w1, w2, v128.load(at), v128.load(at, 4), v128.load(at, 8), sum);
        at += pitch;
        sum = three(w3, w4, w5, v128.load(at), v128.load(at, 4), v128.load(at, 8), sum);
        at += pitch;
        sum = three(w6, w7, w8, v128.load(at), v128.load(at, 4), v128.load(at, 8), sum);
        v128.store(y + offset, clamp(sum, least, most));
      }
    }
    return;
  }
  for (let r = 0; r < rows; r += 4) {
    const row = <usize>min(r, rows - 4);
    for (let q = 0; q < columns; q += 4) {
      const column = <usize>min(q, lastColumn) << 2;
      let offset = rowBytes * row + column;
      let at = x + pitch * row + column;
      let sum0 = begin(first, base, offset);
      let sum1 = begin(first, base, offset + rowBytes);
      let sum2 = begin(first, base, offset + rowBytes * 2);
      let sum3 = begin(first, base, offset + rowBytes * 3);
      let a = v128.load(at);
      let b = v128.load(at, 4);
      let c = v128.load(at, 8);
      sum0 = three(w0, w1, w2, a, b, c, sum0);
      at += pitch;
      a = v128.load(at);
      b = v128.load(at, 4);
      c = v128.load(at, 8);
      sum0 = three(w3, w4, w5, a, b, c, sum0);
      sum1 = three(w0, w1, w2, a, b, c, sum1);
      at += pitch;
      a = v128.load(at);
      b = v128.load(at, 4);
      c = v128.load(at, 8);
      sum0 = three(w6, w7, w8, a, b, c, sum0);
      sum1 = three(w3, w4, w5, a, b, c, sum1);
      sum2 = three(w0, w1, w2, a, b, c, sum2);
      v128.store(y + offset, clamp(sum0, least, most));
      offset += rowBytes;
      at += pitch;
      a = v128.load(at);
      b = v128.load(at, 4);
      c = v128.load(at, 8);
      sum1 = three(w6, w7, w8, a, b, c, sum1);
      sum2 = three(w3, w4, w5, a, b, c, sum2);
      sum3 = three(w0, w1, w2, a, b, c, sum3);
      v128.store(y + offset, clamp(sum1, least, most));
      offset += rowBytes;
      at += pitch;
      a = v128.load(at);
      b = v128.load(at, 4);
      c = v128.load(at, 8);
      sum2 = three(w6, w7, w8, a, b, c, sum2);
      sum3 = three(w3, w4, w5, a, b, c, sum3);
      v128.store(y + offset, clamp(sum2, least, most));
      offset += rowBytes;
      at += pitch;
      sum3 = three(w6, w7, w8, v128.load(at), v128.load(at, 4), v128.load(at, 8), sum3);
      v128.store(y + offset, clamp(sum3, least, most));
    }
  }
}

/** The pixels that four neighbouring outputs multiply by the kernel's column j. */
// @ts-ignore: decorator
@inline
export function pixelsOf(stride: i32, at: usize, j: i32): v128 {
  if (stride == 1) return v128.load(at + (<usize>j << 2));
  const from = at + (<usize>(j & ~1) << 2);
  return (j & 1) == 0
    ? v128.shuffle<i32>(v128.load(from), v128.load(from, 16), 0, 2, 4, 6)
    : v128.shuffle<i32>(v128.load(from), v128.load(from, 16), 1, 3, 5, 7);
}

/** Row i of the kernel times a row of pixels. */
// @ts-ignore: decorator
@inline
function rowOf(size: i32, kernel: usize, i: i32, a: v128, b: v128, c: v128, d: v128, e: v128, sum: v128): v128 {
  const at = kernel + (<usize>(i * size) << 2);
  sum = madd(v128.load32_splat(at), a, sum);
  sum = madd(v128.load32_splat(at, 4), b, sum);
  sum = madd(v128.load32_splat(at, 8), c, sum);
  if (size == 3) return sum;
  sum = madd(v128.load32_splat(at, 12), d, sum);
  return madd(v128.load32_splat(at, 16), e, sum);
}

/** Two rows at a time, `stride` rows of pixels apart; at least two. `size` and `stride` are constants. */
// @ts-ignore: decorator
@inline
function pairs(
  size: i32, stride: i32, x: usize, pitch: usize, kernel: usize, start: f32, base: usize, low: f32,
  high: f32, y: usize, rows: i32, columns: i32,
): void {
  const first = f32x4.splat(start);
  const least = f32x4.splat(low);
  const most = f32x4.splat(high);
  const rowBytes = <usize>columns << 2;
  for (let r = 0; r < rows; r += 2) {
    const row = <usize>min(r, rows - 2);
    for (let q = 0; q < columns; q += 4) {
      const column = <usize>min(q, columns - 4) << 2;
      const offset = rowBytes * row + column;
      let upper = begin(first, base, offset);
      let lower = begin(first, base, offset + rowBytes);
      let at = x + (pitch * row + column) * stride;
      let a = pixelsOf(stride, at, 0);
      let b = pixelsOf(stride, at, 1);
      let c = pixelsOf(stride, at, 2);
      let d = size == 3 ? c : pixelsOf(stride, at, 3);
      let e = size == 3 ? c : pixelsOf(stride, at, 4);
      upper = rowOf(size, kernel, 0, a, b, c, d, e, upper);
      at += pitch;
      a = pixelsOf(stride, at, 0);
      b = pixelsOf(stride, at, 1);
      c = pixelsOf(stride, at, 2);
      d = size == 3 ? c : pixelsOf(stride, at, 3);
      e = size == 3 ? c : pixelsOf(stride, at, 4);
      upper = rowOf(size, kernel, 1, a, b, c, d, e, upper);
      if (stride == 1) lower = rowOf(size, kernel, 0, a, b, c, d, e, lower);
      at += pitch;
      a = pixelsOf(stride, at, 0);
      b = pixelsOf(stride, at, 1);
      c = pixelsOf(stride, at, 2);
      d = size == 3 ? c : pixelsOf(stride, at, 3);
      e = size == 3 ? c : pixelsOf(stride, at, 4);
      upper = rowOf(size, kernel, 2, a, b, c, d, e, upper);
      lower = rowOf(size, kernel, 2 - stride, a, b, c, d, e, lower);
      at += pitch;
      a = pixelsOf(stride, at, 0);
      b = pixelsOf(stride, at, 1);
      c = pixelsOf(stride, at, 2);
      d = size == 3 ? c : pixelsOf(stride, at, 3);
      e = size == 3 ? c : pixelsOf(stride, at, 4);
      if (size == 5) upper = rowOf(size, kernel, 3, a, b, c, d, e, upper);
      lower = rowOf(size, kernel, 3 - stride, a, b, c, d, e, lower);
      at += pitch;
      if (size + stride > 4) {
        a = pixelsOf(stride, at, 0);
        b = pixelsOf(stride, at, 1);
        c = pixelsOf(stride, at, 2);
        d = size == 3 ? c : pixelsOf(stride, at, 3);
        e = size == 3 ? c : pixelsOf(stride, at, 4);
        if (size == 5) upper = rowOf(size, kernel, 4, a, b, c, d, e, upper);
        lower = rowOf(size, kernel, 4 - stride, a, b, c, d, e, lower);
        at += pitch;
      }
      if (size + stride > 5) {
        a = pixelsOf(stride, at, 0);
        b = pixelsOf(stride, at, 1);
        c = pixelsOf(stride, at, 2);
        d = size == 3 ? c : pixelsOf(stride, at, 3);
        e = size == 3 ? c : pixelsOf(stride, at, 4);
        lower = rowOf(size, kernel, 5 - stride, a, b, c, d, e, lower);
        at += pitch;
      }
      if (size + stride > 6) {
        a = pixelsOf(stride, at, 0);
        b = pixelsOf(stride, at, 1);
        c = pixelsOf(stride, at, 2);
        d = size == 3 ? c : pixelsOf(stride, at, 3);
        e = size == 3 ? c : pixelsOf(stride, at, 4);
        lower = rowOf(size, kernel, 6 - stride, a, b, c, d, e, lower);
      }
      v128.store(y + offset, clamp(upper, least, most));
      v128.store(y + offset + rowBytes, clamp(lower, least, most));
    }
  }
}
