/** Features made by hand. */
export { daisy } from "./daisy.ts";
export type { DaisyOptions } from "./daisy_features.ts";
export { denseSift } from "./dense_sift.ts";
export type { DenseSiftOptions } from "./dense_sift_features.ts";
export type {
  DenseExtractor,
  ExtractOptions,
  FeatureExtractor,
  KeyPoint,
  LocalExtractor,
  LocalFeatures,
} from "./extractor.ts";
export { type Hog, hog } from "./hog.ts";
export type { BlockNorm } from "./hog_blocks.ts";
export type { HogOptions } from "./hog_features.ts";
export { type DescriptorMatch, type MatchOptions, matchDescriptors } from "./matching.ts";
export { sift } from "./sift/sift.ts";
export type { SiftOptions } from "./sift/sift_settings.ts";
