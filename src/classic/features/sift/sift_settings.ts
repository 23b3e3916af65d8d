/** Options of SIFT, and what its two presets differ in. */
import { boolean, choice, integer, number, type OptionRules } from "../../option_checks.ts";

/** Options of `sift`. */
export interface SiftOptions {
  /**
   * "opencv" (default): the steps and values of OpenCV's `SIFT`. "ipol": those of "Anatomy of the SIFT Method", as
   * scikit-image's `SIFT` has them.
   */
  preset: "opencv" | "ipol";
  /** The most key points, the strongest ones; 0 (default) for all. */
  maxKeypoints: number;
  /** Layers of an octave that key points are found in. Default 3. */
  octaveLayers: number;
  /** How much an extremum must stand out, for 3 layers divided by 3; of an image from 0 to 1. Default 0.04. */
  contrastThreshold: number;
  /** The largest ratio of principal curvatures. Default 10. */
  edgeThreshold: number;
  /** Blur of the first layer, in pixels of the first octave. Default 1.6. */
  sigma: number;
  /** Whether the first octave is of the doubled image (default), which finds small key points, too. */
  doubled: boolean;
  /** Whether descriptors are RootSIFT: divided by their sum, then square roots. Default false. */
  root: boolean;
}

export const SIFT_RULES: OptionRules<SiftOptions> = {
  preset: choice("opencv", ["opencv", "ipol"]),
  maxKeypoints: integer(0, 0, 2 ** 31 - 1),
  octaveLayers: integer(3, 1, 16),
  contrastThreshold: number(0.04, 0, 1),
  edgeThreshold: number(10, 1, 1000),
  sigma: number(1.6, 0.5, 10, true),
  doubled: boolean(true),
  root: boolean(false),
};

/** Blur that an image is assumed to have, in its own pixels. */
const ASSUMED_SIGMA = 0.5;

/** Blurs that lead from the image to each layer of an octave: to the first, then from one to the next. */
export function layerSigmas({ sigma, octaveLayers, doubled }: SiftOptions): number[] {
  const assumed = doubled ? 2 * ASSUMED_SIGMA : ASSUMED_SIGMA;
  const ratio = 2 ** (1 / octaveLayers);
  const steps = Array.from(
    { length: octaveLayers + 2 },
    (_, layer) => sigma * ratio ** layer * Math.sqrt(ratio * ratio - 1),
  );
  return [Math.sqrt(Math.max(sigma * sigma - assumed * assumed, 0.01)), ...steps];
}

/** Half the size of a Gaussian kernel. */
export function kernelRadius({ preset }: SiftOptions, sigma: number): number {
  return preset === "ipol" ? Math.floor(4 * sigma + 0.5) : Math.floor(Math.round(sigma * 8 + 1) / 2);
}

/** How many octaves the scale space of an image has; 0 for the smallest images. */
export function octaveCount({ preset, doubled }: SiftOptions, width: number, height: number): number {
  const side = Math.min(width, height) * (doubled ? 2 : 1);
  const count =
    preset === "ipol"
      ? Math.min(8, Math.floor(Math.log2(side / 12) + 1))
      : Math.round(Math.log2(side) - 2) + (doubled ? 1 : 0);
  return Math.max(0, count);
}

/** How far an extremum must stand out in levels (0 to 255) before it is refined, and after. */
export function contrasts({ preset, contrastThreshold, octaveLayers }: SiftOptions): {
  readonly candidate: number;
  readonly refined: number;
} {
  if (preset === "ipol") {
    const refined = (255 * contrastThreshold * (2 ** (1 / octaveLayers) - 1)) / (2 ** (1 / 3) - 1) / 3;
    return { candidate: 0.8 * refined, refined };
  }
  const refined = (255 * contrastThreshold) / octaveLayers;
  return { candidate: Math.floor(0.5 * refined), refined };
}
