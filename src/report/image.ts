/** Images for looking at, resized. */
import { checkImage } from "../io/images/check_image.ts";
import type { Image } from "../records/image.ts";

export { checkImage } from "../io/images/check_image.ts";
export type { Image } from "../records/image.ts";

/**
 * An image in another size, each new pixel the mean of the area it covers. Not the resize of `data`: for looking.
 *
 * @example
 * ```ts
 * import { resample } from "convoyant/report";
 * const image = { width: 2, height: 2, channels: 1, data: Uint8Array.of(0, 255, 255, 0) } as const;
 * resample(image, 1, 1).data.length; // 1
 * ```
 */
export function resample(image: Image, width: number, height: number): Image {
  checkImage(image, "resample");
  if (width === image.width && height === image.height) return image;
  const { channels } = image;
  const data = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y++) {
    const rows: Span = [(y * image.height) / height, ((y + 1) * image.height) / height];
    for (let x = 0; x < width; x++) {
      const columns: Span = [(x * image.width) / width, ((x + 1) * image.width) / width];
      for (let c = 0; c < channels; c++)
        data[(y * width + x) * channels + c] = Math.round(areaMean(image, c, columns, rows));
    }
  }
  return { width, height, channels, data };
}

type Span = readonly [from: number, to: number];

function areaMean(
  { width, height, channels, data }: Image,
  channel: number,
  columns: Span,
  rows: Span,
): number {
  let sum = 0;
  let area = 0;
  for (let y = Math.floor(rows[0]); y < Math.min(Math.ceil(rows[1]), height); y++) {
    const tall = Math.min(y + 1, rows[1]) - Math.max(y, rows[0]);
    for (let x = Math.floor(columns[0]); x < Math.min(Math.ceil(columns[1]), width); x++) {
      const share = tall * (Math.min(x + 1, columns[1]) - Math.max(x, columns[0]));
      sum += share * data[(y * width + x) * channels + channel];
      area += share;
    }
  }
  return area > 0 ? sum / area : 0;
}
