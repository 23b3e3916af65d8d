import { oneByOne } from "./transpose_widths";

/**
 * to[c][r] = from[r][c], strides in bytes between rows of `from` and rows of `to`. Blocks of 4 by 4 in
 * registers, the edges one by one.
 */
export function transpose(
  from: usize, fromStride: usize, to: usize, toStride: usize, rows: u32, columns: u32,
): void {
  let r: u32 = 0;
  for (; r + 4 <= rows; r += 4) {
    transpose4(from, fromStride, to, toStride, columns);
    from += fromStride << 2;
    to += 16;
  }
  if (rows - r == 3 && toStride == 12) threeInterleaved(from, fromStride, to, columns);
  else oneByOne<f32>(from, fromStride, to, toStride, rows - r, columns);
}

/** The three colours of an image, from planes to pixels: four pixels at a time. */
function threeInterleaved(from: usize, fromStride: usize, to: usize, columns: u32): void {
  let n = columns;
  for (; n >= 4; n -= 4) {
    const r = v128.load(from);
    const g = v128.load(from + fromStride);
    const b = v128.load(from + (fromStride << 1));
    const rg = v128.shuffle<i32>(r, g, 0, 4, 1, 5);
    v128.store(to, v128.shuffle<i32>(rg, v128.shuffle<i32>(b, r, 0, 5, 0, 5), 0, 1, 4, 5));
    v128.store(to, v128.shuffle<i32>(v128.shuffle<i32>(g, b, 1, 5, 2, 6), r, 0, 1, 6, 2), 16);
    v128.store(to, v128.shuffle<i32>(b, v128.shuffle<i32>(r, g, 3, 7, 3, 7), 2, 4, 5, 3), 32);
    from += 16;
    to += 48;
  }
  oneByOne<f32>(from, fromStride, to, 12, 3, n);
}

/** Four rows of `from` become four columns of `to`. */
function transpose4(from: usize, fromStride: usize, to: usize, toStride: usize, columns: u32): void {
  let a = from;
  let b = a + fromStride;
  let c = b + fromStride;
  let d = c + fromStride;
  let n = columns;
  for (; n >= 4; n -= 4) {
    const va = v128.load(a);
    const vb = v128.load(b);
    const vc = v128.load(c);
    const vd = v128.load(d);
    const ab0 = v128.shuffle<i32>(va, vb, 0, 4, 1, 5);
    const ab1 = v128.shuffle<i32>(va, vb, 2, 6, 3, 7);
    const cd0 = v128.shuffle<i32>(vc, vd, 0, 4, 1, 5);
    const cd1 = v128.shuffle<i32>(vc, vd, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<i64>(ab0, cd0, 0, 2));
    to += toStride;
    v128.store(to, v128.shuffle<i64>(ab0, cd0, 1, 3));
    to += toStride;
    v128.store(to, v128.shuffle<i64>(ab1, cd1, 0, 2));
    to += toStride;
    v128.store(to, v128.shuffle<i64>(ab1, cd1, 1, 3));
    to += toStride;
    a += 16;
    b += 16;
    c += 16;
    d += 16;
  }
  for (; n != 0; n--) {
    store<f32>(to, load<f32>(a));
    store<f32>(to, load<f32>(b), 4);
    store<f32>(to, load<f32>(c), 8);
    store<f32>(to, load<f32>(d), 12);
    to += toStride;
    a += 4;
    b += 4;
    c += 4;
    d += 4;
  }
}
