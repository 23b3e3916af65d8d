/** Convoyant: deep learning for vision in TypeScript. */
export * from "./base/errors.ts";
export type { DType } from "./base/dtype.ts";
export * from "./tensor/index.ts";
