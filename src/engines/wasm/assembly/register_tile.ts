import { madd } from "./vector";

/**
 * The register tile under every product and convolution: eight accumulators, 4 rows by 2 vectors. For each k
 *
 *   a_i += row_i[k] * p[k],  b_i += row_i[k] * q[k]   for the four rows i
 *
 * A row is a list of *segments*, runs of consecutive elements, the same list for every row; a segment is two u32: how
 * far to move on from the end of the segment before (bytes), and its length (elements, not 0). A GEMM has one segment;
 * a convolution one per kernel row. Rows are found through tables of u32 byte offsets, four for each tile, so that a
 * row may be a pixel's window, a weight's shifted plane or a matrix row. There are three kinds of tiles:
 *
 * - TILE_ROWS (`tiles`): an element of a row is one float, and p and q are 8 columns of a packed panel.
 * - TILE_PIXELS (`planeTiles`): an element of a row is one float further on in the image, read as four pixels; p and q
 *   are one float each, of two planes' weights.
 * - TILE_TAPS (`tapTiles`): all are four pixels.
 *
 * 4 by 2 vectors because V8 loads all of a step's operands before it computes: 8 accumulators, 2 vectors of columns,
 * 4 of rows and 1 product are the 15 registers that it gives out on x86. A larger tile spills. The exits between
 * unrolled steps keep it from moving the loads of one step before the sums of another, which spills too.
 */
// @ts-ignore: decorator
@inline export const TILE_ROWS: u32 = 0;
// @ts-ignore: decorator
@inline export const TILE_PIXELS: u32 = 1;
// @ts-ignore: decorator
@inline export const TILE_TAPS: u32 = 2;

/**
 * One tile, from `p` and `q` on (the panel's columns lie behind `p`), to `out0` and `out1`; `extra0` and `extra1` as
 * the kind has it (see `finish`).
 */
// @ts-ignore: decorator
@inline
export function tile(
  kind: u32, rows: usize, base: usize, segments: usize, segmentCount: u32, p: usize, q: usize,
  outputs: usize, out0: usize, out1: usize, extra0: usize, extra1: usize,
): void {
  let x0 = base + load<u32>(rows);
  let x1 = base + load<u32>(rows, 4);
  let x2 = base + load<u32>(rows, 8);
  let x3 = base + load<u32>(rows, 12);
  let a0 = first(kind, extra0), b0 = kind == TILE_PIXELS ? first(kind, extra1) : a0;
  let a1 = a0, a2 = a0, a3 = a0;
  let b1 = b0, b2 = b0, b3 = b0;
  for (let s = segmentCount; s != 0; s--) {
    const skip = <usize>load<u32>(segments);
    const length = load<u32>(segments, 4);
    segments += 8;
    x0 += skip;
    x1 += skip;
    x2 += skip;
    x3 += skip;
    let n = length;
    while (true) {
      {
        const v = left(kind, p, 0), w = right(kind, p, q, 0);
        const r0 = row(kind, x0, 0), r1 = row(kind, x1, 0), r2 = row(kind, x2, 0), r3 = row(kind, x3, 0);
        a0 = madd(v, r0, a0); b0 = madd(w, r0, b0); a1 = madd(v, r1, a1); b1 = madd(w, r1, b1);
        a2 = madd(v, r2, a2); b2 = madd(w, r2, b2); a3 = madd(v, r3, a3); b3 = madd(w, r3, b3);
      }
      if (n == 1) break;
      {
        const v = left(kind, p, 1), w = right(kind, p, q, 1);
        const r0 = row(kind, x0, 1), r1 = row(kind, x1, 1), r2 = row(kind, x2, 1), r3 = row(kind, x3, 1);
        a0 = madd(v, r0, a0); b0 = madd(w, r0, b0); a1 = madd(v, r1, a1); b1 = madd(w, r1, b1);
        a2 = madd(v, r2, a2); b2 = madd(w, r2, b2); a3 = madd(v, r3, a3); b3 = madd(w, r3, b3);
      }
      if (n == 2) break;
      {
        const v = left(kind, p, 2), w = right(kind, p, q, 2);
        const r0 = row(kind, x0, 2), r1 = row(kind, x1, 2), r2 = row(kind, x2, 2), r3 = row(kind, x3, 2);
        a0 = madd(v, r0, a0); b0 = madd(w, r0, b0); a1 = madd(v, r1, a1); b1 = madd(w, r1, b1);
        a2 = madd(v, r2, a2); b2 = madd(w, r2, b2); a3 = madd(v, r3, a3); b3 = madd(w, r3, b3);
      }
      if (n == 3) break;
      {
        const v = left(kind, p, 3), w = right(kind, p, q, 3);
        const r0 = row(kind, x0, 3), r1 = row(kind, x1, 3), r2 = row(kind, x2, 3), r3 = row(kind, x3, 3);
        a0 = madd(v, r0, a0); b0 = madd(w, r0, b0); a1 = madd(v, r1, a1); b1 = madd(w, r1, b1);
        a2 = madd(v, r2, a2); b2 = madd(w, r2, b2); a3 = madd(v, r3, a3); b3 = madd(w, r3, b3);
      }
      p += columnBytes(kind) << 2;
      if (kind != TILE_ROWS) q += columnBytes(kind) << 2;
      x0 += rowBytes(kind) << 2;
      x1 += rowBytes(kind) << 2;
      x2 += rowBytes(kind) << 2;
      x3 += rowBytes(kind) << 2;
      n -= 4;
      if (n == 0) break;
    }
    const rest = <usize>(length & 3);
    p += rest * columnBytes(kind);
    if (kind != TILE_ROWS) q += rest * columnBytes(kind);
    x0 += rest * rowBytes(kind);
    x1 += rest * rowBytes(kind);
    x2 += rest * rowBytes(kind);
    x3 += rest * rowBytes(kind);
  }
  if (kind == TILE_TAPS) storeTaps(out0, extra0, a0, b0, a1, b1, a2, b2, a3, b3);
  else if (kind == TILE_PIXELS) storePixels(outputs, out0, out1, a0, b0, a1, b1, a2, b2, a3, b3);
  else storeRows(outputs, out0, extra0, a0, b0, a1, b1, a2, b2, a3, b3);
}

