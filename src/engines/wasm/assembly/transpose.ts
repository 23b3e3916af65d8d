import { copy, zero } from "./copy";
import { oneByOne } from "./transpose_widths";

/**
 * to[c][r] = from[r][c], strides in bytes between rows of `from` and rows of `to`. Blocks of 4 by 4 in
 * registers, the edges one by one.
 */
export function transpose(
  from: usize,
  fromStride: usize,
  to: usize,
  toStride: usize,
  rows: u32,
  columns: u32,
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

/** Up to 8 rows become one packed panel: to[c][0..8), if missing rows are zeros. */
export function packPanelFromRows(from: usize, fromStride: usize, to: usize, rows: u32, columns: u32): void {
  if (rows < 8) zero(to, <usize>columns << 5);
  transpose(from, fromStride, to, 32, rows, columns);
}

/** Up to 8 columns of a matrix with `depth` rows become one packed panel; missing columns are zeros. */
export function packPanelFromColumns(
  from: usize,
  fromStride: usize,
  to: usize,
  columns: u32,
  depth: u32,
): void {
  if (columns == 8) {
    for (let k = depth; k != 0; k--) {
      v128.store(to, v128.load(from));
      v128.store(to, v128.load(from, 16), 16);
      to += 32;
      from += fromStride;
    }
    return;
  }
  zero(to, <usize>depth << 5);
  for (let k = depth; k != 0; k--) {
    copy(to, from, <usize>columns << 2);
    to += 32;
    from += fromStride;
  }
}

/**
 * Columns `columnBegin` and on of B as `panelCount` packed panels, `toStep` bytes apart, of `depth` rows
 * that begin at `kBegin`. `transposed`: B is [N, K], else [K, N]; `stride` is the bytes between its rows.
 */
export function packB(
  from: usize,
  stride: usize,
  transposed: u32,
  columnBegin: u32,
  columnEnd: u32,
  kBegin: u32,
  depth: u32,
  to: usize,
  toStep: usize,
): void {
  for (let c = columnBegin; c < columnEnd; c += 8) {
    const count = min<u32>(8, columnEnd - c);
    if (transposed) {
      packPanelFromRows(from + <usize>c * stride + (<usize>kBegin << 2), stride, to, count, depth);
    } else {
      packPanelFromColumns(from + <usize>kBegin * stride + (<usize>c << 2), stride, to, count, depth);
    }
    to += toStep;
  }
}
