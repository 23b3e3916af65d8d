import { ArgumentError } from "../../base/errors.ts";
import type { Image } from "../../records/image.ts";

/**
 * Checks that an image's data are as long as its sizes say.
 *
 * @param caller - the function that the error names.
 * @throws ArgumentError when sizes and data do not belong together.
 *
 * @example
 * ```ts
 * import { checkImage } from "convoyant/report";
 * checkImage({ width: 2, height: 2, channels: 1, data: Uint8Array.of(0, 255, 255, 0) });
 * ```
 */
export function checkImage({ width, height, channels, data }: Image, caller = "checkImage"): void {
  const whole = Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0;
  if (whole && [1, 3, 4].includes(channels) && data?.length === width * height * channels) return;
  throw new ArgumentError(
    `${caller}: image of ${width} by ${height} with ${channels} channels and ${data?.length} values: expected integer ` +
      "sizes above 0, 1, 3 or 4 channels, and width * height * channels values",
  );
}
