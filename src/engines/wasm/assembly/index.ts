/**
 * The heavy kernels of the wasm engine, as functions of addresses (bytes), sizes and strides.
 *
 * Nothing is allocated and nothing is remembered between calls: what a call needs lies where the caller
 * says. Usable memory begins at HEAP_BASE (cpu/memory/memory_layout.ts).
 */
export { averagePool, averagePool2x2, averagePool2x2Gradient } from "./pooling/average_pool";
export { averagePoolLast } from "./pooling/average_pool_last";
export { copyRuns, padRows, zeroBytes } from "./copy_runs";
export { depthwise, depthwiseInputGradient } from "./depthwise/convolution";
export { depthwiseAddSlices, depthwiseWeightGradient } from "./depthwise/weight_gradient";
export { maxPool, maxPoolGradient } from "./pooling/max_pool";
export { maxPoolLast } from "./pooling/max_pool_last";
export { maxPoolLastValues } from "./pooling/max_pool_last_values";
export { maxPoolLastGradient } from "./pooling/max_pool_last_gradient";
export {
  channelsFirst,
  channelsLast,
  fill32,
  gridTable,
  maskLanes,
  packB,
  packInputGradientPanel,
  packKernelPanel,
  packPanelFromRows,
  padPlanes,
  segmentTable,
  sumSlices,
  tapTable,
  vectorTable,
  zero,
  turnKernels,
} from "./packing";
export { planeTiles } from "./plane_tile";
export { biasActivation, rowBiasActivation, copyStrip, product } from "./product";
export { uniform } from "./random";
export { rowProducts } from "./row_products";
export { foldLanes, tapTiles } from "./tap_tile";
export { tiles } from "./tile";
export { transpose } from "./transpose";
export { transpose8, transpose16, transpose64 } from "./transpose_widths";
export { winogradAnalyse, winogradEvaluate, winogradGather } from "./winograd/transforms";

/** First byte that the binary itself does not use. */
export function heapBase(): usize {
  return __heap_base;
}
