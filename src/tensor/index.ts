/** The tensor layer: tensors, functions on them, autograd, random numbers, engines. */
import "./in_place.ts";
import "./methods.ts";
import "./tensor_only_methods.ts";
import "./properties.ts";

export { printProgram } from "../compiler/print_program.ts";
export {
  engineInfo,
  engineName,
  isBf16Supported,
  profile,
  stopEngine,
  useEngine,
} from "../runtime/runtime.ts";
export { type AutocastOptions, autocast } from "./autocast.ts";
export { backward, enableGrad, grad, inferenceMode, isGradEnabled, noGrad } from "./autograd.ts";
export * from "./creation.ts";
export {
  arange,
  empty,
  emptyLike,
  eye,
  full,
  fullLike,
  linspace,
  ones,
  onesLike,
  zeros,
  zerosLike,
} from "./filled.ts";
export * from "./functions/index.ts";
export { logSoftmax, softmax } from "./functions/nn/softmax.ts";
export type { HookHandle } from "./properties.ts";
export {
  bernoulli,
  multinomial,
  normal,
  rand,
  randint,
  randintLike,
  randLike,
  randn,
  randnLike,
  randperm,
} from "./random.ts";
export {
  defaultGenerator,
  Generator,
  getRngState,
  initialSeed,
  manualSeed,
  type RngState,
  setRngState,
} from "./random_state.ts";
export { fromTypedArray, Tensor } from "./tensor.ts";
