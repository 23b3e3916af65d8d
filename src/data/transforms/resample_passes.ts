/**
 * The two passes of `resample`. Along the width each pixel adds up its taps; along the height whole rows are added up, four
 * taps at a time, so that memory is read in order and the sums of a row stay in the first cache. (A photograph's 256 x 341
 * pixels, bicubic, tap by tap for each pixel: three times as long.)
 */
import type { TypedArray } from "../../base/dtype.ts";
import type { Images } from "./images.ts";

/** Which input pixels make an output pixel, and with which weights, along one axis. */
export interface FilterTaps {
  /** First input pixel of each output pixel. */
  readonly first: Int32Array;
  /** How many input pixels each output pixel takes. */
  readonly taps: Int32Array;
  /** `size` weights for each output pixel, those beyond its taps zero. */
  readonly weights: Float64Array;
  readonly size: number;
}

/** 32 bits less 8 for the sample and 2 for the sum's growth: the fixed point of Pillow's 8-bit resampling. */
const PRECISION = 22;
const HALF = 1 << (PRECISION - 1);

/** The rows of all images, one behind the other, become as long as `to`'s. */
export function alongWidth(from: Images, to: Images, axis: FilterTaps): void {
  const rows = from.count * from.channels * from.height;
  if (from.dtype === "uint8")
    fixedWidth(from.data as Uint8Array, to.data as Uint8Array, axis, rows, from.width, to.width);
  else floatWidth(from.data, to.data, axis, rows, from.width, to.width);
}

/** The columns of all images become as long as `to`'s. */
export function alongHeight(from: Images, to: Images, axis: FilterTaps): void {
  const planes = from.count * from.channels;
  for (let plane = 0; plane < planes; plane++) {
    const source = from.data.subarray(
      plane * from.height * from.width,
      (plane + 1) * from.height * from.width,
    );
    const target = to.data.subarray(plane * to.height * to.width, (plane + 1) * to.height * to.width);
    if (from.dtype === "uint8") fixedHeight(source as Uint8Array, target as Uint8Array, axis, from.width);
    else floatHeight(source, target, axis, from.width);
  }
}

const fixedWeights = ({ weights }: FilterTaps) =>
  Int32Array.from(weights, (w) => Math.trunc(w * 2 ** PRECISION + (w < 0 ? -0.5 : 0.5)));

function fixedWidth(
  source: Uint8Array,
  target: Uint8Array,
  axis: FilterTaps,
  rows: number,
  inputs: number,
  outputs: number,
): void {
  const { first, taps, size } = axis;
  const weights = fixedWeights(axis);
  // Four rows share what is read of the axis; the last ones are computed again if there are fewer.
  for (let row = 0; row < rows; row += 4) {
    const [b, c, d] = [1, 2, 3].map((more) => Math.min(row + more, rows - 1));
    for (let o = 0; o < outputs; o++) {
      const [from, weight] = [first[o], o * size];
      const [fromA, fromB] = [row * inputs + from, b * inputs + from];
      const [fromC, fromD] = [c * inputs + from, d * inputs + from];
      let [sumA, sumB, sumC, sumD] = [HALF, HALF, HALF, HALF];
      for (let t = 0; t < taps[o]; t++) {
        const w = weights[weight + t];
        sumA = (sumA + Math.imul(source[fromA + t], w)) | 0;
        sumB = (sumB + Math.imul(source[fromB + t], w)) | 0;
        sumC = (sumC + Math.imul(source[fromC + t], w)) | 0;
        sumD = (sumD + Math.imul(source[fromD + t], w)) | 0;
      }
      target[row * outputs + o] = level(sumA);
      target[b * outputs + o] = level(sumB);
      target[c * outputs + o] = level(sumC);
      target[d * outputs + o] = level(sumD);
    }
  }
}

/** From fixed point to 8 bits. */
function level(sum: number): number {
  const value = sum >> PRECISION;
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

function fixedHeight(source: Uint8Array, target: Uint8Array, axis: FilterTaps, width: number): void {
  const { first, taps, size } = axis;
  const weights = fixedWeights(axis);
  const sums = new Int32Array(width);
  for (let o = 0; o < first.length; o++) {
    sums.fill(HALF);
    const end = o * size + taps[o];
    let weight = o * size;
    let from = first[o] * width;
    for (; weight + 4 <= end; weight += 4, from += 4 * width) {
      const [w0, w1, w2, w3] = [
        weights[weight],
        weights[weight + 1],
        weights[weight + 2],
        weights[weight + 3],
      ];
      const [b, c, d] = [from + width, from + 2 * width, from + 3 * width];
      for (let x = 0; x < width; x++)
        sums[x] +=
          Math.imul(source[from + x], w0) +
          Math.imul(source[b + x], w1) +
          Math.imul(source[c + x], w2) +
          Math.imul(source[d + x], w3);
    }
    for (; weight < end; weight++, from += width) {
      const w = weights[weight];
      for (let x = 0; x < width; x++) sums[x] += Math.imul(source[from + x], w);
    }
    for (let x = 0; x < width; x++) target[o * width + x] = level(sums[x]);
  }
}

function floatWidth(
  source: TypedArray,
  target: TypedArray,
  axis: FilterTaps,
  rows: number,
  inputs: number,
  outputs: number,
): void {
  const { first, taps, size } = axis;
  const weights = Float32Array.from(axis.weights);
  for (let row = 0; row < rows; row++) {
    for (let o = 0; o < outputs; o++) {
      const from = row * inputs + first[o];
      let sum = 0;
      for (let t = 0; t < taps[o]; t++) sum += source[from + t] * weights[o * size + t];
      target[row * outputs + o] = sum;
    }
  }
}

/** Sums in double precision, the taps in order. */
function floatHeight(source: TypedArray, target: TypedArray, axis: FilterTaps, width: number): void {
  const { first, taps, size } = axis;
  const weights = Float32Array.from(axis.weights);
  const sums = new Float64Array(width);
  for (let o = 0; o < first.length; o++) {
    sums.fill(0);
    for (let t = 0; t < taps[o]; t++) {
      const w = weights[o * size + t];
      const from = (first[o] + t) * width;
      for (let x = 0; x < width; x++) sums[x] += source[from + x] * w;
    }
    target.set(sums, o * width);
  }
}
