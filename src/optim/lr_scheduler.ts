/** Learning rate schedulers (`optim.lrScheduler`). */
export { ChainedScheduler, SequentialLR } from "./schedulers/combined_schedulers.ts";
export { CosineAnnealingLR, CosineAnnealingWarmRestarts } from "./schedulers/cosine_schedulers.ts";
export { CyclicLR } from "./schedulers/cyclic.ts";
export {
  ConstantLR,
  LambdaLR,
  MultiplicativeLR,
  MultiStepLR,
  StepLR,
} from "./schedulers/factor_schedulers.ts";
export { ExponentialLR, LinearLR, PolynomialLR } from "./schedulers/gradual_schedulers.ts";
export { OneCycleLR } from "./schedulers/one_cycle.ts";
export { ReduceLROnPlateau } from "./schedulers/plateau.ts";
export { Scheduler as LRScheduler, type SchedulerState } from "./schedulers/scheduler.ts";
