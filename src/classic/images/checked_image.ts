/** What every filter and extractor asks of an image. */
import { typedArrayKind } from "../../base/builtin_kinds.ts";
import { ArgumentError } from "../../base/errors.ts";
import { shownValue } from "../../base/shown_value.ts";
import { checkImage } from "../../io/images/check_image.ts";
import type { Image } from "../../records/image.ts";

/**
 * Checks one image: sizes, channels, 8 bits.
 *
 * @param caller - whom messages name.
 * @throws ArgumentError for what is not an image of 8 bits a channel, or whose sizes and data do not belong together.
 */
export function requireImage(caller: string, image: Image): void {
  if (typeof image !== "object" || image === null || !("data" in image)) {
    throw new ArgumentError(
      `${caller}: expected an image { width, height, channels, data }, got ${shownValue(image)}; ` +
        "decode files with data.decodeImage or data.readImage",
    );
  }
  const kind = typedArrayKind(image.data);
  if (kind !== "Uint8Array" && kind !== "Uint8ClampedArray") {
    throw new ArgumentError(
      `${caller}: expected 8 bits a channel in a Uint8Array, got ${kind ?? shownValue(image.data)}; ` +
        "data.decodeImage gives 8 bits for every file",
    );
  }
  checkImage(image, caller);
}

/** As {@link requireImage}, for a list. */
export function requireImages(caller: string, images: readonly Image[]): void {
  if (!Array.isArray(images))
    throw new ArgumentError(`${caller}: expected a list of images, got ${shownValue(images)}`);
  for (const [index, image] of images.entries()) requireImage(`${caller}: image ${index}`, image);
}
