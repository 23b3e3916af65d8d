/** Photographs inside of documents. */
import { encodeJpeg } from "../io/images/jpeg/encode_jpeg.ts";
import type { Image } from "../records/image.ts";
import { base64 } from "./html/base64.ts";
import { resample } from "./image.ts";
import { imageUri } from "./image_uri.ts";

/** The longer side of a small image: more than pages show, for sharp screens. */
const SIDE = 176;

/** Below this an image is shown pixel by pixel. */
const PIXELS = 64;

/**
 * A photograph as a small JPEG, as a `data:` address; small images and those with alpha stay as they are, as PNG.
 *
 * @param longest - the longer side of the small image, in pixels.
 */
export function photoUri(image: Image, longest = SIDE): string {
  const longer = Math.max(image.width, image.height);
  if (longer <= PIXELS || image.channels === 4) return imageUri(image);
  const scale = Math.min(1, longest / longer);
  const side = (length: number) => Math.max(1, Math.round(length * scale));
  const small = resample(image, side(image.width), side(image.height));
  return `data:image/jpeg;base64,${base64(encodeJpeg(small, { quality: 80 }))}`;
}

/** Whether an image is shown as a photograph, smoothly. */
export function isPhoto({ width, height }: Image): boolean {
  return Math.max(width, height) > PIXELS;
}
