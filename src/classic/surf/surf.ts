/** Speeded-up robust features. */
import { localExtractor } from "../features/extraction.ts";
import type { LocalExtractor } from "../features/extractor.ts";
import { readOptions } from "../option_checks.ts";
import { surfFunction } from "./surf_features.ts";
import { SURF_RULES, type SurfOptions } from "./surf_settings.ts";

/**
 * SURF: key points at maxima over place and scale of the determinant of the Hessian, `Dxx Dyy - (0.9 Dxy)^2`, whose
 * derivatives are box filters on an integral image (9 to 27 pixels in the first octave); the direction of the longest
 * sum of Haar wavelet responses within 60 degrees; descriptors of 4 by 4 regions with the sums of responses and of their
 * magnitudes. Scales are blurs in pixels, 1.2 for the filter of 9.
 *
 * **Patent.** US 8,165,401 covers SURF and may be in force until 2027 in the United States, and others may be elsewhere.
 * Whether you may use SURF is for you to find out. It therefore has a sub-path of its own, which `convoyant/classic`
 * never imports, as OpenCV keeps it apart from its other features; SIFT's patent has expired.
 *
 * Sources: H. Bay, T. Tuytelaars and L. Van Gool, "SURF: speeded up robust features", ECCV 2006; C. Evans, "Notes on the
 * OpenSURF library", 2009.
 *
 * @throws ArgumentError for options outside their range; when called, for what is not an image of 8 bits a channel.
 * @example
 * ```ts
 * import { surf } from "convoyant/classic/surf";
 * const data = new Uint8Array(96 * 96);
 * for (let i = 0; i < data.length; i++) data[i] = Math.hypot((i % 96) - 50, Math.floor(i / 96) - 45) < 6 ? 250 : 20;
 * const { keypoints, descriptors } = await surf({ maxKeypoints: 1 }).detect({ width: 96, height: 96, channels: 1, data });
 * Math.round(keypoints[0].x); // 50
 * descriptors.columns; // 64
 * ```
 */
export function surf(options: Partial<SurfOptions> = {}): LocalExtractor {
  const settings = readOptions("surf", options, SURF_RULES);
  return localExtractor("surf", settings.length, settings, {
    origin: {
      script: {
        url: () => new URL("./surf_worker.js", import.meta.url),
        source: () => import("#worker_sources/surf_worker"),
      },
      function: surfFunction,
    },
  });
}
