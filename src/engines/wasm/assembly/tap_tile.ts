import { madd } from "./vector";

/**
 * Products of shifted input planes and two planes of gradients, four pixels to a vector: for every tap
 *
 *   out[tap][plane][lane] (+)= sum over pixels with that lane of X[tap + pixel] * D[plane, pixel]
 *
 * Taps come four to a tile through `taps` (u32 byte offsets); segments are rows of pixels, their lengths
 * in vectors; the rows of D lie without gaps. `foldLanes` adds up the lanes in the end.
 */
export function tapTiles(
  count: u32,
  taps: usize,
  base: usize,
  segments: usize,
  segmentCount: u32,
  d0: usize,
  d1: usize,
  out: usize,
  accumulate: u32,
): void {
  for (; count != 0; count--) {
    tapTile(taps, base, segments, segmentCount, d0, d1, out, accumulate);
    taps += 16;
    out += 128;
  }
}

function tapTile(
  taps: usize,
  base: usize,
  segments: usize,
  segmentCount: u32,
  d0: usize,
  d1: usize,
  out: usize,
  accumulate: u32,
): void {
  let x0 = base + load<u32>(taps);
  let x1 = base + load<u32>(taps, 4);
  let x2 = base + load<u32>(taps, 8);
  let x3 = base + load<u32>(taps, 12);
  let a0 = f32x4.splat(0);
  let b0 = f32x4.splat(0);
  let a1 = f32x4.splat(0);
  let b1 = f32x4.splat(0);
  let a2 = f32x4.splat(0);
  let b2 = f32x4.splat(0);
  let a3 = f32x4.splat(0);
  let b3 = f32x4.splat(0);
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
        const p = v128.load(d0);
        const q = v128.load(d1);
        const v0 = v128.load(x0);
        const v1 = v128.load(x1);
        const v2 = v128.load(x2);
        const v3 = v128.load(x3);
        a0 = madd(p, v0, a0);
        b0 = madd(q, v0, b0);
        a1 = madd(p, v1, a1);
        b1 = madd(q, v1, b1);
        a2 = madd(p, v2, a2);
        b2 = madd(q, v2, b2);
        a3 = madd(p, v3, a3);
        b3 = madd(q, v3, b3);
      }
      if (n == 1) break;
      {
        const p = v128.load(d0, 16);
        const q = v128.load(d1, 16);
        const v0 = v128.load(x0, 16);
        const v1 = v128.load(x1, 16);
        const v2 = v128.load(x2, 16);
        const v3 = v128.load(x3, 16);
        a0 = madd(p, v0, a0);
        b0 = madd(q, v0, b0);
        a1 = madd(p, v1, a1);
        b1 = madd(q, v1, b1);
        a2 = madd(p, v2, a2);
        b2 = madd(q, v2, b2);
        a3 = madd(p, v3, a3);
        b3 = madd(q, v3, b3);
      }
      if (n == 2) break;
      {
        const p = v128.load(d0, 32);
        const q = v128.load(d1, 32);
        const v0 = v128.load(x0, 32);
        const v1 = v128.load(x1, 32);
        const v2 = v128.load(x2, 32);
        const v3 = v128.load(x3, 32);
        a0 = madd(p, v0, a0);
        b0 = madd(q, v0, b0);
        a1 = madd(p, v1, a1);
        b1 = madd(q, v1, b1);
        a2 = madd(p, v2, a2);
        b2 = madd(q, v2, b2);
        a3 = madd(p, v3, a3);
        b3 = madd(q, v3, b3);
      }
      if (n == 3) break;
      {
        const p = v128.load(d0, 48);
        const q = v128.load(d1, 48);
        const v0 = v128.load(x0, 48);
        const v1 = v128.load(x1, 48);
        const v2 = v128.load(x2, 48);
        const v3 = v128.load(x3, 48);
        a0 = madd(p, v0, a0);
        b0 = madd(q, v0, b0);
        a1 = madd(p, v1, a1);
        b1 = madd(q, v1, b1);
        a2 = madd(p, v2, a2);
        b2 = madd(q, v2, b2);
        a3 = madd(p, v3, a3);
        b3 = madd(q, v3, b3);
      }
      d0 += 64;
      d1 += 64;
      x0 += 64;
      x1 += 64;
      x2 += 64;
      x3 += 64;
      n -= 4;
      if (n == 0) break;
    }
    const rest = <usize>(length & 3) << 4;
    d0 += rest;
    d1 += rest;
    x0 += rest;
    x1 += rest;
    x2 += rest;
    x3 += rest;
  }
  if (accumulate) {
    a0 = f32x4.add(a0, v128.load(out));
    b0 = f32x4.add(b0, v128.load(out, 16));
    a1 = f32x4.add(a1, v128.load(out, 32));
    b1 = f32x4.add(b1, v128.load(out, 48));
    a2 = f32x4.add(a2, v128.load(out, 64));
    b2 = f32x4.add(b2, v128.load(out, 80));
    a3 = f32x4.add(a3, v128.load(out, 96));
    b3 = f32x4.add(b3, v128.load(out, 112));
  }
  v128.store(out, a0);
  v128.store(out, b0, 16);
  v128.store(out, a1, 32);
  v128.store(out, b1, 48);
  v128.store(out, a2, 64);
  v128.store(out, b2, 80);
  v128.store(out, a3, 96);
  v128.store(out, b3, 112);
}

/** to0[tap] and to1[tap] = the sums of the four lanes of from[tap][0] and from[tap][1]. */
export function foldLanes(from: usize, taps: u32, to0: usize, to1: usize): void {
  for (; taps != 0; taps--) {
    store<f32>(to0, fold(v128.load(from)));
    store<f32>(to1, fold(v128.load(from, 16)));
    from += 32;
    to0 += 4;
    to1 += 4;
  }
}

// @ts-ignore: decorator
@inline
function fold(v: v128): f32 {
  const low = f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1);
  return low + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3));
}
