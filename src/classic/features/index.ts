/** Features made by hand. */
export type {
  ExtractOptions,
  FeatureExtractor,
  KeyPoint,
  LocalExtractor,
  LocalFeatures,
} from "./extractor.ts";
export { type Hog, hog } from "./hog.ts";
export type { BlockNorm } from "./hog_blocks.ts";
export type { HogOptions } from "./hog_features.ts";
export { sift } from "./sift/sift.ts";
export type { SiftOptions } from "./sift/sift_settings.ts";
