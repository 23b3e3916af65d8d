/** Blurring and sharpening, as torchvision's kernels for tensors do. */
import { allocateArray, type TypedArray } from "../../../base/dtype.ts";
import { ShapeError } from "../../../base/errors.ts";
import { highestLevel, type OneImage, requireColours, toLevel, withData } from "./one_image.ts";
import { f32, fusedMultiplyAdd, roundHalfEven } from "./rounding.ts";

/** factor * x + (1 - factor) * smoothed, without the outermost pixels; smoothed: weights 1/13, 5/13 in the middle. */
export function adjustSharpness(image: OneImage, factor: number): OneImage {
  requireColours(image, "RandomAdjustSharpness");
  const { data: from, height, width } = image;
  if (height <= 2 || width <= 2) return image;
  const bytes = image.dtype === "uint8";
  const highest = highestLevel(image);
  const [edge, middle, other] = [f32(1 / 13), f32(5 / 13), f32(1 - factor)];
  const data = from.slice();
  for (let c = 0; c < image.channels; c++) {
    for (let y = 1; y < height - 1; y++) {
      for (let x = 1; x < width - 1; x++) {
        const i = (c * height + y) * width + x;
        let around = 0;
        for (const row of [i - width, i, i + width]) around += from[row - 1] + from[row] + from[row + 1];
        const sum = (around - from[i]) * edge + from[i] * middle;
        const smoothed = bytes ? roundHalfEven(sum) : f32(sum);
        data[i] = toLevel(fusedMultiplyAdd(f32(smoothed - from[i]), other, from[i]), highest);
      }
    }
  }
  // torchvision clamps the outermost pixels of floats too.
  if (!bytes) for (let i = 0; i < data.length; i++) data[i] = toLevel(data[i], highest);
  return withData(image, data);
}

/**
 * Gaussian blur; at the border the image is mirrored without repeating its edge.
 *
 * @param kernelSize - width and height, odd
 * @param sigma - standard deviation in pixels, for both directions
 * @throws ShapeError if the image is too small for the kernel.
 */
export function gaussianBlur(
  image: OneImage,
  kernelSize: readonly [number, number],
  sigma: number,
): OneImage {
  const [kernelWidth, kernelHeight] = kernelSize;
  if (kernelWidth >> 1 >= image.width || kernelHeight >> 1 >= image.height) {
    throw new ShapeError(
      `GaussianBlur: a kernel of [${kernelSize.join(", ")}] needs images wider than ${kernelWidth >> 1} and higher than ` +
        `${kernelHeight >> 1} pixels, got ${image.height} x ${image.width} (height x width)`,
    );
  }
  const { channels, height, width } = image;
  const rows = new Float64Array(image.data.length);
  blurLines(image.data, rows, gaussianKernel(kernelWidth, sigma), channels * height, width, 1);
  const both = new Float64Array(image.data.length);
  blurLines(rows, both, gaussianKernel(kernelHeight, sigma), channels, height, width);
  const data = allocateArray(image.dtype, both.length);
  const bytes = image.dtype === "uint8";
  for (let i = 0; i < data.length; i++) data[i] = bytes ? roundHalfEven(both[i]) : both[i];
  return withData(image, data);
}

/** Weights that add up to 1: softmax of -(x / sigma)^2, x in steps of 1 / sqrt 2 (the normal density). */
function gaussianKernel(size: number, sigma: number): Float64Array {
  const half = (size - 1) / 2;
  const weights = Float64Array.from({ length: size }, (_, i) =>
    Math.exp(-((i - half) ** 2) / (2 * sigma ** 2)),
  );
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** One pass: `lines` stacks of `length` rows of `inner` values. */
function blurLines(
  from: TypedArray,
  to: Float64Array,
  weights: Float64Array,
  lines: number,
  length: number,
  inner: number,
): void {
  const half = weights.length >> 1;
  for (let line = 0; line < lines; line++) {
    for (let o = 0; o < length; o++) {
      const target = (line * length + o) * inner;
      for (let t = 0; t < weights.length; t++) {
        let at = Math.abs(o + t - half);
        if (at >= length) at = 2 * length - 2 - at;
        const source = (line * length + at) * inner;
        for (let x = 0; x < inner; x++) to[target + x] += from[source + x] * weights[t];
      }
    }
  }
}
