/** What runs in a page as it does in Node: everything but files and the command line. */
export * from "./base/errors.ts";
export type { DType } from "./base/dtype.ts";
export * as models from "./models/index.ts";
export * as nn from "./nn/index.ts";
export * as optim from "./optim/index.ts";
export * from "./tensor/index.ts";
export { ClassificationMetrics } from "./train/classification_metrics.ts";
export { evaluate } from "./train/evaluate.ts";
export { fit } from "./train/fit.ts";
