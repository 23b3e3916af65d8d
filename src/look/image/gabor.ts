/** Gabor filters: waves under a bell, as cells of the visual cortex respond to them. */
import { ArgumentError } from "../../base/errors.ts";
import { shownValue } from "../../base/shown_value.ts";
import type { Filters } from "../../report/filter_images.ts";

/** What `gaborBank` takes. */
export interface GaborOptions {
  /** Side of a filter. Default 11. */
  readonly size?: number;
  /** Directions, evenly apart. Default 8. */
  readonly orientations?: number;
  /** Lengths of a wave, in pixels. Default 4, 6 and 9. */
  readonly wavelengths?: readonly number[];
}

/**
 * A bank of Gabor filters, g(x, y) = exp(-(u² + v²/4) / (2 s²)) cos(2 pi u / l) with u and v turned by the direction, the
 * wavelength l and s = 0.5 l; each is shifted to have mean 0.
 *
 * @throws ArgumentError for sizes or counts that are not integers above 0, or wavelengths that are not above 0.
 * @example
 * ```ts
 * import { gaborBank } from "convoyant/look";
 * gaborBank({ orientations: 4 }).shape; // [12, 1, 11, 11]
 * ```
 */
export function gaborBank({
  size = 11,
  orientations = 8,
  wavelengths = [4, 6, 9],
}: GaborOptions = {}): Filters {
  for (const [name, value] of Object.entries({ size, orientations }))
    if (!Number.isInteger(value) || value < 1)
      throw new ArgumentError(
        `gaborBank: expected \`${name}\` to be an integer of at least 1, got ${shownValue(value)}`,
      );
  if (wavelengths.length === 0 || !wavelengths.every((length) => length > 0 && Number.isFinite(length)))
    throw new ArgumentError(
      `gaborBank: expected \`wavelengths\` to be numbers above 0, got ${shownValue(wavelengths)}`,
    );
  const filters = wavelengths.flatMap((length) =>
    Array.from({ length: orientations }, (_, i) => gabor(size, (Math.PI * i) / orientations, length)),
  );
  return { layer: "Gabor", shape: [filters.length, 1, size, size], data: filters.flat() };
}

function gabor(size: number, angle: number, length: number): number[] {
  const middle = (size - 1) / 2;
  const spread = 0.5 * length;
  const values = Array.from({ length: size * size }, (_, i) => {
    const [x, y] = [(i % size) - middle, Math.floor(i / size) - middle];
    const u = x * Math.cos(angle) + y * Math.sin(angle);
    const v = y * Math.cos(angle) - x * Math.sin(angle);
    return Math.exp(-(u * u + (v * v) / 4) / (2 * spread * spread)) * Math.cos((2 * Math.PI * u) / length);
  });
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return values.map((value) => value - mean);
}
