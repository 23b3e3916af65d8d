/** Trained networks in use. */
export { Classifier, type Prediction, type PredictOptions } from "./classifier.ts";
export type { ClassifierBytesOptions } from "./classifier_bytes.ts";
export type { ClassifierOptions, ClassifierSource } from "./classifier_options.ts";
export type { ClassifierImage, Pixels } from "./image_input.ts";
