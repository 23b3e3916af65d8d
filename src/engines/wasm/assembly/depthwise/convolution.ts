/**
 * Depthwise convolution and its gradient by the input, one kernel for each output plane. An item is a block of rows of
 * one plane; `blocks` of them make a plane, of `blockRows` rows but perhaps the last.
 */
import { turnKernels } from "../packing";
import { framed } from "./frames";
import { convolvePlane } from "./plane";

/**
 * Items `item` to `end` of y [images, channels * multiplier, rows, columns] from x [images, channels, height, width].
 *
 * @param frame - scratch of the rows that a block reads, of `pitch` floats each and one vector more; 0 if planes are
 * read in place: stride 1, no padding
 * @param bias - address of the biases; 0: none
 */
export function depthwise(
  x: usize, height: i32, width: u32, y: usize, rows: i32, columns: i32, size: i32, stride: i32, top: i32,
  left: u32, kernels: usize, bias: usize, channels: u32, multiplier: u32, low: f32, high: f32, item: u32,
  end: u32, blocks: u32, blockRows: i32, pitch: u32, frame: usize,
): void {
  const planeBytes = <usize>(<u32>height * width) << 2;
  const yBytes = <usize>(<u32>(rows * columns)) << 2;
  const kernelBytes = <usize>(<u32>(size * size)) << 2;
  const pitchBytes = <usize>pitch << 2;
  let clean = false;
  for (; item < end; item++) {
    const plane = item / blocks;
    const first = <i32>(item % blocks) * blockRows;
    const count = min(blockRows, rows - first);
    const channel = plane % channels;
    const own = x + <usize>plane * planeBytes;
    const read = (count - 1) * stride + size;
    const from = framed(1, own, height, width, top, left, first * stride, read, pitch, clean, frame);
    clean = blocks == 1;
    for (let m: u32 = 0; m < multiplier; m++) {
      const output = channel * multiplier + m;
      const kernel = kernels + <usize>output * kernelBytes;
      const start: f32 = bias == 0 ? 0 : load<f32>(bias + (<usize>output << 2));
      const to = y + (<usize>plane * multiplier + m) * yBytes + (<usize>(<u32>(first * columns)) << 2);
      convolvePlane(size, stride, from, pitchBytes, kernel, start, 0, low, high, to, count, columns);
    }
  }
}

/**
 * Items `item` to `end` of dx [images, channels, height, width] from dy [images, channels * multiplier, rows, columns]:
 * dy, with zeros between its pixels if the stride is 2, convolved with the kernels turned by half a circle.
 *
 * @param top - rows of zeros above dy: the kernel's rows less one less the padding
 * @param frame - scratch, as above
 * @param sums - scratch of a kernel, and behind it, if there is a multiplier, of two blocks of rows
 */
export function depthwiseInputGradient(
  dy: usize, rows: i32, columns: u32, dx: usize, height: i32, width: i32, size: i32, stride: i32, top: i32,
  left: u32, kernels: usize, channels: u32, multiplier: u32, item: u32, end: u32, blocks: u32,
  blockRows: i32, pitch: u32, frame: usize, sums: usize,
): void {
  const dyBytes = <usize>(<u32>rows * columns) << 2;
  const planeBytes = <usize>(<u32>(height * width)) << 2;
  const taps = <u32>(size * size);
  const blockBytes = <usize>(<u32>(blockRows * width)) << 2;
  const partial = sums + 128;
  let clean = false;
  for (; item < end; item++) {
    const plane = item / blocks;
    const first = <i32>(item % blocks) * blockRows;
    const count = min(blockRows, height - first);
    const channel = plane % channels;
    const to = dx + <usize>plane * planeBytes + (<usize>(<u32>(first * width)) << 2);
    let base: usize = 0;
    for (let m: u32 = 0; m < multiplier; m++) {
      const from = dy + (<usize>plane * multiplier + m) * dyBytes;
      framed(stride, from, rows, columns, top, left, first, count + size - 1, pitch, clean, frame);
      clean = blocks == 1;
      turnKernels(kernels + (<usize>(channel * multiplier + m) * taps << 2), 1, 1, taps, sums);
      const target = m == multiplier - 1 ? to : partial + <usize>(m & 1) * blockBytes;
      convolvePlane(size, 1, frame, <usize>pitch << 2, sums, 0, base, -Infinity, Infinity, target, count, width);
      base = target;
    }
  }
}
