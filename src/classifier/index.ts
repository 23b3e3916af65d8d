/** Trained networks in use. */
export { type Classification, Classifier, type ClassifyOptions } from "./classifier.ts";
export type { ClassifierBytesOptions } from "./classifier_bytes.ts";
export type { ClassifierOptions, ClassifierSource } from "./classifier_options.ts";
export { type FrozenNetwork, freeze } from "./freeze.ts";
export type { ClassifierImage, ImagePixels } from "./image_input.ts";
