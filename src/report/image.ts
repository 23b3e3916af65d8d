/** Images for looking at: checked, resized. */
import { ArgumentError } from "../base/errors.ts";
import type { Image } from "../records/image.ts";

export type { Image } from "../records/image.ts";

/**
 * Checks that an image's data are as long as its sizes say.
 *
 * @throws ArgumentError when sizes and data do not belong together.
 *
 * @example
 * ```ts
 * import { checkImage } from "convoyant/report";
 * const image = { width: 2, height: 2, data: new Uint8Array([0, 255, 255, 0]) };
 * checkImage(image);
 * ```
 */
export function checkImage({ width, height, channels = 1, data }: Image): void {
  const whole = Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0;
  if (whole && [1, 3, 4].includes(channels) && data.length === width * height * channels) return;
  throw new ArgumentError(
    `image of ${width} by ${height} with ${channels} channels and ${data.length} values: expected whole sizes above 0, ` +
      "1, 3 or 4 channels, and width * height * channels values",
  );
}

/**
 * An image in another size, each new pixel the mean of the area it covers. Not the resize of `data`: for looking.
 *
 * @example
 * ```ts
 * import { resample } from "convoyant/report";
 * const image = { width: 2, height: 2, data: new Uint8Array([0, 255, 255, 0]) };
 * resample(image, 1, 1).data.length; // 1
 * ```
 */
export function resample(image: Image, width: number, height: number): Image {
  checkImage(image);
  if (width === image.width && height === image.height) return image;
  const { channels = 1 } = image;
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
  { width, height, channels = 1, data }: Image,
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
