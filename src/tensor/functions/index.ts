/** All functions on tensors, by family. */
export * from "./aliases.ts";
export * from "./arithmetic.ts";
export type { At, Index } from "./at.ts";
export { at } from "./at.ts";
export * from "./bitwise.ts";
export * from "./clamping.ts";
export * from "./comparison.ts";
export * from "./conversion.ts";
export * from "./counting.ts";
export * from "./covariance.ts";
export * from "./diagonals.ts";
export * from "./differences.ts";
export { atleast1d, atleast2d, atleast3d } from "./dimensions_at_least.ts";
export * from "./einsum.ts";
export * from "./grids.ts";
export * from "./indexing.ts";
export * from "./joining.ts";
export * from "./linear_algebra.ts";
export * from "./logarithms.ts";
export * from "./nn_index.ts";
export type * from "./ordering.ts";
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
} from "./ordering.ts";
export * from "./pointwise.ts";
export * from "./quantiles.ts";
export * from "./reduction.ts";
export * from "./repetition.ts";
export * from "./rounding.ts";
export { argwhere, maskedSelect, nonzero } from "./selection.ts";
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
} from "./shape.ts";
export * from "./signs.ts";
export {
  diag,
  diagonal,
  narrow,
  select,
  slice,
  tril,
  triu,
} from "./slicing.ts";
export * from "./splitting.ts";
export { logsumexp, norm, std, stdMean, variance as var, varMean } from "./statistics.ts";
export * from "./tensor_products.ts";
export * from "./trigonometry.ts";
export type * from "./writing.ts";
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
} from "./writing.ts";
