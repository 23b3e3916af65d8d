/** Optimisers and learning rate schedulers. */

export * from "./lr_scheduler.ts";
export * as lrScheduler from "./lr_scheduler.ts";
export { Optimizer } from "./optimizer.ts";
export type { OptimizerState } from "./optimizer_state.ts";
export { Adagrad, type AdagradSettings } from "./optimizers/adagrad.ts";
export {
  Adam,
  Adamax,
  type AdamaxSettings,
  type AdamSettings,
  AdamW,
  type AdamWSettings,
} from "./optimizers/adam.ts";
export { Adadelta, type AdadeltaSettings, RMSprop, type RMSpropSettings } from "./optimizers/rmsprop.ts";
export { SGD, type SGDSettings } from "./optimizers/sgd.ts";
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
