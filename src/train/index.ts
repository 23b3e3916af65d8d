/** Training: the loop, its metrics, its runs. */

export { AveragedModel, type AveragedModelSettings } from "./finetune/averaged_model.ts";
export { type FindLrOptions, findLr } from "./finetune/find_lr.ts";
export { fineTune } from "./finetune/fine_tune.ts";
export type {
  FineTuneData,
  FineTuneFitOptions,
  FineTuneOptions,
  FineTuneResult,
} from "./finetune/fine_tune_options.ts";
export type { LearningRateCurve } from "./finetune/learning_rate_curve.ts";
export { EarlyStopping, type EarlyStoppingOptions } from "./loop/early_stopping.ts";
export { fit } from "./loop/fit.ts";
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
} from "./loop/fit_options.ts";
export { limitBatches } from "./loop/loaders.ts";
export { type MicroBatch, microBatches } from "./loop/micro_batches.ts";
export type { Monitor } from "./loop/monitor.ts";
export type { Precision } from "./loop/precision.ts";
export {
  type ProgressDisplay,
  type ProgressOptions,
  type ProgressStream,
  progressDisplay,
} from "./loop/progress_display.ts";
export { type TensorBoardOptions, type TensorBoardWriter, tensorBoard } from "./loop/tensor_board.ts";
export {
  ClassificationMetrics,
  type ClassificationMetricsOptions,
  type Misclassified,
} from "./metrics/classification_metrics.ts";
export { type EvaluateOptions, evaluate } from "./metrics/evaluate.ts";
export { layerSummary } from "./metrics/layer_summary.ts";
export { topKAccuracy } from "./metrics/metric_functions.ts";
