/** Training: the loop, its metrics, its runs. */
export type { Callbacks, EpochEvent, FitOptions, FitResult, Loader, RunStore, StepEvent } from "./fit_options.ts";
export { ClassificationMetrics, type Misclassified } from "./classification_metrics.ts";
export { EarlyStopping, type EarlyStoppingOptions } from "./early_stopping.ts";
export { evaluate } from "./evaluate.ts";
export { fit } from "./fit.ts";
export { layerSummary } from "./layer_summary.ts";
export { limitBatches } from "./limited_loader.ts";
