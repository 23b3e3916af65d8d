/** Learning rate schedulers (`optim.lrScheduler`). */
export { ChainedScheduler, SequentialLR } from "./combined_schedulers.ts";
export { CosineAnnealingLR, CosineAnnealingWarmRestarts } from "./cosine_schedulers.ts";
export { CyclicLR } from "./cyclic.ts";
export {
  ConstantLR,
  ExponentialLR,
  LambdaLR,
  LinearLR,
  MultiplicativeLR,
  MultiStepLR,
  PolynomialLR,
  StepLR,
} from "./factor_schedulers.ts";
export { OneCycleLR } from "./one_cycle.ts";
export { ReduceLROnPlateau } from "./plateau.ts";
export { Scheduler as LRScheduler, type SchedulerState } from "./scheduler.ts";
