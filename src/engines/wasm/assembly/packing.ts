/**
 * What the products begin and end with: operands packed so that the register tile reads them in one run. In this order:
 * copying, and tables of offsets; images with their channels last, and the way back; panels of 8 columns, and the sum of
 * partial results.
 */
import { transpose } from "./transpose";
import { activated } from "./activation";

/** Zeroes `bytes` (a multiple of 4) from `at` on. Short runs: the built-in memory.fill costs a call out. */
export function zero(at: usize, bytes: usize): void {
  const end = at + bytes;
  const nothing = i32x4.splat(0);
  while (end - at >= 16) {
    v128.store(at, nothing);
    at += 16;
  }
  while (at != end) {
    store<u32>(at, 0);
    at += 4;
  }
}

/** Copies `bytes` (a multiple of 4) forwards. */
export function copy(to: usize, from: usize, bytes: usize): void {
  const end = to + bytes;
  while (end - to >= 16) {
    v128.store(to, v128.load(from));
    to += 16;
    from += 16;
  }
  while (to != end) {
    store<u32>(to, load<u32>(from));
    to += 4;
    from += 4;
  }
}

/** `count` words of `value`. */
export function fill32(at: usize, value: u32, count: u32): void {
  for (; count != 0; count--) {
    store<u32>(at, value);
    at += 4;
  }
}

/**
 * A table of byte offsets over a grid: base + row * rowStep + column * columnStep, row after row; then
 * `padding` more words of `filler`, to complete a tile.
 */
export function gridTable(
  at: usize, rows: u32, columns: u32, rowStep: u32, columnStep: u32,
  base: u32, padding: u32, filler: u32,
): void {
  for (let r: u32 = 0; r < rows; r++) {
    let offset = base + r * rowStep;
    for (let c: u32 = 0; c < columns; c++) {
      store<u32>(at, offset);
      at += 4;
      offset += columnStep;
    }
  }
  fill32(at, filler, padding);
}

/**
 * A table of byte offsets of the vectors of 4 that cover rows of `columns` (at least 4) floats: the last of a
 * row steps back if 4 does not divide the row. `padding` times more the last offset.
 */
export function vectorTable(at: usize, rows: u32, columns: u32, rowStep: u32, padding: u32): void {
  let offset: u32 = 0;
  for (let r: u32 = 0; r < rows; r++) {
    for (let c: u32 = 0; c < columns; c += 4) {
      offset = r * rowStep + (min<u32>(c, columns - 4) << 2);
      store<u32>(at, offset);
      at += 4;
    }
  }
  fill32(at, offset, padding);
}

/**
 * Segments (see `tiles`) of `length` floats in rows of `columns`: `columnSkip` bytes from the end of one to
 * the start of the next in its row, `rowSkip` from the last of a row to the first of the next row.
 */
export function segmentTable(
  at: usize, rows: u32, columns: u32, length: u32, columnSkip: u32, rowSkip: u32,
): void {
  for (let r: u32 = 0; r < rows; r++) {
    for (let c: u32 = 0; c < columns; c++) {
      store<u32>(at, c != 0 ? columnSkip : r != 0 ? rowSkip : 0);
      store<u32>(at, length, 4);
      at += 8;
    }
  }
}

/** Eight mask lanes, the first `lanes` of them all ones. */
export function maskLanes(at: usize, lanes: u32): void {
  for (let i: u32 = 0; i < 8; i++) store<u32>(at + (i << 2), i < lanes ? 0xffffffff : 0);
}

/**
 * The offsets of a kernel's taps in padded planes whose rows are split by column modulo `stride` (see
 * `padPlanes`), in the weight's order: channel, kernel row, kernel column; then `padding` words more, all 0.
 */
export function tapTable(
  at: usize, channels: u32, rows: u32, columns: u32,
  planeBytes: u32, rowStep: u32, dilation: u32, stride: u32, phaseWidth: u32, padding: u32,
): void {
  for (let c: u32 = 0; c < channels; c++) {
    for (let r: u32 = 0; r < rows; r++) {
      for (let k: u32 = 0; k < columns; k++) {
        const column = k * dilation;
        const place = (column % stride) * phaseWidth + column / stride;
        store<u32>(at, c * planeBytes + r * rowStep + (place << 2));
        at += 4;
      }
    }
  }
  fill32(at, 0, padding);
}

