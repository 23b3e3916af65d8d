import { madd } from "./vector";

/**
 * Output planes of a convolution with stride 1 and few channels, four pixels to a vector.
 *
 *   C[plane, pixel..pixel+3] = bias[plane] + sum over k of W[plane, k] * X[pixel + k, ..+3]
 *
 * A tile is two output planes and four vectors of pixels, found through `inputs` (u32 byte offsets of the
 * windows' first pixels, four for each tile) and `outputs`. The window is a list of segments as in `tiles`;
 * weights lie in the order of the segments. Two by four, for the reason that makes `tiles` four by eight.
 *
 * @param bias0 address of the first plane's bias; 0: none
 */
export function planeTiles(
  count: u32,
  inputs: usize,
  base: usize,
  segments: usize,
  segmentCount: u32,
  w0: usize,
  w1: usize,
  outputs: usize,
  plane0: usize,
  plane1: usize,
  bias0: usize,
  bias1: usize,
): void {
  for (; count != 0; count--) {
    planeTile(inputs, base, segments, segmentCount, w0, w1, outputs, plane0, plane1, bias0, bias1);
    inputs += 16;
    outputs += 16;
  }
}

function planeTile(
  inputs: usize,
  base: usize,
  segments: usize,
  segmentCount: u32,
  w0: usize,
  w1: usize,
  outputs: usize,
  plane0: usize,
  plane1: usize,
  bias0: usize,
  bias1: usize,
): void {
  let x0 = base + load<u32>(inputs);
  let x1 = base + load<u32>(inputs, 4);
  let x2 = base + load<u32>(inputs, 8);
  let x3 = base + load<u32>(inputs, 12);
  let a0 = f32x4.splat(0);
  let b0 = f32x4.splat(0);
  if (bias0 != 0) {
    a0 = v128.load32_splat(bias0);
    b0 = v128.load32_splat(bias1);
  }
  let a1 = a0;
  let b1 = b0;
  let a2 = a0;
  let b2 = b0;
  let a3 = a0;
  let b3 = b0;
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
        const p = v128.load32_splat(w0);
        const q = v128.load32_splat(w1);
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
        const p = v128.load32_splat(w0, 4);
        const q = v128.load32_splat(w1, 4);
        const v0 = v128.load(x0, 4);
        const v1 = v128.load(x1, 4);
        const v2 = v128.load(x2, 4);
        const v3 = v128.load(x3, 4);
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
        const p = v128.load32_splat(w0, 8);
        const q = v128.load32_splat(w1, 8);
        const v0 = v128.load(x0, 8);
        const v1 = v128.load(x1, 8);
        const v2 = v128.load(x2, 8);
        const v3 = v128.load(x3, 8);
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
        const p = v128.load32_splat(w0, 12);
        const q = v128.load32_splat(w1, 12);
        const v0 = v128.load(x0, 12);
        const v1 = v128.load(x1, 12);
        const v2 = v128.load(x2, 12);
        const v3 = v128.load(x3, 12);
        a0 = madd(p, v0, a0);
        b0 = madd(q, v0, b0);
        a1 = madd(p, v1, a1);
        b1 = madd(q, v1, b1);
        a2 = madd(p, v2, a2);
        b2 = madd(q, v2, b2);
        a3 = madd(p, v3, a3);
        b3 = madd(q, v3, b3);
      }
      w0 += 16;
      w1 += 16;
      x0 += 16;
      x1 += 16;
      x2 += 16;
      x3 += 16;
      n -= 4;
      if (n == 0) break;
    }
    const rest = <usize>(length & 3) << 2;
    w0 += rest;
    w1 += rest;
    x0 += rest;
    x1 += rest;
    x2 += rest;
    x3 += rest;
  }
  let at = <usize>load<u32>(outputs);
  v128.store(plane0 + at, a0);
  v128.store(plane1 + at, b0);
  at = <usize>load<u32>(outputs, 4);
  v128.store(plane0 + at, a1);
  v128.store(plane1 + at, b1);
  at = <usize>load<u32>(outputs, 8);
  v128.store(plane0 + at, a2);
  v128.store(plane1 + at, b2);
  at = <usize>load<u32>(outputs, 12);
  v128.store(plane0 + at, a3);
  v128.store(plane1 + at, b3);
}
