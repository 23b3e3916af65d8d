/** Optimisers and learning rate schedulers. */

export * from "./lr_scheduler.ts";
export * as lrScheduler from "./lr_scheduler.ts";
export { Optimizer } from "./optimizer.ts";
export type { OptimizerState } from "./optimizer_state.ts";
export { Adagrad, type AdagradOptions } from "./optimizers/adagrad.ts";
export { Adam, Adamax, type AdamaxOptions, type AdamOptions, AdamW } from "./optimizers/adam.ts";
export { Adadelta, type AdadeltaOptions, RMSprop, type RMSpropOptions } from "./optimizers/rmsprop.ts";
export { SGD, type SGDOptions } from "./optimizers/sgd.ts";
export type { ParametersInput, ParamGroup, ParamGroupInput } from "./param_groups.ts";
export {
  type OptimizerEntry,
  type OptimizerSettings,
  optimizerEntry,
  optimizerNames,
  registerOptimizer,
} from "./registry.ts";
export {
  type NamedScheduler,
  registerScheduler,
  type ScheduledTraining,
  type SchedulerEntry,
  type SchedulerOptions,
  schedulerEntry,
  schedulerNames,
} from "./schedulers/registry.ts";
