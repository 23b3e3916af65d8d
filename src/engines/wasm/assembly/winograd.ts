/**
 * The transforms of Winograd's convolution with tiles of six by six, for pictures with their channels last: six values
 * of a product of polynomials are found at the six points 0, a, -a, b, -b and infinity, whatever the degrees. So the
 * same three transforms serve windows of 3 (results of 4) and of 5 (results of 2), the convolution and its gradients
 * (A. Lavin and S. Gray, "Fast Algorithms for Convolutional Neural Networks", 2016, sections 4 and 5):
 *
 * - `winogradAnalyse`, B^T d B: six by six pixels of a picture;
 * - `winogradEvaluate`, A y A^T: n by n values of a result's gradient, as a polynomial at the points; or G w G^T: those
 *   of a window, divided by what the points ask for;
 * - `winogradGather`, A^T m A or G^T m G: the transpose of it.
 *
 * The points a = 3/4, b = 3/2 round two to three times less than the usual 1 and 2 do (B. Barabasz and others, "Error
 * Analysis and Improving the Accuracy of Winograd Convolution for Deep Neural Networks", 2020).
 *
 * Transformed tiles lie as 36 planes, one for each pair of points; a plane has a row of channels for each tile. Tiles
 * are counted through all pictures, row by row.
 *
 * A transform goes over columns first and over rows then, each time a line of channels after the other: six streams of
 * memory at a time are what processors fetch ahead, thirty-six are not. Lines are cut to what the nearest cache holds
 * of what lies between the two halves. Every function takes four channels at a time: `channelBytes` is a multiple of 16.
 * `scratch`: 19,200 bytes.
 */
import { ACTIVATION_RELU, madd } from "./vector";

const A: f32 = 0.75;
const B: f32 = 1.5;
const A2: f32 = A * A;
const B2: f32 = B * B;
/** One over the product of a point's distances from the others. */
const AT_0: f32 = <f32>(1.0 / (0.5625 * 2.25));
const AT_A: f32 = <f32>(1.0 / (2 * 0.5625 * (0.5625 - 2.25)));
const AT_B: f32 = <f32>(1.0 / (2 * 2.25 * (2.25 - 0.5625)));

/** Bytes of the table of constants: a loop that reads them keeps them, one that has them in its code makes them anew. */
const TABLE: usize = 256;
const OF_A: usize = 0;
const OF_B: usize = 16;
const OF_A2: usize = 32;
const OF_B2: usize = 48;
const OF_A3: usize = 64;
const OF_B3: usize = 80;
const OF_A4: usize = 96;
const OF_B4: usize = 112;
const OF_PRODUCT: usize = 128;
const OF_SUM: usize = 144;
const OF_SCALE_0: usize = 160;
const OF_SCALE_A: usize = 176;
const OF_SCALE_B: usize = 192;

function writeTable(to: usize): void {
  v128.store(to, f32x4.splat(A), OF_A);
  v128.store(to, f32x4.splat(B), OF_B);
  v128.store(to, f32x4.splat(A2), OF_A2);
  v128.store(to, f32x4.splat(B2), OF_B2);
  v128.store(to, f32x4.splat(A2 * A), OF_A3);
  v128.store(to, f32x4.splat(B2 * B), OF_B3);
  v128.store(to, f32x4.splat(A2 * A2), OF_A4);
  v128.store(to, f32x4.splat(B2 * B2), OF_B4);
  v128.store(to, f32x4.splat(A2 * B2), OF_PRODUCT);
  v128.store(to, f32x4.splat(-A2 - B2), OF_SUM);
  v128.store(to, f32x4.splat(AT_0), OF_SCALE_0);
  v128.store(to, f32x4.splat(AT_A), OF_SCALE_A);
  v128.store(to, f32x4.splat(AT_B), OF_SCALE_B);
}

/** Bytes of a line: 128 channels. */
const LINE: usize = 512;
/** Bytes of the lines of six points. */
const SIX: usize = 6 * LINE;

/**
 * Six by six pixels for each tile, the first at the tile's place less the padding; pixels outside are zeros.
 *
 * `step`: pixels from one tile to the next. `plane`: bytes from one plane to the next.
 */
