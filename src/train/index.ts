/** Training: the loop, its metrics, its runs. */
export { ClassificationMetrics, type Misclassified } from "./classification_metrics.ts";
export { EarlyStopping, type EarlyStoppingOptions, type Monitor } from "./early_stopping.ts";
export { type EvaluateOptions, evaluate } from "./evaluate.ts";
export { fit } from "./fit.ts";
export type {
  BatchSource,
  Callbacks,
  CheckpointEvent,
  EpochEvent,
  FitOptions,
  FitResult,
  Loader,
  LossFunction,
  MetricFunctions,
  RunStore,
  StartEvent,
  StepEvent,
} from "./fit_options.ts";
export { layerSummary } from "./layer_summary.ts";
export { limitBatches } from "./loaders.ts";
export { topKAccuracy } from "./metric_functions.ts";
export { type MicroBatch, microBatches } from "./micro_batches.ts";
export type { Precision } from "./precision.ts";
