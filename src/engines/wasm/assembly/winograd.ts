/**
 * The transforms of Winograd's convolution with tiles of six by six, for pictures with their channels last: six values
 * of a product of polynomials are found at the six points 0, a, -a, b, -b and infinity, whatever the degrees. So the
 * same three transforms serve windows of 3 (results of 4) and of 5 (results of 2), the convolution and its gradients
 * (A. Lavin and S. Gray, "Fast Algorithms for Convolutional Neural Networks", 2016, sections 4 and 5):
 *
 * - `winogradAnalyse`, B^T d B: six by six pixels of a picture;
 * - `winogradEvaluate`, A y A^T: n by n values of a result's gradient, or of a window: a polynomial at the points;
 * - `winogradGather`, A^T m A: the transpose of it.
 *
 * The points a = 3/4, b = 3/2 round two to three times less than the usual 1 and 2 do (B. Barabasz and others, "Error
 * Analysis and Improving the Accuracy of Winograd Convolution for Deep Neural Networks", 2020). The division that the
 * points ask for is left to `winogradAnalyse`.
 *
 * Transformed tiles lie as 36 planes, one for each pair of points; a plane has a row of channels for each tile. Tiles
 * are counted through all pictures, row by row. Every function takes four channels at a time: `channelBytes` is a
 * multiple of 16. `scratch`: 640 bytes.
 */
import { activate, madd } from "./vector";

const A: f32 = 0.75;
const B: f32 = 1.5;
const A2: f32 = A * A;
const B2: f32 = B * B;
const A3: f32 = A2 * A;
const B3: f32 = B2 * B;
const A4: f32 = A2 * A2;
const B4: f32 = B2 * B2;
/** One over the product of a point's distances from the others. */
const AT_0: f32 = <f32>(1.0 / (0.5625 * 2.25));
const AT_A: f32 = <f32>(1.0 / (2 * 0.5625 * (0.5625 - 2.25)));
const AT_B: f32 = <f32>(1.0 / (2 * 2.25 * (2.25 - 0.5625)));

/** Sixteen bytes of zeros, and six by six vectors between the two halves of a transform. */
const VECTORS: usize = 64;

/**
 * Six by six pixels for each tile, the first at the tile's place less the padding; pixels outside are zeros.
 *
 * `step`: pixels from one tile to the next.
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
  v128.store(scratch, f32x4.splat(0));
  for (let t = firstTile; t < firstTile + tiles; t++) {
    const picture = t / (tilesDown * tilesAcross);
    const top = ((t / tilesAcross) % tilesDown) * step - padY;
    const left = (t % tilesAcross) * step - padX;
    const at = x + <usize>picture * rowBytes * <usize>height + top * <isize>rowBytes + left * <isize>channelBytes;
    const inside = top >= 0 && left >= 0 && top + 6 <= height && left + 6 <= width;
    if (inside) analyseInside(at, rowBytes, channelBytes, to, plane, scratch + VECTORS);
    else analyseEdge(at, rowBytes, channelBytes, top, left, height, width, to, plane, scratch);
    to += channelBytes;
  }
}

function analyseInside(
  at: usize,
  rowBytes: usize,
  channelBytes: usize,
  to: usize,
  plane: usize,
  vectors: usize,
): void {
  for (let c: usize = 0; c < channelBytes; c += 16) {
    for (let j: usize = 0; j < 6; j++) {
      const from = at + c + j * channelBytes;
      const from3 = from + 3 * rowBytes;
      analyse(
        v128.load(from),
        v128.load(from + rowBytes),
        v128.load(from + 2 * rowBytes),
        v128.load(from3),
        v128.load(from3 + rowBytes),
        v128.load(from3 + 2 * rowBytes),
        vectors + (j << 4),
        96,
      );
    }
    analyseRows(vectors, to + c, plane);
  }
}

/** As `analyseInside`, with rows and columns outside of the picture read as zeros. */
function analyseEdge(
  at: usize,
  rowBytes: usize,
  channelBytes: usize,
  top: i32,
  left: i32,
  height: i32,
  width: i32,
  to: usize,
  plane: usize,
  scratch: usize,
): void {
  const vectors = scratch + VECTORS;
  for (let c: usize = 0; c < channelBytes; c += 16) {
    for (let j: i32 = 0; j < 6; j++) {
      const from = at + c + <usize>j * channelBytes;
      const within = <u32>(left + j) < <u32>width;
      analyse(
        v128.load(within && <u32>top < <u32>height ? from : scratch),
        v128.load(within && <u32>(top + 1) < <u32>height ? from + rowBytes : scratch),
        v128.load(within && <u32>(top + 2) < <u32>height ? from + 2 * rowBytes : scratch),
        v128.load(within && <u32>(top + 3) < <u32>height ? from + 3 * rowBytes : scratch),
        v128.load(within && <u32>(top + 4) < <u32>height ? from + 4 * rowBytes : scratch),
        v128.load(within && <u32>(top + 5) < <u32>height ? from + 5 * rowBytes : scratch),
        vectors + (<usize>j << 4),
        96,
      );
    }
    analyseRows(vectors, to + c, plane);
  }
}

