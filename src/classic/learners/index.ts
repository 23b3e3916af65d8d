/** Learners: what is trained on features. */
export {
  KMeans,
  type KMeansOptions,
  MiniBatchKMeans,
  type MiniBatchKMeansOptions,
} from "./clusters/k_means.ts";
export type { Classifying, FitWatch, Learner, Transformer } from "./learner.ts";
export { accuracyScore, confusionMatrix } from "./metrics.ts";
export {
  KNeighborsClassifier,
  type KNeighborsClassifierOptions,
  type Neighbours,
} from "./neighbours/k_neighbors_classifier.ts";
export { PCA, type PCAOptions } from "./preprocessing/pca.ts";
export { StandardScaler, type StandardScalerOptions } from "./preprocessing/standard_scaler.ts";
export { ZCAWhitening, type ZCAWhiteningOptions } from "./preprocessing/zca_whitening.ts";
export { type LearnerFacts, learnerToBytes, loadLearner, saveLearner } from "./saved_learners.ts";
export { type StratifiedFold, StratifiedKFold, type StratifiedKFoldOptions } from "./selection/folds.ts";
export {
  type GridProgress,
  type GridResult,
  GridSearchCV,
  type GridSearchCVOptions,
  type GridWatch,
  type ParameterGrid,
} from "./selection/grid_search.ts";
export { Pipeline, type PipelineSteps } from "./selection/pipeline.ts";
export { SoftmaxRegression, type SoftmaxRegressionOptions } from "./softmax/softmax_regression.ts";
export {
  type KernelFunction,
  type KernelMatrixOptions,
  type KernelName,
  kernelMatrix,
} from "./svm/kernels.ts";
export { LinearSVC, type LinearSVCOptions } from "./svm/linear_svc.ts";
export { SVC, type SVCOptions } from "./svm/svc.ts";