export function winogradAnalyse(
  x: usize,
  channelBytes: usize,
  height: i32,
  width: i32,
  padY: i32,
  padX: i32,
  step: i32,
  tilesDown: i32,
  tilesAcross: i32,
  firstTile: i32,
  tiles: i32,
  to: usize,
  plane: usize,
  scratch: usize,
): void {
  const rowBytes = channelBytes * <usize>width;
  writeTable(scratch);
  memory.fill(scratch + TABLE, 0, LINE);
  for (let t = firstTile; t < firstTile + tiles; t++) {
    const picture = t / (tilesDown * tilesAcross);
    const top = ((t / tilesAcross) % tilesDown) * step - padY;
    const left = (t % tilesAcross) * step - padX;
    const at = x + <usize>picture * rowBytes * <usize>height + top * <isize>rowBytes + left * <isize>channelBytes;
    for (let c: usize = 0; c < channelBytes; c += LINE) {
      analyseTile(at + c, rowBytes, channelBytes, top, left, height, width, to + c, plane, min(LINE, channelBytes - c), scratch);
    }
    to += channelBytes;
  }
}

/** Rows and columns outside of the picture are read from a line of zeros. */
function analyseTile(
  at: usize,
  rowBytes: usize,
  columnBytes: usize,
  top: i32,
  left: i32,
  height: i32,
  width: i32,
  to: usize,
  plane: usize,
  bytes: usize,
  table: usize,
): void {
  const zeros = table + TABLE;
  const lines = zeros + LINE;
  for (let j: i32 = 0; j < 6; j++) {
    const from = at + <usize>j * columnBytes;
    const within = <u32>(left + j) < <u32>width;
    analyseLine(
      within && <u32>top < <u32>height ? from : zeros,
      within && <u32>(top + 1) < <u32>height ? from + rowBytes : zeros,
      within && <u32>(top + 2) < <u32>height ? from + 2 * rowBytes : zeros,
      within && <u32>(top + 3) < <u32>height ? from + 3 * rowBytes : zeros,
      within && <u32>(top + 4) < <u32>height ? from + 4 * rowBytes : zeros,
      within && <u32>(top + 5) < <u32>height ? from + 5 * rowBytes : zeros,
      lines + <usize>j * LINE,
      SIX,
      bytes,
      table,
    );
  }
  for (let i: usize = 0; i < 6; i++) {
    const from = lines + i * SIX;
    const out = to + 6 * i * plane;
    analyseLine(
      from,
      from + LINE,
      from + 2 * LINE,
      from + 3 * LINE,
      from + 4 * LINE,
      from + 5 * LINE,
      out,
      plane,
      bytes,
      table,
    );
  }
}

/** B^T d: d as a combination of the polynomials that vanish at all points but one. */
function analyseLine(
  from0: usize,
  from1: usize,
  from2: usize,
  from3: usize,
  from4: usize,
  from5: usize,
  to: usize,
  stride: usize,
  bytes: usize,
  table: usize,
): void {
  const a = v128.load(table, OF_A);
  const b = v128.load(table, OF_B);
  const a2 = v128.load(table, OF_A2);
  const b2 = v128.load(table, OF_B2);
  const product = v128.load(table, OF_PRODUCT);
  const sum = v128.load(table, OF_SUM);
  for (let c: usize = 0; c < bytes; c += 16) {
    const out = to + c;
    const out3 = out + 3 * stride;
    const d2 = v128.load(from2 + c);
    const d4 = v128.load(from4 + c);
    v128.store(out, madd(v128.load(from0 + c), product, madd(d2, sum, d4)));
    const d1 = v128.load(from1 + c);
    const d3 = v128.load(from3 + c);
    v128.store(out3 + 2 * stride, madd(d1, product, madd(d3, sum, v128.load(from5 + c))));
    const evenA = msub(d2, b2, d4);
    const oddA = f32x4.mul(a, msub(d1, b2, d3));
    v128.store(out + stride, f32x4.add(evenA, oddA));
    v128.store(out + 2 * stride, f32x4.sub(evenA, oddA));
    const evenB = msub(d2, a2, d4);
    const oddB = f32x4.mul(b, msub(d1, a2, d3));
    v128.store(out3, f32x4.add(evenB, oddB));
    v128.store(out3 + stride, f32x4.sub(evenB, oddB));
  }
}

/** c - a * b. */
// @ts-ignore: decorator
@inline
function msub(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_nmadd(a, b, c);
  return f32x4.sub(c, f32x4.mul(a, b));
}

/**
 * n by n values for each tile, as many as the picture has there. Strides between rows and columns may be negative: a
 * window turned around. `tileBytes`: from one tile of a plane to the next. `scaled`: for windows.
 */
