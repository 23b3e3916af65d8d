import { allocateArray, type TypedArray } from "../../base/dtype.ts";
import { blankLike, type Images } from "./images.ts";
import type { ResizeInterpolation } from "./transform_spec.ts";

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

/** A filter of the continuous image: its weight at a distance, and the distance from which it is zero. */
interface Filter {
  readonly support: number;
  readonly weight: (distance: number, round: (x: number) => number) => number;
}

const TRIANGLE: Filter = { support: 1, weight: (x, round) => (x < 1 ? round(1 - x) : 0) };

/**
 * Source: R. G. Keys, "Cubic convolution interpolation for digital image processing", 1981. The parameter is -0.5 in
 * Pillow and in PyTorch's antialiased kernels, -0.75 in PyTorch's others.
 */
function cubic(a: number): Filter {
  return {
    support: 2,
    weight: (x) => {
      if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
      return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
    },
  };
}

/**
 * Source: C. E. Duchon, "Lanczos filtering in one and two dimensions", 1979; three lobes, as Pillow has it.
 */
const LANCZOS: Filter = {
  support: 3,
  weight: (x) => (x < 3 ? sinc(x) * sinc(x / 3) : 0),
};

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** 32 bits less 8 for the sample and 2 for the sum's growth: the fixed point of Pillow's 8-bit resampling. */
const PRECISION = 22;

/**
 * Resizes images. With the bilinear (triangle), bicubic or Lanczos filter, when an image shrinks, the filter widens with the
 * scale, so that every input pixel counts (antialiasing).
 *
 * uint8 images come out bit for bit as from Pillow, which is what torchvision uses for images that were read from
 * files: weights rounded to 22-bit fixed point, two passes, rounded to 8 bits in between. Pillow 13 shortens the columns
 * first if they lose more than twice as many pixels as the rows, else the rows. float32 images follow
 * PyTorch's `interpolate(..., antialias=True)`: weights and both passes in float32.
 *
 * `"nearest"` takes input pixel floor(i * inputs / outputs), as PyTorch does; `"nearest-exact"` the one under the
 * middle of the output pixel, as Pillow does.
 *
 * Source: P. Heckbert, "Fundamentals of texture mapping and image warping", 1989, section 3.5 (resampling
 * with a filter scaled by the reduction).
 */
export function resample(
  images: Images,
  height: number,
  width: number,
  interpolation: ResizeInterpolation | "lanczos",
  antialias: boolean,
): Images {
  if (interpolation === "nearest" || interpolation === "nearest-exact") {
    return pickNearest(images, height, width, interpolation === "nearest" ? 0 : 0.5);
  }
  // Pillow always widens the filter; PyTorch does so for floats unless told not to.
  const widen = antialias || images.dtype === "uint8";
  const [pass, round] = images.dtype === "uint8" ? [fixedPass, asDouble] : [floatPass, Math.fround];
  const axis = (inputs: number, outputs: number): Axis => {
    if (interpolation === "bilinear") return filterAxis(inputs, outputs, TRIANGLE, widen, round);
    if (interpolation === "lanczos") return filterAxis(inputs, outputs, LANCZOS, widen, round);
    return widen ? filterAxis(inputs, outputs, cubic(-0.5), true, round) : cubicAxis(inputs, outputs);
  };
  let result = images;
  const along = {
    width: () => {
      if (width === result.width) return;
      const out = blankLike(result, result.height, width);
      const rows = result.count * result.channels * result.height;
      pass(result.data, out.data, axis(result.width, width), rows, result.width, width, 1);
      result = out;
    },
    height: () => {
      if (height === result.height) return;
      const out = blankLike(result, height, result.width);
      const planes = result.count * result.channels;
      pass(result.data, out.data, axis(result.height, height), planes, result.height, height, result.width);
      result = out;
    },
  };
  const heightFirst =
    images.dtype === "uint8" && height < images.height && 2 * (images.width - width) < images.height - height;
  for (const side of heightFirst ? (["height", "width"] as const) : (["width", "height"] as const))
    along[side]();
  if (result === images) {
    const data = allocateArray(images.dtype, images.data.length);
    data.set(images.data);
    return { ...images, data };
  }
  return result;
}

const asDouble = (x: number) => x;

/** @param round - rounds every intermediate result to the precision in which the weights are computed */
function filterAxis(
  inputs: number,
  outputs: number,
  filter: Filter,
  widen: boolean,
  round: (x: number) => number,
): Axis {
  const scale = round(inputs / outputs);
  const filterScale = widen ? Math.max(scale, 1) : 1;
  const support = filter.support * filterScale;
  const size = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(outputs);
  const taps = new Int32Array(outputs);
  const weights = new Float64Array(outputs * size);
  for (let o = 0; o < outputs; o++) {
    const centre = round((o + 0.5) * scale);
    const low = Math.max(0, Math.trunc(centre - support + 0.5));
    const high = Math.min(inputs, Math.trunc(centre + support + 0.5));
    first[o] = low;
    taps[o] = high - low;
    let sum = 0;
    for (let i = low; i < high; i++) {
      const distance = Math.abs(round(round(i - centre + 0.5) * round(1 / filterScale)));
      const weight = round(filter.weight(distance, round));
      weights[o * size + i - low] = weight;
      sum = round(sum + weight);
    }
    if (sum !== 0) for (let i = 0; i < high - low; i++) weights[o * size + i] /= sum;
  }
  return { first, taps, weights, size };
}

/** PyTorch's bicubic kernel without antialiasing: four pixels, those beyond the border being the last one. */
function cubicAxis(inputs: number, outputs: number): Axis {
  const { weight } = cubic(-0.75);
  const size = 4;
  const first = new Int32Array(outputs);
  const taps = new Int32Array(outputs).fill(Math.min(size, inputs));
  const weights = new Float64Array(outputs * size);
  for (let o = 0; o < outputs; o++) {
    const centre = ((o + 0.5) * inputs) / outputs - 0.5;
    const from = Math.floor(centre) - 1;
    first[o] = Math.min(Math.max(0, from), Math.max(0, inputs - size));
    for (let i = from; i < from + size; i++) {
      const at = Math.min(Math.max(i, 0), inputs - 1);
      weights[o * size + at - first[o]] += weight(Math.abs(i - centre), asDouble);
    }
  }
  return { first, taps, weights, size };
}

/** @param middle - where in an output pixel the input pixel is looked up: 0 at its start, 0.5 in its middle */
function pickNearest(images: Images, height: number, width: number, middle: number): Images {
  const picked = (inputs: number, outputs: number) => {
    const scale = Math.fround(inputs / outputs);
    return Int32Array.from({ length: outputs }, (_, o) =>
      Math.min(inputs - 1, Math.floor(Math.fround((o + middle) * scale))),
    );
  };
  const [rows, columns] = [picked(images.height, height), picked(images.width, width)];
  const out = blankLike(images, height, width);
  for (let plane = 0; plane < images.count * images.channels; plane++) {
    for (let y = 0; y < height; y++) {
      const from = (plane * images.height + rows[y]) * images.width;
      const to = (plane * height + y) * width;
      for (let x = 0; x < width; x++) out.data[to + x] = images.data[from + columns[x]];
    }
  }
  return out;
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
