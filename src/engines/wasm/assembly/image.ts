import { copy, zero } from "./copy";
import { transpose } from "./transpose";
import { activate } from "./vector";

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
  return plain ? pixel : activate(f32x4.add(pixel, add), activation);
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
