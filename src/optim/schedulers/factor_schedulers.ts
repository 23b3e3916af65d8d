/** Schedules that multiply the learning rate by a factor at chosen epochs. */

import { ArgumentError } from "../../base/errors.ts";
import { type ArgumentsOf, parameterTable } from "../../base/params/arguments.ts";
import { callable } from "../../base/params/callable.ts";
import { shownValue } from "../../base/shown_value.ts";
import type { Optimizer } from "../optimizer.ts";
import { FactorScheduler } from "./factor_scheduler.ts";
import { perGroup, Scheduler, type ScheduleSettings } from "./scheduler.ts";

type Rate = (epoch: number) => number;

/** One function for each group. */
function lambdasOf(of: string, optimizer: Optimizer, given: Rate | readonly Rate[]): Rate[] {
  const lambdas = perGroup<Rate>(of, "lrLambda", optimizer, given);
  for (const one of lambdas) {
    if (typeof one !== "function") {
      throw new ArgumentError(
        `${of}: expected \`lrLambda\` to be a function of the epoch, got ${shownValue(one)}`,
      );
    }
  }
  return lambdas;
}

/** What `LambdaLR` and `MultiplicativeLR` take. */
export interface LambdaSettings extends ScheduleSettings {
  /** The factor of an epoch: one function, or one for each group. */
  lrLambda: Rate | readonly Rate[];
}

const lambdaTable = (name: string) =>
  parameterTable<LambdaSettings>(name)(
    ["optimizer", "lrLambda", "lastEpoch?:integer"],
    (optimizer, lrLambda, lastEpoch = -1) => ({ optimizer, lrLambda, lastEpoch }),
  );
const LAMBDA = lambdaTable("LambdaLR");

/** What the schedules by a function of the epoch share. */
abstract class FunctionScheduler extends Scheduler {
  readonly lrLambda: Rate[];

  constructor(of: string, { optimizer, lrLambda, lastEpoch }: Required<LambdaSettings>) {
    super(of, optimizer, lastEpoch);
    this.lrLambda = lambdasOf(of, this.optimizer, lrLambda);
    this.start();
  }

  protected override restartRates(): number[] {
    return this.rates();
  }
}

/** See {@link LambdaLR}. */
export class LambdaScheduler extends FunctionScheduler {
  constructor(...args: ArgumentsOf<typeof LAMBDA>) {
    super("LambdaLR", LAMBDA.bind(args));
  }

  protected override rates(): number[] {
    return this.baseLrs.map((lr, i) => lr * this.lrLambda[i](this.lastEpoch));
  }
}

/**
 * The first rate times a function of the epoch.
 *
 * @example
 * ```ts
 * optim.LambdaLR(optimizer, (epoch) => 0.95 ** epoch);
 * ```
 */
export const LambdaLR = callable("LambdaLR", LambdaScheduler);
export type LambdaLR = LambdaScheduler;

const MULTIPLICATIVE = lambdaTable("MultiplicativeLR");

/** See {@link MultiplicativeLR}. */
export class MultiplicativeScheduler extends FunctionScheduler {
  constructor(...args: ArgumentsOf<typeof MULTIPLICATIVE>) {
    super("MultiplicativeLR", MULTIPLICATIVE.bind(args));
  }

  protected override firstRates(): number[] {
    return this.currentRates();
  }

  protected override rates(): number[] {
    return this.currentRates().map((lr, i) => lr * this.lrLambda[i](this.lastEpoch));
  }
}

/**
 * The last rate times a function of the epoch.
 *
 * @example
 * ```ts
 * const optimizer = optim.SGD(net.parameters(), { lr: 0.1 });
 * const scheduler = optim.MultiplicativeLR(optimizer, () => 0.95);
 * scheduler.step();
 * scheduler.getLastLr(); // [0.095]
 * ```
 */
export const MultiplicativeLR = callable("MultiplicativeLR", MultiplicativeScheduler);
export type MultiplicativeLR = MultiplicativeScheduler;

/** What `StepLR` takes. */
export interface StepSettings extends ScheduleSettings {
  /** Epochs between two changes. */
  stepSize: number;
  /** Factor of each change. @default 0.1 */
  gamma?: number;
}

const STEP = parameterTable<StepSettings>("StepLR")(
  ["optimizer", "stepSize", "gamma?:number", "lastEpoch?:integer"],
  (optimizer, stepSize, gamma = 0.1, lastEpoch = -1) => ({ optimizer, stepSize, gamma, lastEpoch }),
);

/** See {@link StepLR}. */
export class StepScheduler extends FactorScheduler {
  /** Epochs between two changes. */
  readonly stepSize: number;
  /** Factor of each change. */
  readonly gamma: number;

  constructor(...args: ArgumentsOf<typeof STEP>) {
    const { optimizer, stepSize, gamma, lastEpoch } = STEP.bind(args);
    super("StepLR", optimizer, lastEpoch);
    if (!(Number.isInteger(stepSize) && stepSize > 0)) {
      throw new ArgumentError(
        `StepLR: expected \`stepSize\` to be an integer above 0, got ${shownValue(stepSize)}`,
      );
    }
    this.stepSize = stepSize;
    this.gamma = gamma;
    this.start();
  }

