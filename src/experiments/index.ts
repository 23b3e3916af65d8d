/** Configured training, comparison, reproduction and benchmarks: what the command line does, for programs. */
export { type BenchOptions, type BenchResults, bench } from "./bench/bench.ts";
export {
  type BenchDataOptions,
  type BenchDataResults,
  benchData,
  type DecodeLine,
  type LoadLine,
} from "./bench/bench_data.ts";
export {
  type EngineSurvey,
  type SurveyOptions,
  surveyEngines,
  type TriedEngine,
} from "./bench/engine_survey.ts";
export { type ReportBenchOptions, reportBench } from "./bench/report_bench.ts";
export { type CompareClassicOptions, compareClassic } from "./classic/classic_compare.ts";
export type { GivenClassicSettings } from "./classic/classic_settings.ts";
export { reportClassic, reportClassicComparison } from "./classic/report_classic.ts";
export { type TrainClassicOptions, type TrainedClassic, trainClassic } from "./classic/train_classic.ts";
export { type CompareOptions, type Comparison, compare, reportComparison } from "./compare/compare.ts";
export { commandLine, differencesFromTheBook } from "./config_text.ts";
export { type CheckDataOptions, checkData, type DataCheck } from "./data_check/check_data.ts";
export { reportDataCheck } from "./data_check/check_report.ts";
export { dataReport, writeDataReport } from "./data_check/data_report.ts";
export { type DrawNetworksOptions, drawNetworks } from "./draw_networks.ts";
export { type Evaluation, evaluate, reportEvaluation, type TrainedNetworkOptions } from "./evaluate.ts";
export {
  type ExportedFile,
  type ExportedValue,
  type ExportOptions,
  exportOnnx,
  reportExport,
} from "./export_onnx.ts";
export { type FindModelLrOptions, findLr } from "./find_lr.ts";
export { type LookOptions, lookFigure } from "./look/look_figures.ts";
export { type NamedImages, namedImages } from "./named_images.ts";
export type { PhotoSettings } from "./photos/chosen_settings.ts";
export {
  type FindPhotosLrOptions,
  type FoundPhotosLr,
  findPhotosLr,
} from "./photos/find_photos_lr.ts";
export type { PhotoMetrics } from "./photos/finish_run.ts";
export type { PhotoSplit, PhotosConfig } from "./photos/photo_config.ts";
export {
  type PhotoRunOptions,
  resumePhotos,
  type StartingPhotos,
  type TrainedPhotos,
  type TrainPhotosOptions,
  trainPhotos,
} from "./photos/train_photos.ts";
export {
  type PredictInput,
  type Prediction,
  type Predictions,
  type PredictOptions,
  predict,
} from "./predict.ts";
export { profiled } from "./profile/profile_report.ts";
export { type ReportImagesOptions, reportDataset, reportImages } from "./reports/dataset_report.ts";
export { type ReportEnginesOptions, reportEngines } from "./reports/engines_report.ts";
export { reportLearningRates } from "./reports/learning_rate_report.ts";
export { reportModels } from "./reports/models_report.ts";
export { reportTraining, type TrainingEnd } from "./reports/network_training_report.ts";
export { reportPhotosTraining } from "./reports/photos_training_report.ts";
export {
  type ReportedPredictions,
  type ReportPredictionsOptions,
  reportPredictions,
} from "./reports/predictions_report.ts";
export { reportRun, reportRuns } from "./reports/runs_report.ts";
export { reportSummary, type SummaryOptions } from "./reports/summary_report.ts";
export type { TrainingReport } from "./reports/training_report.ts";
export { reportReproducedRun, reportReproduction } from "./reproduce/report_reproduction.ts";
export { type Reproduced, type ReproduceOptions, reproduce } from "./reproduce/reproduce.ts";
export { listRuns, type RunInfo, type RunState, readRun, removeRun } from "./runs.ts";
export { resume, type StartingRun, type TrainedResult, type TrainOptions, train } from "./train.ts";
export { configure, type GivenSettings, type TrainingConfig } from "./training_config.ts";
