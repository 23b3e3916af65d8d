/**
 * The transforms of Winograd's convolution with tiles of six by six, seven by seven or eight by eight, for images with
 * their channels last. As many values of a product of polynomials are found at as many points, whatever the degrees of the two: so the
 * same three transforms serve 3x3 and 5x5 kernels, the convolution and its gradients (A. Lavin and S. Gray, "Fast
 * Algorithms for Convolutional Neural Networks", 2016, sections 4 and 5; B. Barabasz and others, "Error Analysis and
 * Improving the Accuracy of Winograd Convolution for Deep Neural Networks", 2020, on the choice of points):
 *
 * - `winogradAnalyse`, B^T d B: as many pixels of an image as a tile has;
 * - `winogradEvaluate`, A y A^T: n by n values of a result's gradient, as a polynomial at the points; or G w G^T: those
 *   of a window, divided by what the points ask for;
 * - `winogradGather`, A^T m A or G^T m G: the transpose of it.
 *
 * Transformed tiles lie as 36, 49 or 64 planes, one for each pair of points; a plane has a row of channels for each tile.
 * Tiles are counted through all images, row by row.
 *
 * A transform goes over columns first and over rows then, each time a line of channels after the other: six or eight
 * streams of memory at a time are what processors fetch ahead, thirty-six are not. Lines are cut so that the nearest cache
 * holds what lies between the two halves. Every function takes four channels at a time: `channelBytes` is a multiple of
 * 16. `scratch`: 19,456 bytes.
 */
import { ACTIVATION_RELU } from "../vector";
import { analyseEight, evaluateEight, gatherEight, writeEight } from "./eight_points";
import { analyseSix, evaluateSix, gatherSix, writeSix } from "./six_points";

/** Bytes of the table of constants, of pointers to lines behind it, and of a line of zeros. */
const TABLE: usize = 384;
const POINTERS: usize = 128;
const ZEROS: usize = 512;
const LINES: usize = TABLE + POINTERS + ZEROS;

/** Bytes of a line: 128 channels for six points, 64 for seven and eight. */
// @ts-ignore: decorator
@inline
function lineBytes(points: i32): usize {
  return points == 6 ? 512 : 256;
}

function prepare(points: i32, scratch: usize): void {
  if (points == 6) writeSix(scratch);
  else writeEight(scratch);
  memory.fill(scratch + TABLE + POINTERS, 0, ZEROS);
}

/**
 * A tile's pixels, the first at the tile's place less the padding; pixels outside are zeros.
 *
 * `step`: pixels from one tile to the next. `plane`: bytes from one plane to the next.
 */
export function winogradAnalyse(
  points: i32, x: usize, channelBytes: usize, height: i32, width: i32, padY: i32, padX: i32,
  step: i32, tilesDown: i32, tilesAcross: i32, firstTile: i32, tiles: i32,
  to: usize, plane: usize, scratch: usize,
): void {
  prepare(points, scratch);
  const rowBytes = channelBytes * <usize>width;
  const line = lineBytes(points);
  for (let t = firstTile; t < firstTile + tiles; t++) {
    const image = t / (tilesDown * tilesAcross);
    const top = ((t / tilesAcross) % tilesDown) * step - padY;
    const left = (t % tilesAcross) * step - padX;
    const at = x + <usize>image * rowBytes * <usize>height + top * <isize>rowBytes + left * <isize>channelBytes;
    for (let c: usize = 0; c < channelBytes; c += line) {
      const bytes = min(line, channelBytes - c);
      analyseColumns(points, at + c, rowBytes, channelBytes, top, left, height, width, bytes, scratch);
      analyseRows(points, to + c, plane, bytes, scratch);
    }
    to += channelBytes;
  }
}

/** Rows and columns outside of the image are read from a line of zeros. */
function analyseColumns(
  points: i32, at: usize, rowBytes: usize, columnBytes: usize,
  top: i32, left: i32, height: i32, width: i32, bytes: usize, scratch: usize,
): void {
  const pointers = scratch + TABLE;
  const zeros = pointers + POINTERS;
  const line = lineBytes(points);
  for (let j: i32 = 0; j < points; j++) {
    const within = <u32>(left + j) < <u32>width;
    let from = at + <usize>j * columnBytes;
    for (let i: i32 = 0; i < points; i++) {
      const inside = within && <u32>(top + i) < <u32>height;
      store<u32>(pointers + (<usize>i << 2), <u32>(inside ? from : zeros));
      from += rowBytes;
    }
    const to = scratch + LINES + <usize>j * line;
    analyseLine(points, pointers, to, <usize>points * line, bytes, scratch);
  }
}

function analyseRows(points: i32, to: usize, plane: usize, bytes: usize, scratch: usize): void {
  const pointers = scratch + TABLE;
  const line = lineBytes(points);
  let from = scratch + LINES;
  for (let i: i32 = 0; i < points; i++) {
    for (let j: i32 = 0; j < points; j++) {
      store<u32>(pointers + (<usize>j << 2), <u32>from);
      from += line;
    }
    analyseLine(points, pointers, to, plane, bytes, scratch);
    to += <usize>points * plane;
  }
}