export function winogradEvaluate(
  y: usize,
  pictureBytes: usize,
  rowBytes: isize,
  columnBytes: isize,
  channelBytes: usize,
  height: i32,
  width: i32,
  n: i32,
  tilesDown: i32,
  tilesAcross: i32,
  firstTile: i32,
  tiles: i32,
  to: usize,
  tileBytes: usize,
  plane: usize,
  scaled: u32,
  scratch: usize,
): void {
  writeTable(scratch);
  const lines = scratch + TABLE;
  for (let t = firstTile; t < firstTile + tiles; t++) {
    const picture = t / (tilesDown * tilesAcross);
    const top = ((t / tilesAcross) % tilesDown) * n;
    const left = (t % tilesAcross) * n;
    const at = y + <usize>picture * pictureBytes + top * rowBytes + left * columnBytes;
    const rows = min(n, height - top);
    const columns = min(n, width - left);
    for (let c: usize = 0; c < channelBytes; c += LINE) {
      const bytes = min(LINE, channelBytes - c);
      for (let j = 0; j < columns; j++) {
        const line = lines + <usize>j * LINE;
        evaluateLine(at + c + j * columnBytes, rowBytes, rows, n, line, SIX, bytes, scaled, scratch);
      }
      for (let i: usize = 0; i < 6; i++) {
        const out = to + c + 6 * i * plane;
        evaluateLine(lines + i * SIX, LINE, columns, n, out, plane, bytes, scaled, scratch);
      }
    }
    to += tileBytes;
  }
}

/** A y, or G w: the polynomial with `count` coefficients, of n that it may have, at the six points. */
function evaluateLine(
  from: usize,
  step: isize,
  count: i32,
  n: i32,
  to: usize,
  stride: usize,
  bytes: usize,
  scaled: u32,
  table: usize,
): void {
  const a = v128.load(table, OF_A);
  const b = v128.load(table, OF_B);
  const a2 = v128.load(table, OF_A2);
  const b2 = v128.load(table, OF_B2);
  const a3 = v128.load(table, OF_A3);
  const b3 = v128.load(table, OF_B3);
  for (const end = from + bytes; from < end; from += 16) {
    let last = v128.load(from);
    let first = last;
    let evenA = last;
    let evenB = last;
    let oddA = f32x4.splat(0);
    let oddB = oddA;
    if (count > 1) {
      last = v128.load(from + step);
      oddA = f32x4.mul(last, a);
      oddB = f32x4.mul(last, b);
    }
    if (count > 2) {
      last = v128.load(from + 2 * step);
      evenA = madd(last, a2, evenA);
      evenB = madd(last, b2, evenB);
    }
    if (count > 3) {
      last = v128.load(from + 3 * step);
      oddA = madd(last, a3, oddA);
      oddB = madd(last, b3, oddB);
    }
    if (count > 4) {
      last = v128.load(from + 4 * step);
      evenA = madd(last, v128.load(table, OF_A4), evenA);
      evenB = madd(last, v128.load(table, OF_B4), evenB);
    }
    if (scaled) {
      first = f32x4.mul(first, v128.load(table, OF_SCALE_0));
      evenA = f32x4.mul(evenA, v128.load(table, OF_SCALE_A));
      oddA = f32x4.mul(oddA, v128.load(table, OF_SCALE_A));
      evenB = f32x4.mul(evenB, v128.load(table, OF_SCALE_B));
      oddB = f32x4.mul(oddB, v128.load(table, OF_SCALE_B));
    }
    v128.store(to, first);
    v128.store(to + stride, f32x4.add(evenA, oddA));
    v128.store(to + 2 * stride, f32x4.sub(evenA, oddA));
    const to3 = to + 3 * stride;
    v128.store(to3, f32x4.add(evenB, oddB));
    v128.store(to3 + stride, f32x4.sub(evenB, oddB));
    v128.store(to3 + 2 * stride, count == n ? last : f32x4.splat(0));
    to += 16;
  }
}

/**
 * n by n values from each tile, of which as many are stored as the picture has there, with a bias for each channel
 * (none at address 0) and, where it is asked for, relu: other activations are the caller's. `scaled`: for windows.
 */
