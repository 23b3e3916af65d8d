/** All functions on tensors, by family. */
export * from "./arithmetic.ts";
export * from "./comparison.ts";
export * from "./linear_algebra.ts";
export * from "./ordering.ts";
export * from "./pointwise.ts";
export * from "./reduction.ts";
export { logsumexp, norm, std, stdMean, variance as var, varMean } from "./statistics.ts";
export type * from "./statistics.ts";
