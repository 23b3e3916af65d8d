/** Key points collected from the parts of an image. */

import { type ImageFeatures, POINT_VALUES } from "./extractor.ts";
import { joined } from "./image_batches.ts";

/** What was found so far. */
export interface CollectedPoints {
  /** `POINT_VALUES` numbers for each point. */
  readonly keypoints: readonly number[];
  /** Descriptors, in pieces of whole rows. */
  readonly descriptors: readonly Float32Array[];
  /** Values of a descriptor. */
  readonly length: number;
}

/** Index of the response among a point's values. */
const RESPONSE = 4;

/** The `most` points with the largest responses, in the order in which they were found; all if `most` is 0. */
export function strongest({ keypoints, descriptors, length }: CollectedPoints, most: number): ImageFeatures {
  const rows = keypoints.length / POINT_VALUES;
  const points = Float32Array.from(keypoints);
  const data = descriptors.length === 1 ? descriptors[0] : joined(descriptors);
  if (most === 0 || rows <= most) return { rows, data, keypoints: points };
  const kept = Array.from({ length: rows }, (_, i) => i)
    .sort((a, b) => points[b * POINT_VALUES + RESPONSE] - points[a * POINT_VALUES + RESPONSE] || a - b)
    .slice(0, most)
    .sort((a, b) => a - b);
  return {
    rows: most,
    data: joined(kept.map((i) => data.subarray(i * length, (i + 1) * length))),
    keypoints: joined(kept.map((i) => points.subarray(i * POINT_VALUES, (i + 1) * POINT_VALUES))),
  };
}
