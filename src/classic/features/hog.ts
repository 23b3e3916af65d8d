/** Histograms of oriented gradients. */
import type { Image } from "../../records/image.ts";
import { requireImage } from "../images/checked_image.ts";
import { boolean, choice, integer, type OptionRules, readOptions } from "../option_checks.ts";
import { featureExtractor } from "./extraction.ts";
import type { FeatureExtractor } from "./extractor.ts";
import { type HogOptions, hogOf } from "./hog_features.ts";

/** What {@link hog} makes: an extractor with the features of one image at once. */
export interface Hog extends FeatureExtractor {
  /** The features of one image, [blocks down, blocks across, cells down, cells across, orientations] in one row. */
  describe(image: Image): Float32Array;
}

const BY_VARIANT = { skimage: 3, "dalal-triggs": 2 };

/** Stands for a block size that follows from the variant. */
const OF_VARIANT = 0;

const RULES: OptionRules<HogOptions> = {
  variant: choice("skimage", ["skimage", "dalal-triggs"]),
  orientations: integer(9, 1, 180),
  pixelsPerCell: integer(8, 2, 1024),
  cellsPerBlock: { ...integer(1, 1, 64), otherwise: OF_VARIANT },
  blockNorm: choice("L2-Hys", ["L1", "L1-sqrt", "L2", "L2-Hys"]),
  transformSqrt: boolean(false),
};

/**
 * Histograms of oriented gradients: cells count their pixels' gradient magnitudes by orientation (of 180 degrees,
 * unsigned), and every block of cells is normalised: L2-Hys is `v / sqrt(|v|^2 + e^2)`, cut at 0.2, and the same again,
 * e = 1e-5. Of a colour image each pixel counts by its channel with the largest gradient. Pixels that are not opaque
 * are composited on white.
 *
 * Sources: N. Dalal and B. Triggs, "Histograms of oriented gradients for human detection", CVPR 2005; scikit-image's
 * `skimage.feature.hog`, whose features `variant: "skimage"` gives (of an image in levels from 0 to 255).
 *
 * @throws ArgumentError for options outside their range; when called, for images smaller than one block, and for
 *   images of different sizes.
 * @example
 * ```ts
 * import { hog } from "convoyant/classic";
 * const image = { width: 28, height: 28, channels: 1, data: new Uint8Array(784).map((_, i) => i % 256) } as const;
 * const extractor = hog({ pixelsPerCell: 4, cellsPerBlock: 2 });
 * extractor.describe(image).length; // 1296
 * const features = await extractor.extract([image, image]);
 * features.rows; // 2
 * ```
 */
export function hog(options: Partial<HogOptions> = {}): Hog {
  const settings = hogSettings(options);
  return {
    ...featureExtractor("hog", settings),
    describe(image) {
      requireImage("hog", image);
      return hogOf(image, settings);
    },
  };
}

function hogSettings(options: Partial<HogOptions>): HogOptions {
  const read = readOptions("hog", options, RULES);
  const cellsPerBlock = read.cellsPerBlock === OF_VARIANT ? BY_VARIANT[read.variant] : read.cellsPerBlock;
  return { ...read, cellsPerBlock };
}
