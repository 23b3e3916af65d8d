/**
 * The products of a few rows with every row of a matrix, as a dense layer takes them of a few examples: the matrix is read
 * once, from front to back, four rows of it at a time, which a processor fetches ahead.
 */
import { madd } from "./vector";

/**
 * y[i, j] = x[i] . w[j] for `m` rows of x and `count` rows of w, `k` floats each. Rows of x and w lie one behind the other,
 * those of y `yStride` bytes apart.
 */
export function rowProducts(
  x: usize, m: u32, w: usize, count: u32, k: u32, y: usize, yStride: usize,
): void {
  const row = <usize>k << 2;
  for (let j: u32 = 0; j < count; j += 4) {
    // The last rows once more in the place of those that are missing.
    const left = count - 1 - j;
    const w1 = w + row * min(left, 1), w2 = w + row * min(left, 2), w3 = w + row * min(left, 3);
    for (let i: u32 = 0; i < m; i++) {
      const sums = fourProducts(x + row * i, w, w1, w2, w3, k);
      const to = y + yStride * i;
      if (left >= 3) v128.store(to, sums);
      else {
        store<f32>(to, f32x4.extract_lane(sums, 0));
        if (left >= 1) store<f32>(to, f32x4.extract_lane(sums, 1), 4);
        if (left >= 2) store<f32>(to, f32x4.extract_lane(sums, 2), 8);
      }
    }
    w += row << 2;
    y += 16;
  }
}

/** x . w for four rows. */
// @ts-ignore: decorator
@inline
function fourProducts(x: usize, w0: usize, w1: usize, w2: usize, w3: usize, k: u32): v128 {
  let a0 = f32x4.splat(0);
  let a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
  let at: usize = 0;
  const end = <usize>(k & ~7) << 2;
  for (; at < end; at += 32) {
    const v = v128.load(x + at), u = v128.load(x + at, 16);
    a0 = madd(v, v128.load(w0 + at), a0);
    a1 = madd(v, v128.load(w1 + at), a1);
    a2 = madd(v, v128.load(w2 + at), a2);
    a3 = madd(v, v128.load(w3 + at), a3);
    b0 = madd(u, v128.load(w0 + at, 16), b0);
    b1 = madd(u, v128.load(w1 + at, 16), b1);
    b2 = madd(u, v128.load(w2 + at, 16), b2);
    b3 = madd(u, v128.load(w3 + at, 16), b3);
  }
  a0 = f32x4.add(a0, b0);
  a1 = f32x4.add(a1, b1);
  a2 = f32x4.add(a2, b2);
  a3 = f32x4.add(a3, b3);
  for (const last = <usize>k << 2; at < last; at += 4) {
    // One number in the first lane.
    const v = v128.load32_zero(x + at);
    a0 = madd(v, v128.load32_zero(w0 + at), a0);
    a1 = madd(v, v128.load32_zero(w1 + at), a1);
    a2 = madd(v, v128.load32_zero(w2 + at), a2);
    a3 = madd(v, v128.load32_zero(w3 + at), a3);
  }
  // Turned over, the lanes of the four sums become four vectors to add.
  const low01 = v128.shuffle<f32>(a0, a1, 0, 4, 1, 5), low23 = v128.shuffle<f32>(a2, a3, 0, 4, 1, 5);
  const high01 = v128.shuffle<f32>(a0, a1, 2, 6, 3, 7), high23 = v128.shuffle<f32>(a2, a3, 2, 6, 3, 7);
  const first = v128.shuffle<f32>(low01, low23, 0, 1, 4, 5), second = v128.shuffle<f32>(low01, low23, 2, 3, 6, 7);
  const third = v128.shuffle<f32>(high01, high23, 0, 1, 4, 5), fourth = v128.shuffle<f32>(high01, high23, 2, 3, 6, 7);
  return f32x4.add(f32x4.add(first, second), f32x4.add(third, fourth));
}
