/** DAISY descriptors. */
import { choice, integer, type OptionRules, readOptions } from "../option_checks.ts";
import { type DaisyOptions, daisyLength } from "./daisy_features.ts";
import { denseExtractor } from "./extraction.ts";
import type { DenseExtractor } from "./extractor.ts";

const RULES: OptionRules<DaisyOptions> = {
  step: integer(4, 1, 1024),
  radius: integer(15, 1, 512),
  rings: integer(3, 1, 16),
  histograms: integer(8, 1, 64),
  orientations: integer(8, 1, 64),
  normalization: choice("l1", ["l1", "l2", "daisy", "off"]),
};

/**
 * DAISY: upright descriptors on a grid, each a histogram of gradient directions at its centre and several on rings
 * around it, blurred more on outer rings: `sigma = radius (ring + 1) / (2 rings)`. A gradient of magnitude m counts for
 * a direction at an angle a from it by `m exp(orientations / pi cos(a))`. A descriptor has
 * `(rings histograms + 1) orientations` values; its place is at least `radius` from the edges, so that images
 * of `2 radius` pixels and less have none.
 *
 * Sources: E. Tola, V. Lepetit and P. Fua, "DAISY: an efficient dense descriptor applied to wide-baseline stereo", PAMI
 * 2010; scikit-image's `skimage.feature.daisy`, whose values it gives.
 *
 * @throws ArgumentError for options outside their range; when called, for what is not an image of 8 bits a channel.
 * @example
 * ```ts
 * import { daisy } from "convoyant/classic";
 * const image = { width: 28, height: 28, channels: 1, data: new Uint8Array(784).map((_, i) => i % 256) } as const;
 * const extractor = daisy({ radius: 8, step: 4 });
 * extractor.descriptorLength; // 200
 * (await extractor.detect(image)).descriptors.rows; // 9
 * ```
 */
export function daisy(options: Partial<DaisyOptions> = {}): DenseExtractor {
  const settings = readOptions("daisy", options, RULES);
  return denseExtractor("daisy", daisyLength(settings), settings, { kernels: true });
}
