/** SIFT descriptors on a grid. */
import { boolean, integer, integers, type OptionRules, readOptions } from "../option_checks.ts";
import type { DenseSiftOptions } from "./dense_sift_features.ts";
import { denseExtractor } from "./extraction.ts";
import type { DenseExtractor } from "./extractor.ts";
import { SIFT_LENGTH } from "./sift/descriptor_shape.ts";

const RULES: OptionRules<DenseSiftOptions> = {
  step: integer(4, 1, 1024),
  binSizes: integers([4], [1, 256], 16),
  root: boolean(false),
};

/**
 * Dense SIFT: upright descriptors of every place of a grid instead of key points. The 4 by 4 histograms of a descriptor
 * stand `binSize` pixels apart; pixels vote for the nearest histograms and the two nearest of 8 directions, under a
 * Gaussian window of twice the bin size; values are normalised as SIFT's. The grid has as many places as fit, in the
 * middle of the image: `floor((size - 1 - 3 binSize) / step) + 1` along a side. Blur images first to describe coarse
 * structure only.
 *
 * Sources: D. G. Lowe, IJCV 2004, section 6; A. Bosch, A. Zisserman and X. Muñoz, "Image classification using random
 * forests and ferns", ICCV 2007 (several sizes, PHOW); the geometry is that of VLFeat's `vl_dsift`.
 *
 * @throws ArgumentError for options outside their range; when called, for what is not an image of 8 bits a channel.
 * @example
 * ```ts
 * import { denseSift } from "convoyant/classic";
 * const image = { width: 28, height: 28, channels: 1, data: new Uint8Array(784).map((_, i) => i % 256) } as const;
 * const { keypoints, descriptors } = await denseSift({ step: 4, binSizes: [4] }).detect(image);
 * descriptors.rows; // 16
 * keypoints[0].x; // 7
 * ```
 */
export function denseSift(options: Partial<DenseSiftOptions> = {}): DenseExtractor {
  return denseExtractor("denseSift", SIFT_LENGTH, readOptions("denseSift", options, RULES));
}
