/** Gaussian blur of images. */
import type { Image } from "../../records/image.ts";
import { integer, number, type OptionRules, readOptions } from "../option_checks.ts";
import { requireImage } from "./checked_image.ts";
import { roundToEven } from "./equalize_histogram.ts";
import { reflected } from "./reflected.ts";

/** Options of {@link gaussianBlur}. */
export interface GaussianBlurOptions {
  /** Standard deviation in pixels. Default 1. */
  sigma: number;
  /** Pixels from the centre of the kernel to its end. Default: the odd size nearest to 6 sigma + 1, as OpenCV's. */
  radius: number;
}

/** Stands for a radius that follows from sigma. */
const FROM_SIGMA = -1;

const RULES: OptionRules<GaussianBlurOptions> = {
  sigma: number(1, 0, 100, true),
  radius: { ...integer(0, 0, 1000), otherwise: FROM_SIGMA },
};

/**
 * Blurs each channel with a Gaussian kernel, `k(i) = exp(-i^2 / (2 sigma^2))` divided by its sum; the image goes on
 * mirrored beyond its edges, the pixel at the edge not repeated.
 *
 * Source: OpenCV's `GaussianBlur`; levels differ by at most 1 from its fixed-point arithmetic.
 *
 * @throws ArgumentError for what is not an image of 8 bits a channel, and for options outside their range.
 * @example
 * ```ts
 * import { gaussianBlur } from "convoyant/classic";
 * const dot = { width: 3, height: 1, channels: 1, data: Uint8Array.of(0, 255, 0) } as const;
 * gaussianBlur(dot, { sigma: 0.5, radius: 1 }).data; // Uint8Array(3) [54, 201, 54]
 * ```
 */
export function gaussianBlur(image: Image, options: Partial<GaussianBlurOptions> = {}): Image {
  const { sigma, radius } = readOptions("gaussianBlur", options, RULES);
  requireImage("gaussianBlur", image);
  const kernel = gaussianKernel(
    sigma,
    radius === FROM_SIGMA ? Math.floor(Math.round(sigma * 6 + 1) / 2) : radius,
  );
  const { width, height, channels, data } = image;
  const between = new Float32Array(data.length);
  const out = new Uint8Array(data.length);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0;
        for (let i = 1 - kernel.length; i < kernel.length; i++)
          sum += kernel[Math.abs(i)] * data[(y * width + reflected(x + i, width)) * channels + channel];
        between[(y * width + x) * channels + channel] = sum;
      }
  const row = width * channels;
  const sums = new Float64Array(row);
  for (let y = 0; y < height; y++) {
    sums.fill(0);
    for (let i = 1 - kernel.length; i < kernel.length; i++) {
      const from = reflected(y + i, height) * row;
      const weight = kernel[Math.abs(i)];
      for (let at = 0; at < row; at++) sums[at] += weight * between[from + at];
    }
    for (let at = 0; at < row; at++) out[y * row + at] = roundToEven(sums[at]);
  }
  return { width, height, channels, data: out };
}

/** Half of a Gaussian kernel, from its centre to `radius`; the whole kernel sums to 1. */
export function gaussianKernel(sigma: number, radius: number): Float64Array {
  const half = Float64Array.from({ length: radius + 1 }, (_, i) => Math.exp((-i * i) / (2 * sigma * sigma)));
  const sum = half.reduce((total, value) => total + 2 * value, 0) - half[0];
  return half.map((value) => value / sum);
}
