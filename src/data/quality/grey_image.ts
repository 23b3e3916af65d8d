/** Brightness of images, as the measurements of quality take it. */
import type { Image } from "../../records/image.ts";
import { resample } from "../transforms/resample.ts";
import type { ResizeInterpolation } from "../transforms/transform_spec.ts";

/** One byte for each pixel, rows from top to bottom. */
export interface GreyImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** (19595 R + 38470 G + 7471 B) / 65536, rounded: ITU-R BT.601's luma, as Pillow converts to its mode "L". */
export function greyOf({ width, height, channels, data }: Image): GreyImage {
  if (channels === 1) return { width, height, data };
  const grey = new Uint8Array(width * height);
  for (let i = 0, at = 0; i < grey.length; i++, at += channels)
    grey[i] = (19595 * data[at] + 38470 * data[at + 1] + 7471 * data[at + 2] + 0x8000) >> 16;
  return { width, height, data: grey };
}

/** The image in another size, as Pillow resizes it. */
export function resizedGrey(
  image: GreyImage,
  width: number,
  height: number,
  filter: ResizeInterpolation | "lanczos",
): GreyImage {
  const images = { ...image, dtype: "uint8", count: 1, channels: 1 } as const;
  const { data } = resample(images, height, width, filter, true);
  return { width, height, data: data as Uint8Array };
}