/** What a plane's four pixels begin with: the bias at `at`, if there is one. */
// @ts-ignore: decorator
@inline
function first(kind: u32, at: usize): v128 {
  return kind == TILE_PIXELS && at != 0 ? v128.load32_splat(at) : f32x4.splat(0);
}

/** Bytes from one element of a row to the next. */
// @ts-ignore: decorator
@inline
function rowBytes(kind: u32): usize {
  return kind == TILE_TAPS ? 16 : 4;
}

/** Bytes from what one k takes at p (and q) to the next. */
// @ts-ignore: decorator
@inline
function columnBytes(kind: u32): usize {
  return kind == TILE_ROWS ? 32 : rowBytes(kind);
}

// @ts-ignore: decorator
@inline
function row(kind: u32, at: usize, k: u32): v128 {
  if (kind == TILE_ROWS) return splat(at, k);
  return kind == TILE_PIXELS ? nextFour(at, k) : vector(at, k);
}

// @ts-ignore: decorator
@inline
function left(kind: u32, p: usize, k: u32): v128 {
  if (kind == TILE_PIXELS) return splat(p, k);
  return vector(p, kind == TILE_ROWS ? 2 * k : k);
}

// @ts-ignore: decorator
@inline
function right(kind: u32, p: usize, q: usize, k: u32): v128 {
  return kind == TILE_ROWS ? vector(p, 2 * k + 1) : left(kind, q, k);
}

// An offset in an instruction must be written out, and one that is added costs an instruction more.

/** Float k behind `at`, in all lanes. */
// @ts-ignore: decorator
@inline
function splat(at: usize, k: u32): v128 {
  if (k == 0) return v128.load32_splat(at);
  if (k == 1) return v128.load32_splat(at, 4);
  return k == 2 ? v128.load32_splat(at, 8) : v128.load32_splat(at, 12);
}

/** Four floats, from float k behind `at` on. */
// @ts-ignore: decorator
@inline
function nextFour(at: usize, k: u32): v128 {
  if (k == 0) return v128.load(at);
  if (k == 1) return v128.load(at, 4);
  return k == 2 ? v128.load(at, 8) : v128.load(at, 12);
}

/** Vector k behind `at`. */
// @ts-ignore: decorator
@inline
function vector(at: usize, k: u32): v128 {
  if (k < 2) return k == 0 ? v128.load(at) : v128.load(at, 16);
  if (k < 4) return k == 2 ? v128.load(at, 32) : v128.load(at, 48);
  if (k < 6) return k == 4 ? v128.load(at, 64) : v128.load(at, 80);
  return k == 6 ? v128.load(at, 96) : v128.load(at, 112);
}

// @ts-ignore: decorator
@inline
function storeRows(
  outputs: usize, c: usize, mask: usize,
  a0: v128, b0: v128, a1: v128, b1: v128, a2: v128, b2: v128, a3: v128, b3: v128,
): void {
  const c0 = c + load<u32>(outputs);
  const c1 = c + load<u32>(outputs, 4);
  const c2 = c + load<u32>(outputs, 8);
  const c3 = c + load<u32>(outputs, 12);
  if (mask == 0) {
    store8(c0, a0, b0);
    store8(c1, a1, b1);
    store8(c2, a2, b2);
    store8(c3, a3, b3);
  } else {
    const low = v128.load(mask);
    const high = v128.load(mask, 16);
    add8(c0, v128.and(a0, low), v128.and(b0, high));
    add8(c1, v128.and(a1, low), v128.and(b1, high));
    add8(c2, v128.and(a2, low), v128.and(b2, high));
    add8(c3, v128.and(a3, low), v128.and(b3, high));
  }
}

/** Four pixels of two planes, at the four places that `outputs` names. */
// @ts-ignore: decorator
@inline
function storePixels(
  outputs: usize, plane0: usize, plane1: usize,
  a0: v128, b0: v128, a1: v128, b1: v128, a2: v128, b2: v128, a3: v128, b3: v128,
): void {
  storeBoth(plane0, plane1, <usize>load<u32>(outputs), a0, b0);
  storeBoth(plane0, plane1, <usize>load<u32>(outputs, 4), a1, b1);
  storeBoth(plane0, plane1, <usize>load<u32>(outputs, 8), a2, b2);
  storeBoth(plane0, plane1, <usize>load<u32>(outputs, 12), a3, b3);
}

// @ts-ignore: decorator
@inline
function storeBoth(plane0: usize, plane1: usize, at: usize, a: v128, b: v128): void {
  v128.store(plane0 + at, a);
  v128.store(plane1 + at, b);
}

/** One behind the other; `accumulate`: added to what lies there. */
// @ts-ignore: decorator
@inline
function storeTaps(
  out: usize, accumulate: usize,
  a0: v128, b0: v128, a1: v128, b1: v128, a2: v128, b2: v128, a3: v128, b3: v128,
): void {
  if (accumulate) {
    add8(out, a0, b0);
    add8(out + 32, a1, b1);
    add8(out + 64, a2, b2);
    add8(out + 96, a3, b3);
  } else {
    store8(out, a0, b0);
    store8(out + 32, a1, b1);
    store8(out + 64, a2, b2);
    store8(out + 96, a3, b3);
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
