/** Histogram equalisation. */
import type { Image } from "../../records/image.ts";
import { requireImage } from "./checked_image.ts";
import { bytesOf } from "./grey_plane.ts";

/**
 * Spreads the levels of an image over 0 to 255, so that each stands for as many pixels as the next:
 * `level' = 255 (C(level) - C(first)) / (N - C(first))`, rounded to even, with the cumulative histogram C and the
 * number of pixels N. A colour image becomes grey first; an image of one level stays as it is.
 *
 * Source: OpenCV's `equalizeHist`, whose bytes it gives.
 *
 * @returns a grey image.
 * @throws ArgumentError for what is not an image of 8 bits a channel.
 * @example
 * ```ts
 * import { equalizeHistogram } from "convoyant/classic";
 * const dark = { width: 3, height: 1, channels: 1, data: Uint8Array.of(10, 11, 12) } as const;
 * equalizeHistogram(dark).data; // Uint8Array(3) [0, 128, 255]
 * ```
 */
export function equalizeHistogram(image: Image): Image {
  requireImage("equalizeHistogram", image);
  const { width, height } = image;
  const grey = bytesOf(image);
  const table = equalizingTable(histogramOf(grey), grey.length);
  return { width, height, channels: 1, data: grey.map((level) => table[level]) };
}

function histogramOf(grey: Uint8Array): Int32Array {
  const histogram = new Int32Array(256);
  for (let i = 0; i < grey.length; i++) histogram[grey[i]]++;
  return histogram;
}

function equalizingTable(histogram: Int32Array, pixels: number): Uint8Array {
  const first = histogram.findIndex((count) => count > 0);
  if (histogram[first] === pixels) return new Uint8Array(256).fill(first);
  const scale = Math.fround(255 / Math.fround(pixels - histogram[first]));
  const table = new Uint8Array(256);
  for (let level = first + 1, below = 0; level < 256; level++) {
    below += histogram[level];
    table[level] = roundToEven(Math.fround(below * scale));
  }
  return table;
}

/** To the nearest integer, ties to the even one, cut to 0 to 255: as OpenCV rounds. */
export function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  const rounded = rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
  return Math.min(255, Math.max(0, rounded));
}
