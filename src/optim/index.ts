/** Optimisers and learning rate schedulers. */
export { Optimizer } from "./optimizer.ts";
export type { OptimizerState } from "./optimizer_state.ts";
export type { ParamGroup, ParamGroupInput, ParametersInput } from "./param_groups.ts";
export { SGD, type SGDOptions } from "./sgd.ts";