// Images.

/**
 * Rows of an image [channels, height, width] with their channels last, in a frame of zeros:
 * to[row][paddedWidth][channels], rows `firstRow` (may be negative) and on.
 */
export function channelsLast(
  from: usize, planeBytes: usize, channels: u32, height: i32, width: u32,
  firstRow: i32, rowCount: u32, left: u32, paddedWidth: u32, to: usize,
): void {
  const pixelBytes = <usize>channels << 2;
  const rowBytes = pixelBytes * paddedWidth;
  const leftBytes = pixelBytes * left;
  const innerBytes = pixelBytes * width;
  const endRow = firstRow + <i32>rowCount;
  for (let y = firstRow; y < endRow; y++) {
    if (y < 0 || y >= height) {
      zero(to, rowBytes);
    } else {
      const source = from + (<usize>(<u32>y * width) << 2);
      zero(to, leftBytes);
      if (channels == 1) copy(to + leftBytes, source, innerBytes);
      else transpose(source, planeBytes, to + leftBytes, pixelBytes, channels, width);
      zero(to + leftBytes + innerBytes, rowBytes - leftBytes - innerBytes);
    }
    to += rowBytes;
  }
}

/**
 * The way back, with bias and activation: to[channel][row][column] = act(from[row][column][channel] +
 * bias[channel]). `from` may be read up to the next multiple of 4 channels. `bias` 0: none.
 */
export function channelsFirst(
  from: usize, fromRowBytes: usize, fromPixelBytes: usize, channels: u32, rows: u32, columns: u32,
  to: usize, planeBytes: usize, toRowBytes: usize, bias: usize, activation: u32,
): void {
  for (let c: u32 = 0; c < channels; c += 4) {
    const live = min<u32>(4, channels - c);
    const add = bias == 0 ? f32x4.splat(0) : loadUpTo4(bias + (<usize>c << 2), live);
    for (let y: u32 = 0; y < rows; y++) {
      const source = from + y * fromRowBytes + (<usize>c << 2);
      const target = to + <usize>c * planeBytes + y * toRowBytes;
      if (bias == 0 && activation == 0) {
        rowToPlanes(source, fromPixelBytes, live, columns, target, planeBytes, add, activation, true);
      } else {
        rowToPlanes(source, fromPixelBytes, live, columns, target, planeBytes, add, activation, false);
      }
    }
  }
}

/** A row of pixels, four channels of it, to as many rows of planes; `plain`: without bias and activation. */
// @ts-ignore: decorator
@inline
function rowToPlanes(
  from: usize, pixelBytes: usize, live: u32, columns: u32, to: usize, planeBytes: usize, add: v128,
  activation: u32, plain: bool,
): void {
  let n = columns;
  for (; n >= 4; n -= 4) {
    const p0 = finished(v128.load(from), add, activation, plain);
    const p1 = finished(v128.load(from + pixelBytes), add, activation, plain);
    const p2 = finished(v128.load(from + (pixelBytes << 1)), add, activation, plain);
    const p3 = finished(v128.load(from + pixelBytes * 3), add, activation, plain);
    storePlanes(p0, p1, p2, p3, live, to, planeBytes);
    from += pixelBytes << 2;
    to += 16;
  }
  for (; n != 0; n--) {
    storeLanes(finished(v128.load(from), add, activation, plain), live, to, planeBytes);
    from += pixelBytes;
    to += 4;
  }
}

// @ts-ignore: decorator
@inline
function finished(pixel: v128, add: v128, activation: u32, plain: bool): v128 {
  return plain ? pixel : activated(f32x4.add(pixel, add), activation);
}

