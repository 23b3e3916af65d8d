/**
 * The gradient of a depthwise convolution by one kernel: for each tap, the shifted plane of x times that of dy, summed.
 *
 * Fast paths: four pixels of dy to a vector, all nine taps of a 3x3 kernel at once, a 5x5 kernel row by row. The last
 * vector of a row steps back, its lanes that were there before zeroed. Fewer than four columns: one by one.
 *
 * Sums of a block of rows are taken in four lanes of 32 bits; blocks and images are added in double precision.
 */
import { madd } from "../vector";
import { framed } from "./frames";
import { pixelsOf } from "./plane";

/**
 * dw of the kernels of one channel, over images `image` to `end`.
 *
 * @param frame - scratch as for `depthwise`
 * @param sums - scratch: a double for each tap of the channel's kernels
 * @param to - where the channel's kernels go
 */
export function depthwiseWeightGradient(
  x: usize, height: i32, width: u32, dy: usize, rows: i32, columns: i32, size: i32, stride: i32, top: i32,
  left: u32, channels: u32, multiplier: u32, channel: u32, image: u32, end: u32, blocks: u32, blockRows: i32,
  pitch: u32, frame: usize, sums: usize, to: usize,
): void {
  const planeBytes = <usize>(<u32>height * width) << 2;
  const dyBytes = <usize>(<u32>(rows * columns)) << 2;
  const pitchBytes = <usize>pitch << 2;
  const tapCount = <u32>(size * size);
  const all = tapCount * multiplier;
  for (let i: u32 = 0; i < all; i++) store<f64>(sums + (<usize>i << 3), 0);
  let clean = false;
  for (; image < end; image++) {
    const plane = image * channels + channel;
    for (let block: u32 = 0; block < blocks; block++) {
      const first = <i32>block * blockRows;
      const count = min(blockRows, rows - first);
      const own = x + <usize>plane * planeBytes;
      const read = (count - 1) * stride + size;
      const from = framed(1, own, height, width, top, left, first * stride, read, pitch, clean, frame);
      clean = blocks == 1;
      for (let m: u32 = 0; m < multiplier; m++) {
        const gradient = dy + (<usize>plane * multiplier + m) * dyBytes + (<usize>(<u32>(first * columns)) << 2);
        addPlane(size, stride, from, pitchBytes, gradient, count, columns, sums + (<usize>(m * tapCount) << 3));
      }
    }
  }
  for (let i: u32 = 0; i < all; i++) store<f32>(to + (<usize>i << 2), <f32>load<f64>(sums + (<usize>i << 3)));
}

function addPlane(
  size: i32, stride: i32, x: usize, pitch: usize, dy: usize, rows: i32, columns: i32, sums: usize,
): void {
  if (columns < 4) oneByOne(size, stride, x, pitch, dy, rows, columns, sums);
  else if (size == 3) {
    if (stride == 1) taps(3, 1, x, pitch, dy, rows, columns, sums);
    else taps(3, 2, x, pitch, dy, rows, columns, sums);
  } else {
    for (let i = 0; i < 5; i++) {
      const from = x + pitch * <usize>i;
      const to = sums + <usize>i * 40;
      if (stride == 1) taps(5, 1, from, pitch, dy, rows, columns, to);
      else taps(5, 2, from, pitch, dy, rows, columns, to);
    }
  }
}

function oneByOne(
  size: i32, stride: i32, x: usize, pitch: usize, dy: usize, rows: i32, columns: i32, sums: usize,
): void {
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      let sum = load<f64>(sums);
      for (let r = 0; r < rows; r++) {
        let from = x + pitch * <usize>(r * stride + i) + (<usize>j << 2);
        let gradient = dy + (<usize>(<u32>(r * columns)) << 2);
        for (let q = 0; q < columns; q++) {
          sum += <f64>load<f32>(from) * <f64>load<f32>(gradient);
          from += <usize>stride << 2;
          gradient += 4;
        }
      }
      store<f64>(sums, sum);
      sums += 8;
    }
  }
}

/** Ones in the lanes of a row's last vector that no vector before it holds. */
// @ts-ignore: decorator
@inline
function tailMask(columns: i32): v128 {
  const before = (4 - (columns & 3)) & 3;
  return i32x4.ge_s(i32x4(0, 1, 2, 3), i32x4.splat(before));
}

/** Adds the four lanes to a double. */
// @ts-ignore: decorator
@inline
function addLanes(to: usize, v: v128): void {
  const pairs = f64x2.add(
    f64x2.promote_low_f32x4(v),
    f64x2.promote_low_f32x4(v128.shuffle<i32>(v, v, 2, 3, 2, 3)),
  );
  store<f64>(to, load<f64>(to) + f64x2.extract_lane(pairs, 0) + f64x2.extract_lane(pairs, 1));
}

/** All taps of a 3x3 kernel, or one row of taps of a 5x5 kernel. `size` and `stride` are constants. */
// @ts-ignore: decorator
@inline
function taps(
  size: i32, stride: i32, x: usize, pitch: usize, dy: usize, rows: i32, columns: i32, sums: usize,
): void {
  const mask = tailMask(columns);
  let s0 = f32x4.splat(0);
  let s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0, s8 = s0;
  for (let r = 0; r < rows; r++) {
    const row = x + pitch * <usize>(r * stride);
    for (let q = 0; q < columns; q += 4) {
      const column = <usize>min(q, columns - 4) << 2;
      let d = v128.load(dy + column);
      if (q + 4 > columns) d = v128.and(d, mask);
      let at = row + column * stride;
      s0 = madd(d, pixelsOf(stride, at, 0), s0);
      s1 = madd(d, pixelsOf(stride, at, 1), s1);
      s2 = madd(d, pixelsOf(stride, at, 2), s2);
      if (size == 5) {
        s3 = madd(d, pixelsOf(stride, at, 3), s3);
        s4 = madd(d, pixelsOf(stride, at, 4), s4);
        continue;
      }
      at += pitch;
      s3 = madd(d, pixelsOf(stride, at, 0), s3);
      s4 = madd(d, pixelsOf(stride, at, 1), s4);
      s5 = madd(d, pixelsOf(stride, at, 2), s5);
      at += pitch;
      s6 = madd(d, pixelsOf(stride, at, 0), s6);
      s7 = madd(d, pixelsOf(stride, at, 1), s7);
      s8 = madd(d, pixelsOf(stride, at, 2), s8);
    }
    dy += <usize>columns << 2;
  }
  addLanes(sums, s0);
  addLanes(sums + 8, s1);
  addLanes(sums + 16, s2);
  addLanes(sums + 24, s3);
  addLanes(sums + 32, s4);
  if (size == 5) return;
  addLanes(sums + 40, s5);
  addLanes(sums + 48, s6);
  addLanes(sums + 56, s7);
  addLanes(sums + 64, s8);
}

/** The sum of some slices of a gradient, `sliceBytes` apart, in order. */
export function depthwiseAddSlices(from: usize, sliceBytes: usize, slices: u32, count: u32, to: usize): void {
  for (; count != 0; count--) {
    let sum: f64 = 0;
    let at = from;
    for (let s = slices; s != 0; s--) {
      sum += <f64>load<f32>(at);
      at += sliceBytes;
    }
    store<f32>(to, <f32>sum);
    from += 4;
    to += 4;
  }
}
