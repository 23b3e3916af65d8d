/** The tensor floor: tensors, functions on them, autograd, random numbers, engines. */
import "./methods.ts";

export { printProgram } from "../graph/print_program.ts";
export { backward, enableGrad, grad, isGradEnabled, noGrad } from "./autograd.ts";
export * from "./creation.ts";
export * from "./functions/index.ts";
export {
  defaultGenerator,
  Generator,
  getRngState,
  initialSeed,
  manualSeed,
  type RngState,
  setRngState,
} from "./random_state.ts";
export { engineInfo, engineName, profile, stopEngine, useEngine } from "./runtime.ts";
export { fromTypedArray, Tensor } from "./tensor.ts";
