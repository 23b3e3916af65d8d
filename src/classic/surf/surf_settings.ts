/** Options of SURF. */
import { boolean, integer, number, type OptionRule, type OptionRules } from "../option_checks.ts";

/** Options of `surf`. */
export interface SurfOptions {
  /** Octaves of the scale space; each doubles the step between filter sizes. Default 4. */
  octaves: number;
  /** Filter sizes of an octave; key points are found in all but the first and the last. Default 4. */
  scales: number;
  /** The least determinant of the Hessian, of an image from 0 to 255 and filters divided by their area. Default 4. */
  threshold: number;
  /** Weight of the mixed derivative in the determinant, w of `Dxx Dyy - (w Dxy)^2`. Default 0.9. */
  mixedWeight: number;
  /** The most key points, the strongest ones; 0 (default) for all. */
  maxKeypoints: number;
  /** Values of a descriptor: 64 (default), or 128 with sums split by the sign of the other derivative. */
  length: 64 | 128;
  /** Whether key points keep the image's directions: faster, and as good up to 15 degrees of rotation. Default false. */
  upright: boolean;
}

const length: OptionRule<64 | 128> = {
  otherwise: 64,
  expected: "64 or 128",
  accepts: (value) => value === 64 || value === 128,
};

export const SURF_RULES: OptionRules<SurfOptions> = {
  octaves: integer(4, 1, 8),
  scales: integer(4, 3, 16),
  threshold: number(4, 0, 1e9),
  mixedWeight: number(0.9, 0, 1),
  maxKeypoints: integer(0, 0, 2 ** 31 - 1),
  length,
  upright: boolean(false),
};
