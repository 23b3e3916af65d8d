import { tile, TILE_PIXELS } from "./register_tile";

/**
 * Output planes of a convolution with stride 1 and few channels, four pixels to a vector.
 *
 *   C[plane, pixel..pixel+3] = bias[plane] + sum over k of W[plane, k] * X[pixel + k, ..+3]
 *
 * A tile is two output planes and four vectors of pixels, found through `inputs` (u32 byte offsets of the
 * windows' first pixels, four for each tile) and `outputs`. The window is a list of segments as in `tiles`;
 * weights lie in the order of the segments.
 *
 * @param bias0 address of the first plane's bias; 0: none
 */
export function planeTiles(
  count: u32, inputs: usize, base: usize, segments: usize, segmentCount: u32, w0: usize, w1: usize,
  outputs: usize, plane0: usize, plane1: usize, bias0: usize, bias1: usize,
): void {
  for (; count != 0; count--) {
    pixelsTile(inputs, base, segments, segmentCount, w0, w1, outputs, plane0, plane1, bias0, bias1);
    inputs += 16;
    outputs += 16;
  }
}

function pixelsTile(
  inputs: usize, base: usize, segments: usize, segmentCount: u32, w0: usize, w1: usize,
  outputs: usize, plane0: usize, plane1: usize, bias0: usize, bias1: usize,
): void {
  tile(TILE_PIXELS, inputs, base, segments, segmentCount, w0, w1, outputs, plane0, plane1, bias0, bias1);
}
