/** Brightness of an image in floats: what extractors compute on. */
import type { Image } from "../../records/image.ts";
import { requireImage } from "./checked_image.ts";

/** One float for each pixel, rows from top to bottom, 0 (black) to 255 (white). */
export interface GreyPlane {
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  /** `width * height` values. */
  readonly data: Float32Array;
}

/**
 * Brightness of an image: L = 0.299 R + 0.587 G + 0.114 B, in levels from 0 to 255, not rounded. Pixels that are not
 * opaque are composited on white first, as `data.decodeImage` does it.
 *
 * Source: ITU-R Recommendation BT.601.
 *
 * @throws ArgumentError for what is not an image of 8 bits a channel.
 * @example
 * ```ts
 * import { greyPlane } from "convoyant/classic";
 * greyPlane({ width: 1, height: 1, channels: 3, data: Uint8Array.of(255, 0, 0) }).data[0]; // 76.245
 * ```
 */
export function greyPlane(image: Image): GreyPlane {
  requireImage("greyPlane", image);
  return planeOf(image);
}

/** As {@link greyPlane}, of an image that has been checked. */
export function planeOf({ width, height, channels, data }: Image): GreyPlane {
  if (channels === 1) return { width, height, data: Float32Array.from(data) };
  const grey = new Float32Array(width * height);
  for (let i = 0, at = 0; i < grey.length; i++, at += channels) {
    const level = 0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2];
    grey[i] = channels === 4 ? 255 + ((level - 255) * data[at + 3]) / 255 : level;
  }
  return { width, height, data: grey };
}

/** Brightness in 8 bits: the levels of {@link planeOf}, rounded. A grey image's own bytes, not copied. */
export function bytesOf(image: Image): Uint8Array {
  return image.channels === 1 ? image.data : Uint8Array.from(planeOf(image).data, Math.round);
}
