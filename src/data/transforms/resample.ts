import { allocateArray, type TypedArray } from "../../base/dtype.ts";
import { blankLike, type Images } from "./images.ts";

/** Which input pixels make an output pixel, and with which weights, along one axis. */
interface Axis {
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

/**
 * Resizes images with the bilinear (triangle) filter; when an image shrinks, the filter widens with the
 * scale, so that every input pixel counts (antialiasing).
 *
 * uint8 images come out bit for bit as from Pillow: weights rounded to 22-bit fixed point, two passes
 * (rows first), rounded to 8 bits in between. float32 images follow PyTorch's `interpolate(..., mode="bilinear",
 * antialias=True)`: weights and both passes in float32.
 *
 * Source: P. Heckbert, "Fundamentals of texture mapping and image warping", 1989, section 3.5 (resampling
 * with a filter scaled by the reduction).
 */
export function resample(images: Images, height: number, width: number, antialias: boolean): Images {
  // Pillow always widens the filter; PyTorch does so for floats unless told not to.
  const widen = antialias || images.dtype === "uint8";
  const [pass, round] = images.dtype === "uint8" ? [fixedPass, asDouble] : [floatPass, Math.fround];
  let result = images;
  if (width !== images.width) {
    const out = blankLike(result, result.height, width);
    const rows = images.count * images.channels * images.height;
    pass(result.data, out.data, axis(images.width, width, widen, round), rows, images.width, width, 1);
    result = out;
  }
  if (height !== images.height) {
    const out = blankLike(result, height, width);
    const planes = images.count * images.channels;
    pass(
      result.data,
      out.data,
      axis(images.height, height, widen, round),
      planes,
      images.height,
      height,
      width,
    );
    result = out;
  }
  if (result === images) {
    const data = allocateArray(images.dtype, images.data.length);
    data.set(images.data);
    return { ...images, data };
  }
  return result;
}

const asDouble = (x: number) => x;

/** @param round - rounds every intermediate result to the precision in which the weights are computed */
function axis(inputs: number, outputs: number, widen: boolean, round: (x: number) => number): Axis {
  const scale = round(inputs / outputs);
  const filterScale = widen ? Math.max(scale, 1) : 1;
  const size = Math.ceil(filterScale) * 2 + 1;
  const first = new Int32Array(outputs);
  const taps = new Int32Array(outputs);
  const weights = new Float64Array(outputs * size);
  for (let o = 0; o < outputs; o++) {
    const centre = round((o + 0.5) * scale);
    const low = Math.max(0, Math.trunc(centre - filterScale + 0.5));
    const high = Math.min(inputs, Math.trunc(centre + filterScale + 0.5));
    first[o] = low;
    taps[o] = high - low;
    let sum = 0;
    for (let i = low; i < high; i++) {
      const distance = Math.abs(round(round(i - centre + 0.5) * round(1 / filterScale)));
      const weight = distance < 1 ? round(1 - distance) : 0;
      weights[o * size + i - low] = weight;
      sum = round(sum + weight);
    }
    if (sum !== 0) for (let i = 0; i < high - low; i++) weights[o * size + i] /= sum;
  }
  return { first, taps, weights, size };
}

/**
 * One pass over `lines` stacks of `inputs` rows of `inner` numbers, each stack becoming `outputs` rows.
 * Along the width a row is one number; along the height it is a line of the image.
 */
type Pass = (
  source: TypedArray,
  target: TypedArray,
  along: Axis,
  lines: number,
  inputs: number,
  outputs: number,
  inner: number,
) => void;

const fixedPass: Pass = (source, target, along, lines, inputs, outputs, inner) => {
  const { first, taps, size } = along;
  const weights = Int32Array.from(along.weights, (w) =>
    Math.trunc(w * 2 ** PRECISION + (w < 0 ? -0.5 : 0.5)),
  );
  const half = 1 << (PRECISION - 1);
  for (let line = 0; line < lines; line++) {
    for (let o = 0; o < outputs; o++) {
      const from = (line * inputs + first[o]) * inner;
      const to = (line * outputs + o) * inner;
      for (let x = 0; x < inner; x++) {
        let sum = half;
        for (let t = 0; t < taps[o]; t++) sum += source[from + t * inner + x] * weights[o * size + t];
        const value = sum >> PRECISION;
        target[to + x] = value < 0 ? 0 : value > 255 ? 255 : value;
      }
    }
  }
};

const floatPass: Pass = (source, target, along, lines, inputs, outputs, inner) => {
  const { first, taps, size } = along;
  const weights = Float32Array.from(along.weights);
  for (let line = 0; line < lines; line++) {
    for (let o = 0; o < outputs; o++) {
      const from = (line * inputs + first[o]) * inner;
      const to = (line * outputs + o) * inner;
      for (let x = 0; x < inner; x++) {
        let sum = 0;
        for (let t = 0; t < taps[o]; t++) sum += source[from + t * inner + x] * weights[o * size + t];
        target[to + x] = sum;
      }
    }
  }
};