export function winogradGather(
  m: usize,
  tileBytes: usize,
  plane: usize,
  n: i32,
  tilesDown: i32,
  tilesAcross: i32,
  firstTile: i32,
  tiles: i32,
  y: usize,
  pictureBytes: usize,
  rowBytes: usize,
  columnBytes: usize,
  channelBytes: usize,
  height: i32,
  width: i32,
  bias: usize,
  activation: u32,
  scaled: u32,
  scratch: usize,
): void {
  writeTable(scratch);
  const zeros = scratch + TABLE;
  memory.fill(zeros, 0, LINE);
  const lines = zeros + LINE;
  const least: f32 = activation == ACTIVATION_RELU ? 0 : -Infinity;
  for (let t = firstTile; t < firstTile + tiles; t++) {
    const picture = t / (tilesDown * tilesAcross);
    const top = ((t / tilesAcross) % tilesDown) * n;
    const left = (t % tilesAcross) * n;
    const at = y + <usize>picture * pictureBytes + <usize>top * rowBytes + <usize>left * columnBytes;
    const rows = min(n, height - top);
    const columns = min(n, width - left);
    for (let c: usize = 0; c < channelBytes; c += LINE) {
      const bytes = min(LINE, channelBytes - c);
      for (let j: usize = 0; j < 6; j++) {
        const from = m + c + j * plane;
        const line = lines + j * LINE;
        gatherLine(from, 6 * plane, n, rows, line, SIX, bytes, zeros, -Infinity, scaled, scratch);
      }
      const shift = bias == 0 ? zeros : bias + c;
      for (let i = 0; i < rows; i++) {
        const from = lines + <usize>i * SIX;
        const out = at + c + <usize>i * rowBytes;
        gatherLine(from, LINE, n, columns, out, columnBytes, bytes, shift, least, scaled, scratch);
      }
    }
    m += tileBytes;
  }
}

/** The first `count` coefficients of A^T m, or of G^T m, with the line at `shift` added, and no less than `least`. */
function gatherLine(
  from: usize,
  step: usize,
  n: i32,
  count: i32,
  to: usize,
  stride: usize,
  bytes: usize,
  shift: usize,
  least: f32,
  scaled: u32,
  table: usize,
): void {
  const floor = f32x4.splat(least);
  const a = v128.load(table, OF_A);
  const b = v128.load(table, OF_B);
  const a2 = v128.load(table, OF_A2);
  const b2 = v128.load(table, OF_B2);
  const a3 = v128.load(table, OF_A3);
  const b3 = v128.load(table, OF_B3);
  for (const end = from + bytes; from < end; from += 16) {
    const more = v128.load(shift);
    let first = v128.load(from);
    const m1 = v128.load(from + step);
    const m2 = v128.load(from + 2 * step);
    const from3 = from + 3 * step;
    const m3 = v128.load(from3);
    const m4 = v128.load(from3 + step);
    const last = f32x4.add(v128.load(from3 + 2 * step), more);
    let evenA = f32x4.add(m1, m2);
    let oddA = f32x4.sub(m1, m2);
    let evenB = f32x4.add(m3, m4);
    let oddB = f32x4.sub(m3, m4);
    if (scaled) {
      first = f32x4.mul(first, v128.load(table, OF_SCALE_0));
      evenA = f32x4.mul(evenA, v128.load(table, OF_SCALE_A));
      oddA = f32x4.mul(oddA, v128.load(table, OF_SCALE_A));
      evenB = f32x4.mul(evenB, v128.load(table, OF_SCALE_B));
      oddB = f32x4.mul(oddB, v128.load(table, OF_SCALE_B));
    }
    first = f32x4.add(f32x4.add(first, more), f32x4.add(evenA, evenB));
    // pmax(x, y) is x < y ? y : x, and keeps NaN.
    v128.store(to, f32x4.pmax(first, floor));
    if (count > 1) {
      const sum = madd(oddA, a, madd(oddB, b, n == 2 ? last : more));
      v128.store(to + stride, f32x4.pmax(sum, floor));
    }
    if (count > 2) {
      const sum = madd(evenA, a2, madd(evenB, b2, n == 3 ? last : more));
      v128.store(to + 2 * stride, f32x4.pmax(sum, floor));
    }
    if (count > 3) {
      const sum = madd(oddA, a3, madd(oddB, b3, n == 4 ? last : more));
      v128.store(to + 3 * stride, f32x4.pmax(sum, floor));
    }
    if (count > 4) {
      const sum = madd(evenA, v128.load(table, OF_A4), madd(evenB, v128.load(table, OF_B4), last));
      v128.store(to + 4 * stride, f32x4.pmax(sum, floor));
    }
    to += 16;
    shift += 16;
  }
}
