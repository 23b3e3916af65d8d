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
  oneByOne<f32>(from, fromStride, to, toStride, rows - r, columns);
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
