/** Convoyant: deep learning for vision in TypeScript. */
export * from "./base/errors.ts";
export type { DType } from "./base/dtype.ts";
export * from "./tensor/index.ts";
export * as models from "./models/index.ts";
export * as nn from "./nn/index.ts";
export * as optim from "./optim/index.ts";
