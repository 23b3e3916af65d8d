import { madd } from "./vector";

/**
 * The register tile under every product: 4 rows by 8 columns of C, eight accumulators.
 *
 *   C[row, 0..8) (+)= sum over k of A[row, k] * B[k, 0..8)
 *
 * A row of A is a list of *segments*, runs of consecutive floats, the same list for every row; a segment is
 * two u32: how far to move on from the end of the segment before (bytes), and its length (floats, not 0). A
 * GEMM has one segment; a convolution one per kernel row. B lies packed, 8 floats for each k,
 * through all segments. Rows are found through tables of u32 byte offsets, four for each tile, so that a row
 * may be a pixel's window, a weight's shifted plane or a matrix row. Rows that only fill up the last tile
 * must have a readable place in `aRows` and a place of their own to overwrite in `cRows`.
 *
 * 4 by 8 because V8 loads all of a step's operands before it computes: 8 accumulators, 2 vectors of B,
 * 4 elements of A and 1 product are the 15 registers that it gives out on x86. A larger tile spills. The
 * exits between unrolled steps keep it from moving the loads of one step before the sums of another, which
 * spills too.
 *
 * @param accumulate 0: C is overwritten; else the address of 8 mask lanes (all ones or zero): what they let
 *   through is added to C. The mask keeps an infinity in A from turning the padding of B into NaN.
 */
export function tiles(
  count: u32,
  aRows: usize,
  aBase: usize,
  segments: usize,
  segmentCount: u32,
  b: usize,
  cRows: usize,
  cBase: usize,
  accumulate: usize,
): void {
  for (; count != 0; count--) {
    tile(aRows, aBase, segments, segmentCount, b, cRows, cBase, accumulate);
    aRows += 16;
    cRows += 16;
  }
}

function tile(
  aRows: usize,
  aBase: usize,
  segments: usize,
  segmentCount: u32,
  panel: usize,
  cRows: usize,
  cBase: usize,
  accumulate: usize,
): void {
  let a0 = aBase + load<u32>(aRows);
  let a1 = aBase + load<u32>(aRows, 4);
  let a2 = aBase + load<u32>(aRows, 8);
  let a3 = aBase + load<u32>(aRows, 12);
  let c0l = f32x4.splat(0);
  let c0h = f32x4.splat(0);
  let c1l = f32x4.splat(0);
  let c1h = f32x4.splat(0);
  let c2l = f32x4.splat(0);
  let c2h = f32x4.splat(0);
  let c3l = f32x4.splat(0);
  let c3h = f32x4.splat(0);
  for (let s = segmentCount; s != 0; s--) {
    const skip = <usize>load<u32>(segments);
    const length = load<u32>(segments, 4);
    segments += 8;
    a0 += skip;
    a1 += skip;
    a2 += skip;
    a3 += skip;
    let n = length;
    while (true) {
      {
        const bl = v128.load(panel);
        const bh = v128.load(panel, 16);
        const x0 = v128.load32_splat(a0);
        const x1 = v128.load32_splat(a1);
        const x2 = v128.load32_splat(a2);
        const x3 = v128.load32_splat(a3);
        c0l = madd(x0, bl, c0l);
        c0h = madd(x0, bh, c0h);
        c1l = madd(x1, bl, c1l);
        c1h = madd(x1, bh, c1h);
        c2l = madd(x2, bl, c2l);
        c2h = madd(x2, bh, c2h);
        c3l = madd(x3, bl, c3l);
        c3h = madd(x3, bh, c3h);
      }
      if (n == 1) break;
      {
        const bl = v128.load(panel, 32);
        const bh = v128.load(panel, 48);
        const x0 = v128.load32_splat(a0, 4);
        const x1 = v128.load32_splat(a1, 4);
        const x2 = v128.load32_splat(a2, 4);
        const x3 = v128.load32_splat(a3, 4);
        c0l = madd(x0, bl, c0l);
        c0h = madd(x0, bh, c0h);
        c1l = madd(x1, bl, c1l);
        c1h = madd(x1, bh, c1h);
        c2l = madd(x2, bl, c2l);
        c2h = madd(x2, bh, c2h);
        c3l = madd(x3, bl, c3l);
        c3h = madd(x3, bh, c3h);
      }
      if (n == 2) break;
      {
        const bl = v128.load(panel, 64);
        const bh = v128.load(panel, 80);
        const x0 = v128.load32_splat(a0, 8);
        const x1 = v128.load32_splat(a1, 8);
        const x2 = v128.load32_splat(a2, 8);
        const x3 = v128.load32_splat(a3, 8);
        c0l = madd(x0, bl, c0l);
        c0h = madd(x0, bh, c0h);
        c1l = madd(x1, bl, c1l);
        c1h = madd(x1, bh, c1h);
        c2l = madd(x2, bl, c2l);
        c2h = madd(x2, bh, c2h);
        c3l = madd(x3, bl, c3l);
        c3h = madd(x3, bh, c3h);
      }
      if (n == 3) break;
      {
        const bl = v128.load(panel, 96);
        const bh = v128.load(panel, 112);
        const x0 = v128.load32_splat(a0, 12);
        const x1 = v128.load32_splat(a1, 12);
        const x2 = v128.load32_splat(a2, 12);
        const x3 = v128.load32_splat(a3, 12);
        c0l = madd(x0, bl, c0l);
        c0h = madd(x0, bh, c0h);
        c1l = madd(x1, bl, c1l);
        c1h = madd(x1, bh, c1h);
        c2l = madd(x2, bl, c2l);
        c2h = madd(x2, bh, c2h);
        c3l = madd(x3, bl, c3l);
        c3h = madd(x3, bh, c3h);
      }
      panel += 128;
      a0 += 16;
      a1 += 16;
      a2 += 16;
      a3 += 16;
      n -= 4;
      if (n == 0) break;
    }
    const rest = <usize>(length & 3);
    panel += rest << 5;
    a0 += rest << 2;
    a1 += rest << 2;
    a2 += rest << 2;
    a3 += rest << 2;
  }
  if (accumulate == 0) {
    store8(cBase + load<u32>(cRows), c0l, c0h);
    store8(cBase + load<u32>(cRows, 4), c1l, c1h);
    store8(cBase + load<u32>(cRows, 8), c2l, c2h);
    store8(cBase + load<u32>(cRows, 12), c3l, c3h);
  } else {
    const ml = v128.load(accumulate);
    const mh = v128.load(accumulate, 16);
    add8(cBase + load<u32>(cRows), v128.and(c0l, ml), v128.and(c0h, mh));
    add8(cBase + load<u32>(cRows, 4), v128.and(c1l, ml), v128.and(c1h, mh));
    add8(cBase + load<u32>(cRows, 8), v128.and(c2l, ml), v128.and(c2h, mh));
    add8(cBase + load<u32>(cRows, 12), v128.and(c3l, ml), v128.and(c3h, mh));
  }
}

// @ts-ignore: decorator
@inline
function store8(at: usize, low: v128, high: v128): void {
  v128.store(at, low);
  v128.store(at, high, 16);
}

// @ts-ignore: decorator
@inline
function add8(at: usize, low: v128, high: v128): void {
  v128.store(at, f32x4.add(v128.load(at), low));
  v128.store(at, f32x4.add(v128.load(at, 16), high), 16);
}