// @ts-ignore: decorator
@inline
function analyseRows(vectors: usize, to: usize, plane: usize): void {
  for (let i: usize = 0; i < 6; i++) {
    const from = vectors + i * 96;
    analyse(
      v128.load(from),
      v128.load(from, 16),
      v128.load(from, 32),
      v128.load(from, 48),
      v128.load(from, 64),
      v128.load(from, 80),
      to,
      plane,
    );
    to += 6 * plane;
  }
}

/** B^T d: d as a combination of the polynomials that vanish at all points but one. */
// @ts-ignore: decorator
@inline
function analyse(
  d0: v128,
  d1: v128,
  d2: v128,
  d3: v128,
  d4: v128,
  d5: v128,
  to: usize,
  stride: usize,
): void {
  v128.store(to, madd(d4, f32x4.splat(AT_0), madd(d2, f32x4.splat(-AT_0 * (A2 + B2)), d0)));
  const evenA = madd(d2, f32x4.splat(-B2 * AT_A), f32x4.mul(d4, f32x4.splat(AT_A)));
  const oddA = madd(d1, f32x4.splat(-B2 * A * AT_A), f32x4.mul(d3, f32x4.splat(A * AT_A)));
  v128.store(to + stride, f32x4.add(evenA, oddA));
  v128.store(to + 2 * stride, f32x4.sub(evenA, oddA));
  const evenB = madd(d2, f32x4.splat(-A2 * AT_B), f32x4.mul(d4, f32x4.splat(AT_B)));
  const oddB = madd(d1, f32x4.splat(-A2 * B * AT_B), f32x4.mul(d3, f32x4.splat(B * AT_B)));
  const to3 = to + 3 * stride;
  v128.store(to3, f32x4.add(evenB, oddB));
  v128.store(to3 + stride, f32x4.sub(evenB, oddB));
  v128.store(to3 + 2 * stride, madd(d1, f32x4.splat(A2 * B2), madd(d3, f32x4.splat(-A2 - B2), d5)));
}

/**
 * n by n values for each tile, as many as the picture has there. Strides between rows and columns may be negative: a
 * window turned around. `tileBytes`: from one tile of a plane to the next.
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
  scratch: usize,
): void {
  const vectors = scratch + VECTORS;
  for (let t = firstTile; t < firstTile + tiles; t++) {
    const picture = t / (tilesDown * tilesAcross);
    const top = ((t / tilesAcross) % tilesDown) * n;
    const left = (t % tilesAcross) * n;
    const at = y + <usize>picture * pictureBytes + top * rowBytes + left * columnBytes;
    const rows = min(n, height - top);
    const columns = min(n, width - left);
    for (let c: usize = 0; c < channelBytes; c += 16) {
      let from = at + c;
      for (let j = 0; j < columns; j++) {
        evaluate(from, rowBytes, rows, n, vectors + (<usize>j << 4), 96);
        from += columnBytes;
      }
      let out = to + c;
      for (let i: usize = 0; i < 6; i++) {
        evaluate(vectors + i * 96, 16, columns, n, out, plane);
        out += 6 * plane;
      }
    }
    to += tileBytes;
  }
}

/** A y: the polynomial with `count` coefficients, of n that it may have, at the six points. */
// @ts-ignore: decorator
@inline
function evaluate(from: usize, step: isize, count: i32, n: i32, to: usize, stride: usize): void {
  let last = v128.load(from);
  v128.store(to, last);
  let evenA = last;
  let evenB = last;
  let oddA = f32x4.splat(0);
  let oddB = f32x4.splat(0);
  if (count > 1) {
    last = v128.load(from + step);
    oddA = f32x4.mul(last, f32x4.splat(A));
    oddB = f32x4.mul(last, f32x4.splat(B));
  }
  if (count > 2) {
    last = v128.load(from + 2 * step);
    evenA = madd(last, f32x4.splat(A2), evenA);
    evenB = madd(last, f32x4.splat(B2), evenB);
  }
  if (count > 3) {
    last = v128.load(from + 3 * step);
    oddA = madd(last, f32x4.splat(A3), oddA);
    oddB = madd(last, f32x4.splat(B3), oddB);
  }
  if (count > 4) {
    last = v128.load(from + 4 * step);
    evenA = madd(last, f32x4.splat(A4), evenA);
    evenB = madd(last, f32x4.splat(B4), evenB);
  }
  v128.store(to + stride, f32x4.add(evenA, oddA));
  v128.store(to + 2 * stride, f32x4.sub(evenA, oddA));
  const to3 = to + 3 * stride;
  v128.store(to3, f32x4.add(evenB, oddB));
  v128.store(to3 + stride, f32x4.sub(evenB, oddB));
  v128.store(to3 + 2 * stride, count == n ? last : f32x4.splat(0));
}

