import { tile, TILE_TAPS } from "./register_tile";

/**
 * Products of shifted input planes and two planes of gradients, four pixels to a vector: for every tap
 *
 *   out[tap][plane][lane] (+)= sum over pixels with that lane of X[tap + pixel] * D[plane, pixel]
 *
 * Taps come four to a tile through `taps` (u32 byte offsets); segments are rows of pixels, their lengths
 * in vectors; the rows of D lie without gaps. `foldLanes` adds up the lanes in the end.
 */
export function tapTiles(
  count: u32, taps: usize, base: usize, segments: usize, segmentCount: u32, d0: usize, d1: usize,
  out: usize, accumulate: u32,
): void {
  for (; count != 0; count--) {
    tapsTile(taps, base, segments, segmentCount, d0, d1, out, accumulate);
    taps += 16;
    out += 128;
  }
}

function tapsTile(
  taps: usize, base: usize, segments: usize, segmentCount: u32, d0: usize, d1: usize, out: usize, accumulate: u32,
): void {
  tile(TILE_TAPS, taps, base, segments, segmentCount, d0, d1, 0, out, 0, accumulate, 0);
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
