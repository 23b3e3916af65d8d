import { allocateArray } from "../../base/dtype.ts";
import { crop } from "./borders.ts";
import { blankLike, type Images } from "./images.ts";
import type { Rectangle } from "./random_rectangle.ts";
import { alongHeight, alongWidth, type FilterTaps } from "./resample_passes.ts";
import type { ResizeInterpolation } from "./transform_spec.ts";

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
 * @param window - the part of the result that is wanted: only what it is made of is computed.
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
  window: Rectangle = { top: 0, left: 0, height, width },
): Images {
  if (interpolation === "nearest" || interpolation === "nearest-exact") {
    return pickNearest(images, [height, width], window, interpolation === "nearest" ? 0 : 0.5);
  }
  // Pillow always widens the filter; PyTorch does so for floats unless told not to.
  const widen = antialias || images.dtype === "uint8";
  const round = images.dtype === "uint8" ? asDouble : Math.fround;
  const axis = (inputs: number, outputs: number): FilterTaps => {
    if (interpolation === "bilinear") return filterAxis(inputs, outputs, TRIANGLE, widen, round);
    if (interpolation === "lanczos") return filterAxis(inputs, outputs, LANCZOS, widen, round);
    return widen ? filterAxis(inputs, outputs, cubic(-0.5), true, round) : cubicAxis(inputs, outputs);
  };
  const partOf = (inputs: number, outputs: number, begin: number, length: number) =>
    partOfAxis(inputs === outputs ? null : axis(inputs, outputs), begin, length);
  const across = partOf(images.width, width, window.left, window.width);
  const down = partOf(images.height, height, window.top, window.height);
  let result = cropped(images, across, down);
  const passes = [
    () => {
      if (across.axis === null) return;
      const out = blankLike(result, result.height, window.width);
      alongWidth(result, out, across.axis);
      result = out;
    },
    () => {
      if (down.axis === null) return;
      const out = blankLike(result, window.height, result.width);
      alongHeight(result, out, down.axis);
      result = out;
    },
  ];
  const heightFirst =
    images.dtype === "uint8" && height < images.height && 2 * (images.width - width) < images.height - height;
  if (heightFirst) passes.reverse();
  for (const pass of passes) pass();
  if (result === images) {
    const data = allocateArray(images.dtype, images.data.length);
    data.set(images.data);
    return { ...images, data };
  }
  return result;
}

/** What a part of the output pixels is made of: input pixels from `low` to `high`, from which on the axis counts. */
interface PartOfAxis {
  /** Null if pixels stay as they are. */
  readonly axis: FilterTaps | null;
  readonly low: number;
  readonly high: number;
}

function partOfAxis(axis: FilterTaps | null, begin: number, length: number): PartOfAxis {
  if (axis === null) return { axis, low: begin, high: begin + length };
  const [end, { size }] = [begin + length, axis];
  const first = axis.first.subarray(begin, end);
  const taps = axis.taps.subarray(begin, end);
  const low = first.reduce((least, at) => Math.min(least, at), Number.MAX_SAFE_INTEGER);
  const high = first.reduce((most, at, i) => Math.max(most, at + taps[i]), 0);
  const weights = axis.weights.subarray(begin * size, end * size);
  return { axis: { first: first.map((at) => at - low), taps, weights, size }, low, high };
}

/** The input pixels that are needed. */
function cropped(images: Images, across: PartOfAxis, down: PartOfAxis): Images {
  const [height, width] = [down.high - down.low, across.high - across.low];
  return height === images.height && width === images.width
    ? images
    : crop(images, down.low, across.low, height, width);
}

const asDouble = (x: number) => x;

/** @param round - rounds every intermediate result to the precision in which the weights are computed */
function filterAxis(
  inputs: number,
  outputs: number,
  filter: Filter,
  widen: boolean,
  round: (x: number) => number,
): FilterTaps {
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
function cubicAxis(inputs: number, outputs: number): FilterTaps {
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
function pickNearest(
  images: Images,
  [height, width]: readonly [number, number],
  window: Rectangle,
  middle: number,
): Images {
  const picked = (inputs: number, outputs: number, begin: number, length: number) => {
    const scale = Math.fround(inputs / outputs);
    return Int32Array.from({ length }, (_, i) =>
      Math.min(inputs - 1, Math.floor(Math.fround((begin + i + middle) * scale))),
    );
  };
  const rows = picked(images.height, height, window.top, window.height);
  const columns = picked(images.width, width, window.left, window.width);
  const out = blankLike(images, window.height, window.width);
  for (let plane = 0; plane < images.count * images.channels; plane++) {
    for (let y = 0; y < window.height; y++) {
      const from = (plane * images.height + rows[y]) * images.width;
      const to = (plane * window.height + y) * window.width;
      for (let x = 0; x < window.width; x++) out.data[to + x] = images.data[from + columns[x]];
    }
  }
  return out;
}
