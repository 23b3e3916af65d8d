import { madd } from "./vector";

/**
 * The register tile under every product: 6 rows by 8 columns of C, twelve accumulators.
 *
 *   C[row, 0..8) (+)= sum over k of A[row, k] * B[k, 0..8)
 *
 * A row of A is a list of *segments*, runs of consecutive floats, the same list for every row; a segment is
 * two u32: how far to move on from the end of the segment before (bytes), and its length (floats). A matrix
 * product has one segment; a convolution one per kernel row. B lies packed, 8 floats for each k, through all
 * segments. Rows are found through tables of u32 byte offsets, six for each tile, so that a row may be a
 * pixel's window, a weight's shifted plane or a matrix row. Rows that only fill up the last tile must have a
 * readable place in `aRows` and a place of their own to spoil in `cRows`.
 *
 * 6 by 8 because 12 accumulators, 2 vectors of B, 1 element of A and 1 product fill the 16 registers of
 * x86 without spilling, and 12 independent sums hide the latency of a multiply-add.
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
    let a0 = aBase + load<u32>(aRows);
    let a1 = aBase + load<u32>(aRows, 4);
    let a2 = aBase + load<u32>(aRows, 8);
    let a3 = aBase + load<u32>(aRows, 12);
    let a4 = aBase + load<u32>(aRows, 16);
    let a5 = aBase + load<u32>(aRows, 20);
    let c0l = f32x4.splat(0);
    let c0h = f32x4.splat(0);
    let c1l = f32x4.splat(0);
    let c1h = f32x4.splat(0);
    let c2l = f32x4.splat(0);
    let c2h = f32x4.splat(0);
    let c3l = f32x4.splat(0);
    let c3h = f32x4.splat(0);
    let c4l = f32x4.splat(0);
    let c4h = f32x4.splat(0);
    let c5l = f32x4.splat(0);
    let c5h = f32x4.splat(0);
    let panel = b;
    let segment = segments;
    for (let s = segmentCount; s != 0; s--) {
      const skip = <usize>load<u32>(segment);
      const length = load<u32>(segment, 4);
      segment += 8;
      a0 += skip;
      a1 += skip;
      a2 += skip;
      a3 += skip;
      a4 += skip;
      a5 += skip;
      for (let n = length >> 2; n != 0; n--) {
        {
          const bl = v128.load(panel);
          const bh = v128.load(panel, 16);
          let x = v128.load32_splat(a0);
          c0l = madd(x, bl, c0l);
          c0h = madd(x, bh, c0h);
          x = v128.load32_splat(a1);
          c1l = madd(x, bl, c1l);
          c1h = madd(x, bh, c1h);
          x = v128.load32_splat(a2);
          c2l = madd(x, bl, c2l);
          c2h = madd(x, bh, c2h);
          x = v128.load32_splat(a3);
          c3l = madd(x, bl, c3l);
          c3h = madd(x, bh, c3h);
          x = v128.load32_splat(a4);
          c4l = madd(x, bl, c4l);
          c4h = madd(x, bh, c4h);
          x = v128.load32_splat(a5);
          c5l = madd(x, bl, c5l);
          c5h = madd(x, bh, c5h);
        }
        {
          const bl = v128.load(panel, 32);
          const bh = v128.load(panel, 48);
          let x = v128.load32_splat(a0, 4);
          c0l = madd(x, bl, c0l);
          c0h = madd(x, bh, c0h);
          x = v128.load32_splat(a1, 4);
          c1l = madd(x, bl, c1l);
          c1h = madd(x, bh, c1h);
          x = v128.load32_splat(a2, 4);
          c2l = madd(x, bl, c2l);
          c2h = madd(x, bh, c2h);
          x = v128.load32_splat(a3, 4);
          c3l = madd(x, bl, c3l);
          c3h = madd(x, bh, c3h);
          x = v128.load32_splat(a4, 4);
          c4l = madd(x, bl, c4l);
          c4h = madd(x, bh, c4h);
          x = v128.load32_splat(a5, 4);
          c5l = madd(x, bl, c5l);
          c5h = madd(x, bh, c5h);
        }
        {
          const bl = v128.load(panel, 64);
          const bh = v128.load(panel, 80);
          let x = v128.load32_splat(a0, 8);
          c0l = madd(x, bl, c0l);
          c0h = madd(x, bh, c0h);
          x = v128.load32_splat(a1, 8);
          c1l = madd(x, bl, c1l);
          c1h = madd(x, bh, c1h);
          x = v128.load32_splat(a2, 8);
          c2l = madd(x, bl, c2l);
          c2h = madd(x, bh, c2h);
          x = v128.load32_splat(a3, 8);
          c3l = madd(x, bl, c3l);
          c3h = madd(x, bh, c3h);
          x = v128.load32_splat(a4, 8);
          c4l = madd(x, bl, c4l);
          c4h = madd(x, bh, c4h);
          x = v128.load32_splat(a5, 8);
          c5l = madd(x, bl, c5l);
          c5h = madd(x, bh, c5h);
        }
        {
          const bl = v128.load(panel, 96);
          const bh = v128.load(panel, 112);
          let x = v128.load32_splat(a0, 12);
          c0l = madd(x, bl, c0l);
          c0h = madd(x, bh, c0h);
          x = v128.load32_splat(a1, 12);
          c1l = madd(x, bl, c1l);
          c1h = madd(x, bh, c1h);
          x = v128.load32_splat(a2, 12);
          c2l = madd(x, bl, c2l);
          c2h = madd(x, bh, c2h);
          x = v128.load32_splat(a3, 12);
          c3l = madd(x, bl, c3l);
          c3h = madd(x, bh, c3h);
          x = v128.load32_splat(a4, 12);
          c4l = madd(x, bl, c4l);
          c4h = madd(x, bh, c4h);
          x = v128.load32_splat(a5, 12);
          c5l = madd(x, bl, c5l);
          c5h = madd(x, bh, c5h);
        }
        panel += 128;
        a0 += 16;
        a1 += 16;
        a2 += 16;
        a3 += 16;
        a4 += 16;
        a5 += 16;
      }
      for (let n = length & 3; n != 0; n--) {
        {
          const bl = v128.load(panel);
          const bh = v128.load(panel, 16);
          let x = v128.load32_splat(a0);
          c0l = madd(x, bl, c0l);
          c0h = madd(x, bh, c0h);
          x = v128.load32_splat(a1);
          c1l = madd(x, bl, c1l);
          c1h = madd(x, bh, c1h);
          x = v128.load32_splat(a2);
          c2l = madd(x, bl, c2l);
          c2h = madd(x, bh, c2h);
          x = v128.load32_splat(a3);
          c3l = madd(x, bl, c3l);
          c3h = madd(x, bh, c3h);
          x = v128.load32_splat(a4);
          c4l = madd(x, bl, c4l);
          c4h = madd(x, bh, c4h);
          x = v128.load32_splat(a5);
          c5l = madd(x, bl, c5l);
          c5h = madd(x, bh, c5h);
        }
        panel += 32;
        a0 += 4;
        a1 += 4;
        a2 += 4;
        a3 += 4;
        a4 += 4;
        a5 += 4;
      }
    }
    if (accumulate == 0) {
      store8(cBase + load<u32>(cRows), c0l, c0h);
      store8(cBase + load<u32>(cRows, 4), c1l, c1h);
      store8(cBase + load<u32>(cRows, 8), c2l, c2h);
      store8(cBase + load<u32>(cRows, 12), c3l, c3h);
      store8(cBase + load<u32>(cRows, 16), c4l, c4h);
      store8(cBase + load<u32>(cRows, 20), c5l, c5h);
    } else {
      const ml = v128.load(accumulate);
      const mh = v128.load(accumulate, 16);
      add8(cBase + load<u32>(cRows), v128.and(c0l, ml), v128.and(c0h, mh));
      add8(cBase + load<u32>(cRows, 4), v128.and(c1l, ml), v128.and(c1h, mh));
      add8(cBase + load<u32>(cRows, 8), v128.and(c2l, ml), v128.and(c2h, mh));
      add8(cBase + load<u32>(cRows, 12), v128.and(c3l, ml), v128.and(c3h, mh));
      add8(cBase + load<u32>(cRows, 16), v128.and(c4l, ml), v128.and(c4h, mh));
      add8(cBase + load<u32>(cRows, 20), v128.and(c5l, ml), v128.and(c5h, mh));
    }
    aRows += 24;
    cRows += 24;
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
