/** Optimisers and learning rate schedulers. */
export { Adagrad, type AdagradOptions } from "./adagrad.ts";
export { Adam, Adamax, type AdamaxOptions, type AdamOptions, AdamW } from "./adam.ts";
export * from "./lr_scheduler.ts";
export * as lrScheduler from "./lr_scheduler.ts";
export { Optimizer } from "./optimizer.ts";
export type { OptimizerState } from "./optimizer_state.ts";
export type { ParametersInput, ParamGroup, ParamGroupInput } from "./param_groups.ts";
export { Adadelta, type AdadeltaOptions, RMSprop, type RMSpropOptions } from "./rmsprop.ts";
export { SGD, type SGDOptions } from "./sgd.ts";
