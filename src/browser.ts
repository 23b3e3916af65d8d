/**
 * Convoyant in a page: everything but what needs a file system. `load` reads addresses and bytes, `toBytes` stands in
 * for `save`, `data.fashionMnistLoaders` takes the `url` of its files; `train.fit` with `out` says that it needs Node.js.
 *
 * @packageDocumentation
 */
export type { DType, TypedArray } from "./base/dtype.ts";
export {
  ArgumentError,
  AutogradError,
  ConvoyantError,
  DistributedError,
  DivergenceError,
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
export * as book from "./book/index.ts";
export * as data from "./data/index.ts";
export type { EngineInfo, Program, StepTiming } from "./engines/contract/engine.ts";
export { engineNames } from "./engines/engine_names.ts";
export type { EngineOptions } from "./engines/select.ts";
export * as onnx from "./interop/onnx/index.ts";
export type { ArrayFormat } from "./io/formats/stored_arrays.ts";
export {
  type LoadOptions,
  load,
  type TensorsByName,
  type ToBytesOptions,
  toBytes,
  type WeightsSource,
} from "./io/state_dict_bytes.ts";
export * as models from "./models/index.ts";
export * as nn from "./nn/index.ts";
export * as optim from "./optim/index.ts";
export { loadedMetadata } from "./records/loaded_metadata.ts";
export type { ProfiledRun } from "./runtime/runtime.ts";
export * from "./tensor/index.ts";
export * as train from "./train/index.ts";
