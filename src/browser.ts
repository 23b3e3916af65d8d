/**
 * Convoyant in a page: everything but what needs a file system. `data.fashionMnist` and `train.fit` with
 * `out` exist, and say that they need Node.js when they are called.
 *
 * @packageDocumentation
 */
export type { DType, TypedArray } from "./base/dtype.ts";
export {
  ArgumentError,
  AutogradError,
  ConvoyantError,
  DTypeError,
  EngineError,
  FileError,
  IndexError,
  OutOfMemoryError,
  ShapeError,
  StateDictError,
  TrainingError,
} from "./base/errors.ts";
export { VERSION } from "./base/version.ts";
export * as data from "./data/index.ts";
export type { EngineInfo, Program, StepTiming } from "./engines/contract/engine.ts";
export { engineNames } from "./engines/engine_names.ts";
export type { EngineOptions } from "./engines/select.ts";
export * as models from "./models/index.ts";
export * as nn from "./nn/index.ts";
export * as optim from "./optim/index.ts";
export type { ProfiledRun } from "./runtime/executor.ts";
export * from "./tensor/index.ts";
export * as train from "./train/index.ts";
