/** All functions on tensors, by family. */
export * from "./linear_algebra.ts";
export * from "./pointwise.ts";
export * from "./reduction.ts";
