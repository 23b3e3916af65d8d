/** What is measured of one image: size, brightness, sharpness, information, perceptual hash. */
import { checkImage } from "../../io/images/check_image.ts";
import type { Image } from "../../records/image.ts";
import { type GreyImage, greyOf, resizedGrey } from "./grey_image.ts";
import { type PerceptualHash, perceptualHash, SMALL_SIDE } from "./perceptual_hash.ts";

/** What `data.imageMeasures` finds in an image. */
export interface ImageMeasures {
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  /** The 5th, 50th and 99th percentile of the grey image, from 0 (black) to 1. */
  readonly brightness: { readonly p5: number; readonly p50: number; readonly p99: number };
  /** Standard deviation of the grey image, 0 to 127.5 levels. */
  readonly contrast: number;
  /** Variance of the Laplacian of the grey image, shrunk to 512 pixels at most: small if it is blurred. */
  readonly sharpness: number;
  /** `sharpness` divided by the variance of the same image: does not depend on its contrast. */
  readonly relativeSharpness: number;
  /** Entropy of the grey image's histogram in bits: 0 (one level) to 8. */
  readonly entropy: number;
  /** 64 bits that are nearly the same for images that look the same. */
  readonly hash: PerceptualHash;
  /** The image in 16 by 16 pixels, each the mean of what it covers: red, green, blue. */
  readonly colours: Uint8Array;
}

/** The longer side at which sharpness is measured: beyond it even sharp photographs are soft from pixel to pixel. */
const SHARPNESS_SIDE = 512;

/**
 * Measures an image: what `convoyant data check` judges by.
 *
 * Sources: J. L. Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy: a comparative study", 2000 (the
 * variance of the Laplacian); C. E. Shannon, "A mathematical theory of communication", 1948.
 *
 * @throws ArgumentError when sizes and data of the image do not belong together.
 * @example
 * ```ts
 * const image: data.Image = { width: 2, height: 1, channels: 1, data: Uint8Array.of(0, 255) };
 * const { entropy, contrast } = data.imageMeasures(image);
 * entropy; // 1
 * contrast; // 127.5
 * ```
 */
export function imageMeasures(image: Image): ImageMeasures {
  checkImage(image, "imageMeasures");
  const grey = greyOf(image);
  const histogram = histogramOf(grey);
  const shrunk = shrink(grey, SHARPNESS_SIDE);
  const sharpness = laplacianVariance(shrunk);
  const spread = variance(shrunk.data);
  const small = resizedGrey(grey, SMALL_SIDE, SMALL_SIDE, "lanczos").data;
  const level = (share: number) => percentile(histogram, share) / 255;
  return {
    width: image.width,
    height: image.height,
    brightness: { p5: level(0.05), p50: level(0.5), p99: level(0.99) },
    contrast: Math.sqrt(shrunk === grey ? spread : variance(grey.data)),
    sharpness,
    relativeSharpness: spread === 0 ? 0 : sharpness / spread,
    entropy: entropyOf(histogram),
    hash: perceptualHash(small),
    colours: coloursOf(image),
  };
}

/** Side of the image of mean colours. */
const COLOURS_SIDE = 16;

function coloursOf({ width, height, channels, data }: Image): Uint8Array {
  const out = new Uint8Array(COLOURS_SIDE * COLOURS_SIDE * 3);
  for (let cell = 0; cell < COLOURS_SIDE * COLOURS_SIDE; cell++) {
    const [top, bottom] = covered(Math.floor(cell / COLOURS_SIDE), height);
    const [left, right] = covered(cell % COLOURS_SIDE, width);
    const count = (bottom - top) * (right - left);
    for (let c = 0; c < 3; c++) {
      let sum = 0;
      for (let y = top; y < bottom; y++) {
        let at = (y * width + left) * channels + (channels === 1 ? 0 : c);
        for (let x = left; x < right; x++, at += channels) sum += data[at];
      }
      out[cell * 3 + c] = Math.round(sum / count);
    }
  }
  return out;
}

/** The pixels that one of the small image's covers, of a small image at least one. */
function covered(cell: number, length: number): [from: number, to: number] {
  const from = Math.floor((cell * length) / COLOURS_SIDE);
  return [from, Math.max(from + 1, Math.floor(((cell + 1) * length) / COLOURS_SIDE))];
}

function shrink(grey: GreyImage, most: number): GreyImage {
  const scale = most / Math.max(grey.width, grey.height);
  if (scale >= 1) return grey;
  const side = (length: number) => Math.max(1, Math.round(length * scale));
  return resizedGrey(grey, side(grey.width), side(grey.height), "bilinear");
}

/**
 * The variance of the image convolved with the kernel [0 1 0; 1 -4 1; 0 1 0], mirrored at its border without the border
 * pixel: what `cv2.Laplacian(grey, cv2.CV_64F).var()` gives.
 */
export function laplacianVariance({ width, height, data }: GreyImage): number {
  let sum = 0;
  let squares = 0;
  for (let y = 0; y < height; y++) {
    const row = y * width;
    const above = mirrored(y - 1, height) * width;
    const below = mirrored(y + 1, height) * width;
    for (let x = 0; x < width; x++) {
      const beside = data[row + mirrored(x - 1, width)] + data[row + mirrored(x + 1, width)];
      const value = beside + data[above + x] + data[below + x] - 4 * data[row + x];
      sum += value;
      squares += value * value;
    }
  }
  // Sums of integers below 2^53: exact.
  return varianceOf(sum, squares, data.length);
}

function mirrored(at: number, length: number): number {
  if (length === 1) return 0;
  if (at < 0) return -at;
  return at < length ? at : 2 * length - 2 - at;
}

function variance(data: Uint8Array): number {
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < data.length; i++) {
    sum += data[i];
    squares += data[i] * data[i];
  }
  return varianceOf(sum, squares, data.length);
}

function varianceOf(sum: number, squares: number, count: number): number {
  const mean = sum / count;
  return Math.max(0, squares / count - mean * mean);
}

function histogramOf({ data }: GreyImage): Float64Array {
  const counts = new Float64Array(256);
  for (let i = 0; i < data.length; i++) counts[data[i]]++;
  return counts;
}

/** The lowest level that at least `share` of the pixels do not exceed. */
function percentile(histogram: Float64Array, share: number): number {
  const wanted = share * histogram.reduce((total, count) => total + count, 0);
  let seen = 0;
  for (let level = 0; level < 256; level++) {
    seen += histogram[level];
    if (seen >= wanted) return level;
  }
  return 255;
}

function entropyOf(histogram: Float64Array): number {
  const total = histogram.reduce((sum, count) => sum + count, 0);
  let bits = 0;
  for (const count of histogram) if (count > 0) bits -= (count / total) * Math.log2(count / total);
  return bits;
}