  protected override factor(epoch: number): number {
    return epoch % this.stepSize === 0 ? this.gamma : 1;
  }
}

/**
 * Times gamma (0.1) every `stepSize` epochs.
 *
 * @example
 * ```ts
 * const optimizer = optim.SGD(net.parameters(), { lr: 0.1 });
 * const scheduler = optim.StepLR(optimizer, { stepSize: 2, gamma: 0.5 });
 * for (let epoch = 0; epoch < 2; epoch++) scheduler.step();
 * scheduler.getLastLr(); // [0.05]
 * ```
 */
export const StepLR = callable("StepLR", StepScheduler);
export type StepLR = StepScheduler;

/** What `MultiStepLR` takes. */
export interface MultiStepSettings extends ScheduleSettings {
  /** The epochs of the changes. */
  milestones: readonly number[];
  /** Factor of each change. @default 0.1 */
  gamma?: number;
}

const MULTI_STEP = parameterTable<MultiStepSettings>("MultiStepLR")(
  ["optimizer", "milestones:list", "gamma?:number", "lastEpoch?:integer"],
  (optimizer, milestones, gamma = 0.1, lastEpoch = -1) => ({ optimizer, milestones, gamma, lastEpoch }),
);

/** See {@link MultiStepLR}. */
export class MultiStepScheduler extends FactorScheduler {
  /** Epochs at which the next schedule or rate begins. */
  readonly milestones: number[];
  /** Factor of each change. */
  readonly gamma: number;

  constructor(...args: ArgumentsOf<typeof MULTI_STEP>) {
    const { optimizer, milestones, gamma, lastEpoch } = MULTI_STEP.bind(args);
    super("MultiStepLR", optimizer, lastEpoch);
    this.milestones = [...milestones];
    this.gamma = gamma;
    this.start();
  }

  protected override firstFactor(): number {
    return this.factor(0);
  }

  protected override restartRates(): number[] {
    const past = this.milestones.filter((milestone) => milestone <= 0).length;
    return this.baseLrs.map((lr) => lr * this.gamma ** past);
  }

  protected override factor(epoch: number): number {
    return this.gamma ** this.milestones.filter((milestone) => milestone === epoch).length;
  }
}

/**
 * Times gamma (0.1) at each of the epochs in `milestones`.
 *
 * @example
 * ```ts
 * const optimizer = optim.SGD(net.parameters(), { lr: 0.1 });
 * const scheduler = optim.MultiStepLR(optimizer, [1, 3], 0.1);
 * scheduler.step();
 * scheduler.getLastLr(); // [0.0100]
 * ```
 */
export const MultiStepLR = callable("MultiStepLR", MultiStepScheduler);
export type MultiStepLR = MultiStepScheduler;

/** What `ConstantLR` takes. */
export interface ConstantSettings extends ScheduleSettings {
  /** Factor of the first epochs, 0 to 1. @default 1 / 3 */
  factor?: number;
  /** How many epochs they are. @default 5 */
  totalIters?: number;
}

const CONSTANT = parameterTable<ConstantSettings>("ConstantLR")(
  ["optimizer", "factor?:number", "totalIters?:number", "lastEpoch?:integer"],
  (optimizer, factor = 1 / 3, totalIters = 5, lastEpoch = -1) => ({
    optimizer,
    factor,
    totalIters,
    lastEpoch,
  }),
);

/** See {@link ConstantLR}. */
export class ConstantScheduler extends FactorScheduler {
  readonly startFactor: number;
  readonly totalIters: number;

  constructor(...args: ArgumentsOf<typeof CONSTANT>) {
    const { optimizer, factor, totalIters, lastEpoch } = CONSTANT.bind(args);
    super("ConstantLR", optimizer, lastEpoch);
    if (!(factor >= 0 && factor <= 1))
      throw new ArgumentError(`ConstantLR: expected \`factor\` to be from 0 to 1, got ${factor}`);
    this.startFactor = factor;
    this.totalIters = totalIters;
    this.start();
  }

  protected override firstFactor(): number {
    return this.startFactor;
  }

  protected override rates(): number[] {
    // A rate of 0 cannot be multiplied back to what it was.
    if (this.startFactor === 0 && this.lastEpoch > 0 && this.lastEpoch === this.totalIters)
      return [...this.baseLrs];
    return super.rates();
  }

  protected override restartRates(): number[] {
    return this.totalIters <= 0 ? this.baseLrs : super.restartRates();
  }

  protected override factor(epoch: number): number {
    return epoch === this.totalIters ? 1 / this.startFactor : 1;
  }
}

/**
 * Times `factor` (1/3) for the first `totalIters` (5) epochs.
 *
 * @example
 * ```ts
 * const optimizer = optim.SGD(net.parameters(), { lr: 0.1 });
 * optim.ConstantLR(optimizer, { factor: 0.5, totalIters: 4 }).getLastLr(); // [0.05]
 * ```
 */
export const ConstantLR = callable("ConstantLR", ConstantScheduler);
export type ConstantLR = ConstantScheduler;