// @ts-ignore: decorator
@inline
function analyseLine(points: i32, pointers: usize, to: usize, stride: usize, bytes: usize, table: usize): void {
  if (points == 6) analyseSix(pointers, to, stride, bytes, table);
  else analyseEight(pointers, to, stride, bytes, points & 8, table);
}

/**
 * n by n values for each tile, as many as the image has there. Strides between rows and columns may be negative: a
 * window turned around. `tileBytes`: from one tile of a plane to the next. `scaled`: for windows.
 */
export function winogradEvaluate(
  points: i32, y: usize, imageBytes: usize, rowBytes: isize, columnBytes: isize, channelBytes: usize,
  height: i32, width: i32, n: i32, tilesDown: i32, tilesAcross: i32, firstTile: i32, tiles: i32,
  to: usize, tileBytes: usize, plane: usize, scaled: u32, scratch: usize,
): void {
  prepare(points, scratch);
  const lines = scratch + LINES;
  const line = lineBytes(points);
  const row = <usize>points * line;
  for (let t = firstTile; t < firstTile + tiles; t++) {
    const image = t / (tilesDown * tilesAcross);
    const top = ((t / tilesAcross) % tilesDown) * n;
    const left = (t % tilesAcross) * n;
    const at = y + <usize>image * imageBytes + top * rowBytes + left * columnBytes;
    const rows = min(n, height - top);
    const columns = min(n, width - left);
    for (let c: usize = 0; c < channelBytes; c += line) {
      const bytes = min(line, channelBytes - c);
      for (let j = 0; j < columns; j++) {
        const from = at + c + j * columnBytes;
        evaluateLine(points, from, rowBytes, rows, n, lines + <usize>j * line, row, bytes, scaled, scratch);
      }
      for (let i = 0; i < points; i++) {
        const from = lines + <usize>i * row;
        const out = to + c + <usize>(i * points) * plane;
        evaluateLine(points, from, line, columns, n, out, plane, bytes, scaled, scratch);
      }
    }
    to += tileBytes;
  }
}

// @ts-ignore: decorator
@inline
function evaluateLine(
  points: i32, from: usize, step: isize, count: i32, n: i32, to: usize, stride: usize, bytes: usize,
  scaled: u32, table: usize,
): void {
  if (points == 6) evaluateSix(from, step, count, n, to, stride, bytes, scaled, table);
  else evaluateEight(from, step, count, n, to, stride, bytes, scaled, points & 8, table);
}

/**
 * n by n values from each tile, of which as many are stored as the image has there, with a bias for each channel
 * (none at address 0) and, if it is asked for, relu: other activations are the caller's. `scaled`: for windows.
 */
export function winogradGather(
  points: i32, m: usize, tileBytes: usize, plane: usize,
  n: i32, tilesDown: i32, tilesAcross: i32, firstTile: i32, tiles: i32,
  y: usize, imageBytes: usize, rowBytes: usize, columnBytes: usize, channelBytes: usize,
  height: i32, width: i32, bias: usize, activation: u32, scaled: u32, scratch: usize,
): void {
  prepare(points, scratch);
  const zeros = scratch + TABLE + POINTERS;
  const lines = scratch + LINES;
  const line = lineBytes(points);
  const row = <usize>points * line;
  const least: f32 = activation == ACTIVATION_RELU ? 0 : -Infinity;
  for (let t = firstTile; t < firstTile + tiles; t++) {
    const image = t / (tilesDown * tilesAcross);
    const top = ((t / tilesAcross) % tilesDown) * n;
    const left = (t % tilesAcross) * n;
    const at = y + <usize>image * imageBytes + <usize>top * rowBytes + <usize>left * columnBytes;
    const rows = min(n, height - top);
    const columns = min(n, width - left);
    for (let c: usize = 0; c < channelBytes; c += line) {
      const bytes = min(line, channelBytes - c);
      for (let j = 0; j < points; j++) {
        const from = m + c + <usize>j * plane;
        const to = lines + <usize>j * line;
        const step = <usize>points * plane;
        gatherLine(points, from, step, n, rows, to, row, bytes, zeros, -Infinity, scaled, scratch);
      }
      const shift = bias == 0 ? zeros : bias + c;
      for (let i = 0; i < rows; i++) {
        const from = lines + <usize>i * row;
        const out = at + c + <usize>i * rowBytes;
        gatherLine(points, from, line, n, columns, out, columnBytes, bytes, shift, least, scaled, scratch);
      }
    }
    m += tileBytes;
  }
}

// @ts-ignore: decorator
@inline
function gatherLine(
  points: i32, from: usize, step: usize, n: i32, count: i32, to: usize, stride: usize, bytes: usize,
  shift: usize, least: f32, scaled: u32, table: usize,
): void {
  if (points == 6) gatherSix(from, step, n, count, to, stride, bytes, shift, least, scaled, table);
  else gatherEight(from, step, n, count, to, stride, bytes, shift, least, scaled, points & 8, table);
}
