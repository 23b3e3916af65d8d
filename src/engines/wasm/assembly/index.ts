/**
 * The heavy kernels of the wasm engine, as functions of addresses (bytes), sizes and strides: those that every network
 * needs. The others are in a binary of their own (`late.ts`).
 *
 * Nothing is allocated and nothing is remembered between calls: what a call needs lies where the caller
 * says. Usable memory begins at HEAP_BASE (cpu/memory/memory_layout.ts).
 */
export { averagePool, averagePool2x2, averagePool2x2Gradient } from "./pooling/average_pool";
export { copyRuns, padRows, zeroBytes } from "./copy_runs";
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
export { rowProducts } from "./row_products";
export { foldLanes, tapTiles } from "./tap_tile";
export { tiles } from "./tile";
export { transpose } from "./transpose";

/** First byte that the binary itself does not use. */
export function heapBase(): usize {
  return __heap_base;
}
