/**
 * What the products begin and end with: operands packed into panels of 8 columns (of a matrix, of a convolution's
 * weight), and the sum of partial results.
 */
import { copy, zero } from "./copy";
import { transpose } from "./transpose";

/** Up to 8 rows become one packed panel: to[c][0..8), if missing rows are zeros. */
export function packPanelFromRows(from: usize, fromStride: usize, to: usize, rows: u32, columns: u32): void {
  if (rows < 8) zero(to, <usize>columns << 5);
  transpose(from, fromStride, to, 32, rows, columns);
}

/** Up to 8 columns of a matrix with `depth` rows become one packed panel; missing columns are zeros. */
export function packPanelFromColumns(
  from: usize, fromStride: usize, to: usize, columns: u32, depth: u32,
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
  from: usize, stride: usize, transposed: u32, columnBegin: u32, columnEnd: u32, kBegin: u32,
  depth: u32, to: usize, toStep: usize,
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

/**
 * One packed panel of a convolution's weight [count, channels, taps], for up to 8 output channels:
 * to[(tap * channels + channel)][0..8); missing output channels are zeros.
 */
export function packKernelPanel(from: usize, count: u32, channels: u32, taps: u32, to: usize): void {
  const kernelBytes = <usize>(channels * taps) << 2;
  const tapBytes = <usize>channels << 5;
  if (count < 8) zero(to, kernelBytes << 3);
  for (let o: u32 = 0; o < count; o++) {
    let source = from;
    for (let c: u32 = 0; c < channels; c++) {
      let target = to + (<usize>c << 5);
      for (let t = taps; t != 0; t--) {
        store<f32>(target, load<f32>(source));
        source += 4;
        target += tapBytes;
      }
    }
    from += kernelBytes;
    to += 4;
  }
}

/**
 * One packed panel for the input's gradient: column j of 8 stands for (kernel column, channel) number
 * `first` + j of `columns` * `channels`, channels running fastest; to[output channel][0..8).
 *
 * @param from the weight of the first output channel, first channel of the block, first tap of the segment
 * @param kernelBytes bytes from one output channel's weight to the next
 * @param planeBytes bytes from one channel's taps to the next
 */
export function packInputGradientPanel(
  from: usize, outputChannels: u32, kernelBytes: usize, channels: u32, planeBytes: usize,
  columns: u32, first: u32, to: usize,
): void {
  const last = min<u32>(8, columns * channels - first);
  if (last < 8) zero(to, <usize>outputChannels << 5);
  for (let j: u32 = 0; j < last; j++) {
    const column = (first + j) / channels;
    const channel = (first + j) % channels;
    let source = from + <usize>channel * planeBytes + (<usize>column << 2);
    let target = to + (<usize>j << 2);
    for (let o = outputChannels; o != 0; o--) {
      store<f32>(target, load<f32>(source));
      source += kernelBytes;
      target += 32;
    }
  }
}

/** Adds slices 1 and on, `sliceBytes` apart, to slice 0, in order. `count` floats, a multiple of 4. */
export function sumSlices(at: usize, sliceBytes: usize, slices: u32, count: u32): void {
  for (let n = count >> 2; n != 0; n--) {
    let sum = v128.load(at);
    let slice = at;
    for (let s: u32 = 1; s < slices; s++) {
      slice += sliceBytes;
      sum = f32x4.add(sum, v128.load(slice));
    }
    v128.store(at, sum);
    at += 16;
  }
}
