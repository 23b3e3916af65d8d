/** Scale-invariant feature transform. */
import { readOptions } from "../../option_checks.ts";
import { localExtractor } from "../extraction.ts";
import type { LocalExtractor } from "../extractor.ts";
import { SIFT_LENGTH } from "./descriptor_shape.ts";
import { SIFT_RULES, type SiftOptions } from "./sift_settings.ts";

/**
 * SIFT: key points at extrema of differences of Gaussians `D = (G(k s) - G(s)) * I` over place and scale, refined to
 * fractions of a pixel, without those of low contrast or on edges; each with the directions at peaks of the histogram
 * of gradients around it (36 bins, peaks of at least 0.8 of the highest), and a descriptor: 4 by 4 histograms of 8
 * directions, trilinearly interpolated under a Gaussian window, cut at 0.2 of their length, times 512, cut at 255.
 * RootSIFT (`root: true`) divides by the sum and takes square roots.
 *
 * Positions are those of the image: OpenCV's and scikit-image's lie a quarter of a pixel to the right and below, since
 * both double the image without taking that back.
 *
 * Sources: D. G. Lowe, "Distinctive image features from scale-invariant keypoints", IJCV 2004; I. Rey Otero and
 * M. Delbracio, "Anatomy of the SIFT method", IPOL 2014; R. Arandjelović and A. Zisserman, "Three things everyone should
 * know to improve object retrieval", CVPR 2012 (RootSIFT).
 *
 * @throws ArgumentError for options outside their range; when called, for what is not an image of 8 bits a channel;
 *   OutOfMemoryError for an image whose scale space needs more than 4 GB (some 22 million pixels, doubled).
 * @example
 * ```ts
 * import { sift } from "convoyant/classic";
 * const data = new Uint8Array(64 * 64);
 * for (let i = 0; i < data.length; i++) data[i] = Math.hypot((i % 64) - 32, (i >> 6) - 30) < 8 ? 250 : 20;
 * const { keypoints, descriptors } = await sift({ maxKeypoints: 1 }).detect({ width: 64, height: 64, channels: 1, data });
 * Math.round(keypoints[0].x); // 32
 * descriptors.columns; // 128
 * ```
 */
export function sift(options: Partial<SiftOptions> = {}): LocalExtractor {
  return localExtractor("sift", SIFT_LENGTH, readOptions("sift", options, SIFT_RULES), { kernels: true });
}