// @ts-ignore: decorator
@inline
function storePlanes(p0: v128, p1: v128, p2: v128, p3: v128, live: u32, to: usize, planeBytes: usize): void {
  const low01 = v128.shuffle<i32>(p0, p1, 0, 4, 1, 5);
  const low23 = v128.shuffle<i32>(p2, p3, 0, 4, 1, 5);
  v128.store(to, v128.shuffle<i64>(low01, low23, 0, 2));
  if (live > 1) v128.store(to + planeBytes, v128.shuffle<i64>(low01, low23, 1, 3));
  if (live > 2) {
    const high01 = v128.shuffle<i32>(p0, p1, 2, 6, 3, 7);
    const high23 = v128.shuffle<i32>(p2, p3, 2, 6, 3, 7);
    v128.store(to + (planeBytes << 1), v128.shuffle<i64>(high01, high23, 0, 2));
    if (live > 3) v128.store(to + planeBytes * 3, v128.shuffle<i64>(high01, high23, 1, 3));
  }
}

function storeLanes(p: v128, live: u32, to: usize, planeBytes: usize): void {
  store<f32>(to, f32x4.extract_lane(p, 0));
  if (live > 1) store<f32>(to + planeBytes, f32x4.extract_lane(p, 1));
  if (live > 2) store<f32>(to + (planeBytes << 1), f32x4.extract_lane(p, 2));
  if (live > 3) store<f32>(to + planeBytes * 3, f32x4.extract_lane(p, 3));
}

/** The first `live` of four floats, zeros after them. */
export function loadUpTo4(at: usize, live: u32): v128 {
  if (live >= 4) return v128.load(at);
  let v = v128.load32_zero(at);
  if (live > 1) v = f32x4.replace_lane(v, 1, load<f32>(at, 4));
  if (live > 2) v = f32x4.replace_lane(v, 2, load<f32>(at, 8));
  return v;
}

/**
 * Rows of an image's planes in a frame of zeros, every row split by column modulo `stride`, so that what a
 * kernel's column meets lies side by side: to[channel][row][phase][phaseWidth], where the padded column j
 * has phase j % stride and place j / stride.
 */
export function padPlanes(
  from: usize, planeBytes: usize, channels: u32, height: i32, width: u32,
  firstRow: i32, rowCount: u32, left: u32, stride: u32, phaseWidth: u32, to: usize,
): void {
  const rowBytes = <usize>(stride * phaseWidth) << 2;
  const endRow = firstRow + <i32>rowCount;
  for (let c: u32 = 0; c < channels; c++) {
    for (let y = firstRow; y < endRow; y++) {
      const source = from + (<usize>(<u32>y * width) << 2);
      if (y < 0 || y >= height) {
        zero(to, rowBytes);
      } else if (stride == 1) {
        zero(to, <usize>left << 2);
        copy(to + (<usize>left << 2), source, <usize>width << 2);
        zero(to + (<usize>(left + width) << 2), rowBytes - (<usize>(left + width) << 2));
      } else {
        zero(to, rowBytes);
        splitRow(source, width, left, stride, phaseWidth, to);
      }
      to += rowBytes;
    }
    from += planeBytes;
  }
}

function splitRow(from: usize, width: u32, left: u32, stride: u32, phaseWidth: u32, to: usize): void {
  let phase = left % stride;
  let place = left / stride;
  for (let x: u32 = 0; x < width; x++) {
    store<f32>(to + (<usize>(phase * phaseWidth + place) << 2), load<f32>(from));
    from += 4;
    if (++phase == stride) {
      phase = 0;
      place++;
    }
  }
}

// Panels of 8 columns (of a matrix, of a convolution's weight), and the sum of partial results.

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

/**
 * Kernels [outputs, channels, taps] as those of the transposed convolution, [channels, outputs, taps], with their taps in
 * the opposite order.
 */
export function turnKernels(from: usize, outputs: u32, channels: u32, taps: u32, to: usize): void {
  for (let c: u32 = 0; c < channels; c++) {
    for (let o: u32 = 0; o < outputs; o++) {
      const kernel = from + (<usize>((o * channels + c) * taps) << 2);
      for (let t = taps; t != 0; t--) {
        store<f32>(to, load<f32>(kernel + (<usize>(t - 1) << 2)));
        to += 4;
      }
    }
  }
}
