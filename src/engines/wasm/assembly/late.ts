/**
 * The kernels that not every network needs (`KernelPlan.late`), in a binary of their own: a page loads it for the first
 * program that has steps with them. The rules of `index.ts` hold here too.
 */
export { averagePoolLast } from "./pooling/average_pool_last";
export { depthwise, depthwiseInputGradient } from "./depthwise/convolution";
export { depthwiseAddSlices, depthwiseWeightGradient } from "./depthwise/weight_gradient";
export { maxPool, maxPoolGradient } from "./pooling/max_pool";
export { maxPoolLast } from "./pooling/max_pool_last";
export { maxPoolLastValues } from "./pooling/max_pool_last_values";
export { maxPoolLastGradient } from "./pooling/max_pool_last_gradient";
export { uniform } from "./random";
export { transpose8, transpose16, transpose64 } from "./transpose_widths";
export { winogradAnalyse, winogradEvaluate, winogradGather } from "./winograd/transforms";
