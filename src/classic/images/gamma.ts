/** Gamma correction. */
import { ArgumentError } from "../../base/errors.ts";
import { shownValue } from "../../base/shown_value.ts";
import type { Image } from "../../records/image.ts";
import { requireImage } from "./checked_image.ts";

/**
 * Raises every level to a power: `level' = 255 (level / 255)^gamma`, rounded. Below 1 the dark parts become lighter.
 * The fourth channel (alpha) stays.
 *
 * @param gamma - the exponent, above 0, at most 100.
 * @throws ArgumentError for what is not an image of 8 bits a channel, or another exponent.
 * @example
 * ```ts
 * import { gammaCorrect } from "convoyant/classic";
 * const image = { width: 3, height: 1, channels: 1, data: Uint8Array.of(0, 64, 255) } as const;
 * gammaCorrect(image, 0.5).data; // Uint8Array(3) [0, 128, 255]
 * ```
 */
export function gammaCorrect(image: Image, gamma: number): Image {
  if (typeof gamma !== "number" || !(gamma > 0 && gamma <= 100))
    throw new ArgumentError(
      `gammaCorrect: expected \`gamma\` to be a number above 0, at most 100, got ${shownValue(gamma)}`,
    );
  requireImage("gammaCorrect", image);
  const table = Uint8Array.from({ length: 256 }, (_, level) => Math.round(255 * (level / 255) ** gamma));
  const data = image.data.map((level, at) => (image.channels === 4 && at % 4 === 3 ? level : table[level]));
  return { ...image, data };
}
