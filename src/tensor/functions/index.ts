/** All functions on tensors, by family. */

export * from "./conversion.ts";
export * from "./elementwise/aliases.ts";
export * from "./elementwise/arithmetic.ts";
export * from "./elementwise/bitwise.ts";
export * from "./elementwise/clamping.ts";
export * from "./elementwise/comparison.ts";
export * from "./elementwise/logarithms.ts";
export * from "./elementwise/pointwise.ts";
export * from "./elementwise/rounding.ts";
export * from "./elementwise/signs.ts";
export * from "./elementwise/trigonometry.ts";
export * from "./indexing/indexing.ts";
export type {
  DiagonalScatterParameters,
  IndexCopyParameters,
  IndexPutParameters,
  IndexReduceParameters,
  MaskedScatterParameters,
  PutParameters,
  ScatterReduceParameters,
  ScatterReduction,
  SelectScatterParameters,
  SliceScatterParameters,
  UnravelIndexParameters,
} from "./indexing/writing.ts";
export {
  diagonalScatter,
  indexCopy,
  indexPut,
  indexReduce,
  maskedScatter,
  put,
  scatterReduce,
  selectScatter,
  sliceScatter,
  unravelIndex,
} from "./indexing/writing.ts";
export * from "./linalg/einsum.ts";
export * from "./linalg/linear_algebra.ts";
export * from "./linalg/tensor_products.ts";
export * from "./nn/index.ts";
export * from "./reduction/counting.ts";
export * from "./reduction/covariance.ts";
export * from "./reduction/differences.ts";
export type {
  Along,
  ArgExtremeParameters,
  ExtremeAlongParameters,
  ExtremeOfTwoParameters,
  KthValueParameters,
  MinAndMax,
  MinAndMaxParameters,
  ModeParameters,
  RunningExtremeParameters,
  SortParameters,
  TopKParameters,
  ValuesAndIndices,
} from "./reduction/ordering.ts";
export {
  aminmax,
  argmax,
  argmin,
  argsort,
  cummax,
  cummin,
  kthvalue,
  max,
  min,
  mode,
  msort,
  sort,
  topk,
} from "./reduction/ordering.ts";
export * from "./reduction/quantiles.ts";
export * from "./reduction/reduction.ts";
export { logsumexp, norm, std, stdMean, variance as var, varMean } from "./reduction/statistics.ts";
export type { AtParameters, Index } from "./shape/at.ts";
export { at } from "./shape/at.ts";
export * from "./shape/diagonals.ts";
export { atleast1d, atleast2d, atleast3d } from "./shape/dimensions_at_least.ts";
export * from "./shape/grids.ts";
export * from "./shape/joining.ts";
export * from "./shape/repetition.ts";
export { argwhere, maskedSelect, nonzero } from "./shape/selection.ts";
export {
  flatten,
  movedim,
  permute,
  ravel,
  reshape,
  reshapeAs,
  squeeze,
  t,
  transpose,
  unflatten,
  unsqueeze,
  view,
  viewAs,
} from "./shape/shape.ts";
export {
  diag,
  diagonal,
  narrow,
  select,
  slice,
  tril,
  triu,
} from "./shape/slicing.ts";
export * from "./shape/splitting.ts";