/**
 * n by n values from each tile, of which as many are stored as the picture has there, with a bias for each channel
 * (none at address 0) and an activation.
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
  scratch: usize,
): void {
  const vectors = scratch + VECTORS;
  for (let t = firstTile; t < firstTile + tiles; t++) {
    const picture = t / (tilesDown * tilesAcross);
    const top = ((t / tilesAcross) % tilesDown) * n;
    const left = (t % tilesAcross) * n;
    const at = y + <usize>picture * pictureBytes + <usize>top * rowBytes + <usize>left * columnBytes;
    const rows = min(n, height - top);
    const columns = min(n, width - left);
    for (let c: usize = 0; c < channelBytes; c += 16) {
      let from = m + c;
      for (let j: usize = 0; j < 6; j++) {
        gather(from, 6 * plane, n, rows, vectors + (j << 4), 96, f32x4.splat(0), 0);
        from += plane;
      }
      const shift = bias == 0 ? f32x4.splat(0) : v128.load(bias + c);
      let out = at + c;
      for (let i = 0; i < rows; i++) {
        gather(vectors + <usize>i * 96, 16, n, columns, out, columnBytes, shift, activation);
        out += rowBytes;
      }
    }
    m += tileBytes;
  }
}

/** The first `count` coefficients of A^T m, each with `shift` added and activated. */
// @ts-ignore: decorator
@inline
function gather(
  from: usize,
  step: usize,
  n: i32,
  count: i32,
  to: usize,
  stride: usize,
  shift: v128,
  activation: u32,
): void {
  const m1 = v128.load(from + step);
  const m2 = v128.load(from + 2 * step);
  const from3 = from + 3 * step;
  const m3 = v128.load(from3);
  const m4 = v128.load(from3 + step);
  const last = f32x4.add(v128.load(from3 + 2 * step), shift);
  const evenA = f32x4.add(m1, m2);
  const oddA = f32x4.sub(m1, m2);
  const evenB = f32x4.add(m3, m4);
  const oddB = f32x4.sub(m3, m4);
  v128.store(to, activate(f32x4.add(f32x4.add(v128.load(from), shift), f32x4.add(evenA, evenB)), activation));
  if (count > 1) {
    const more = madd(oddB, f32x4.splat(B), n == 2 ? last : shift);
    v128.store(to + stride, activate(madd(oddA, f32x4.splat(A), more), activation));
  }
  if (count > 2) {
    const more = madd(evenB, f32x4.splat(B2), n == 3 ? last : shift);
    v128.store(to + 2 * stride, activate(madd(evenA, f32x4.splat(A2), more), activation));
  }
  if (count > 3) {
    const more = madd(oddB, f32x4.splat(B3), n == 4 ? last : shift);
    v128.store(to + 3 * stride, activate(madd(oddA, f32x4.splat(A3), more), activation));
  }
  if (count > 4) {
    const more = madd(evenB, f32x4.splat(B4), last);
    v128.store(to + 4 * stride, activate(madd(evenA, f32x4.splat(A4), more), activation));
  }
}
