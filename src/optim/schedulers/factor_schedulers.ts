/** Schedules that multiply the learning rate. */
import { bindArguments, signature } from "../../base/arguments.ts";
import { callable } from "../../base/callable.ts";
import { ArgumentError } from "../../base/errors.ts";
import { shownValue } from "../../base/shown_value.ts";
import type { Optimizer } from "../optimizer.ts";
import { perGroup, Scheduler } from "./scheduler.ts";

type Rate = (epoch: number) => number;

/** Each epoch's rate is the last one's times a factor. */
abstract class FactorScheduler extends Scheduler {
  /** Factor on the way to `epoch` from the one before. */
  protected abstract factor(epoch: number): number;

  /** Rate at epoch 0 over the one at the start. */
  protected firstFactor(): number {
    return 1;
  }

  protected override ownNumbers(): Record<string, readonly unknown[]> {
    return {};
  }

  protected override rates(): number[] {
    const factor = this.lastEpoch === 0 ? this.firstFactor() : this.factor(this.lastEpoch);
    return this.currentRates().map((lr) => lr * factor);
  }

  protected override restartRates(): number[] {
    return this.baseLrs.map((lr) => lr * this.firstFactor());
  }
}

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

type LambdaArguments =
  | [optimizer: Optimizer, lrLambda: Rate | readonly Rate[], lastEpoch?: number]
  | [optimizer: Optimizer, options: { lrLambda: Rate | readonly Rate[]; lastEpoch?: number }];
const LAMBDA = signature("LambdaLR", ["optimizer", "lrLambda", "lastEpoch?:whole"]);

/** See {@link LambdaLR}. */
export class LambdaScheduler extends Scheduler {
  readonly lrLambda: Rate[];

  constructor(...args: LambdaArguments) {
    const { optimizer, lrLambda, lastEpoch } = bindArguments(LAMBDA, args);
    super("LambdaLR", optimizer, lastEpoch);
    this.lrLambda = lambdasOf("LambdaLR", this.optimizer, lrLambda);
    this.start();
  }

  protected override rates(): number[] {
    return this.baseLrs.map((lr, i) => lr * this.lrLambda[i](this.lastEpoch));
  }

  protected override restartRates(): number[] {
    return this.rates();
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

const MULTIPLICATIVE = signature("MultiplicativeLR", ["optimizer", "lrLambda", "lastEpoch?:whole"]);

/** See {@link MultiplicativeLR}. */
export class MultiplicativeScheduler extends Scheduler {
  readonly lrLambda: Rate[];

  constructor(...args: LambdaArguments) {
    const { optimizer, lrLambda, lastEpoch } = bindArguments(MULTIPLICATIVE, args);
    super("MultiplicativeLR", optimizer, lastEpoch);
    this.lrLambda = lambdasOf("MultiplicativeLR", this.optimizer, lrLambda);
    this.start();
  }

  protected override firstRates(): number[] {
    return this.currentRates();
  }

  protected override rates(): number[] {
    return this.currentRates().map((lr, i) => lr * this.lrLambda[i](this.lastEpoch));
  }

  protected override restartRates(): number[] {
    return this.rates();
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

interface StepOptions {
  gamma?: number;
  lastEpoch?: number;
}
type StepArguments =
  | [optimizer: Optimizer, stepSize: number, gamma?: number, lastEpoch?: number]
  | [optimizer: Optimizer, stepSize: number, options: StepOptions]
  | [optimizer: Optimizer, options: StepOptions & { stepSize: number }];
const STEP = signature("StepLR", ["optimizer", "stepSize", "gamma?:number", "lastEpoch?:whole"]);

/** See {@link StepLR}. */
export class StepScheduler extends FactorScheduler {
  /** Epochs between two changes. */
  readonly stepSize: number;
  /** Factor of each change. */
  readonly gamma: number;

  constructor(...args: StepArguments) {
    const { optimizer, stepSize, gamma = 0.1, lastEpoch } = bindArguments(STEP, args);
    super("StepLR", optimizer, lastEpoch);
    if (!(Number.isInteger(stepSize) && stepSize > 0)) {
      throw new ArgumentError(
        `StepLR: expected \`stepSize\` to be a whole number above 0, got ${shownValue(stepSize)}`,
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

type MultiStepArguments =
  | [optimizer: Optimizer, milestones: readonly number[], gamma?: number, lastEpoch?: number]
  | [optimizer: Optimizer, milestones: readonly number[], options: StepOptions]
  | [optimizer: Optimizer, options: StepOptions & { milestones: readonly number[] }];
const MULTI_STEP = signature("MultiStepLR", [
  "optimizer",
  "milestones:list",
  "gamma?:number",
  "lastEpoch?:whole",
]);

/** See {@link MultiStepLR}. */
export class MultiStepScheduler extends FactorScheduler {
  /** Epochs at which the next schedule or rate begins. */
  readonly milestones: number[];
  /** Factor of each change. */
  readonly gamma: number;

  constructor(...args: MultiStepArguments) {
    const { optimizer, milestones, gamma = 0.1, lastEpoch } = bindArguments(MULTI_STEP, args);
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

interface ConstantOptions {
  factor?: number;
  totalIters?: number;
  lastEpoch?: number;
}
type ConstantArguments =
  | [optimizer: Optimizer, factor?: number, totalIters?: number, lastEpoch?: number]
  | [optimizer: Optimizer, factor: number, options: ConstantOptions]
  | [optimizer: Optimizer, options: ConstantOptions];
const CONSTANT = signature("ConstantLR", [
  "optimizer",
  "factor?:number",
  "totalIters?:number",
  "lastEpoch?:whole",
]);

/** See {@link ConstantLR}. */
export class ConstantScheduler extends FactorScheduler {
  readonly startFactor: number;
  readonly totalIters: number;

  constructor(...args: ConstantArguments) {
    const { optimizer, factor = 1 / 3, totalIters = 5, lastEpoch } = bindArguments(CONSTANT, args);
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

interface LinearOptions {
  startFactor?: number;
  endFactor?: number;
  totalIters?: number;
  lastEpoch?: number;
}
type LinearArguments =
  | [optimizer: Optimizer, startFactor?: number, endFactor?: number, totalIters?: number, lastEpoch?: number]
  | [optimizer: Optimizer, options: LinearOptions]
  | [optimizer: Optimizer, startFactor: number, options: LinearOptions];
const LINEAR = signature("LinearLR", [
  "optimizer",
  "startFactor?:number",
  "endFactor?:number",
  "totalIters?:number",
  "lastEpoch?:whole",
]);

/** See {@link LinearLR}. */
export class LinearScheduler extends FactorScheduler {
  readonly startFactor: number;
  readonly endFactor: number;
  readonly totalIters: number;

  constructor(...args: LinearArguments) {
    const {
      optimizer,
      startFactor = 1 / 3,
      endFactor = 1,
      totalIters = 5,
      lastEpoch,
    } = bindArguments(LINEAR, args);
    super("LinearLR", optimizer, lastEpoch);
    if (!(startFactor > 0 && startFactor <= 1))
      throw new ArgumentError(
        `LinearLR: expected \`startFactor\` to be above 0 and at most 1, got ${startFactor}`,
      );
    if (!(endFactor >= 0 && endFactor <= 1))
      throw new ArgumentError(`LinearLR: expected \`endFactor\` to be from 0 to 1, got ${endFactor}`);
    this.startFactor = startFactor;
    this.endFactor = endFactor;
    this.totalIters = totalIters;
    this.start();
  }

  /** The whole factor at an epoch. */
  #at(epoch: number): number {
    const share = Math.min(epoch, this.totalIters) / this.totalIters;
    return this.startFactor + (this.endFactor - this.startFactor) * share;
  }

  protected override firstRates(): number[] {
    // Continued from a later epoch, the optimiser holds the rate already.
    return this.lastEpoch === 0 ? this.rates() : this.currentRates();
  }

  protected override firstFactor(): number {
    return this.startFactor;
  }

  protected override factor(epoch: number): number {
    return epoch > this.totalIters ? 1 : this.#at(epoch) / this.#at(epoch - 1);
  }
}

/**
 * A factor that goes from `startFactor` (1/3) to `endFactor` (1) over `totalIters` (5) epochs.
 *
 * @example
 * ```ts
 * const optimizer = optim.SGD(net.parameters(), { lr: 0.1 });
 * const scheduler = optim.LinearLR(optimizer, { startFactor: 0.5, totalIters: 4 });
 * scheduler.step();
 * scheduler.getLastLr(); // [0.0625]
 * ```
 */
export const LinearLR = callable("LinearLR", LinearScheduler);
export type LinearLR = LinearScheduler;

type ExponentialArguments =
  | [optimizer: Optimizer, gamma: number, lastEpoch?: number]
  | [optimizer: Optimizer, gamma: number, options: { lastEpoch?: number }]
  | [optimizer: Optimizer, options: { gamma: number; lastEpoch?: number }];
const EXPONENTIAL = signature("ExponentialLR", ["optimizer", "gamma:number", "lastEpoch?:whole"]);

/** See {@link ExponentialLR}. */
export class ExponentialScheduler extends FactorScheduler {
  /** Factor of each change. */
  readonly gamma: number;

  constructor(...args: ExponentialArguments) {
    const { optimizer, gamma, lastEpoch } = bindArguments(EXPONENTIAL, args);
    super("ExponentialLR", optimizer, lastEpoch);
    this.gamma = gamma;
    this.start();
  }

  protected override firstRates(): number[] {
    return this.currentRates();
  }

  protected override rates(): number[] {
    return this.currentRates().map((lr) => lr * this.gamma);
  }

  protected override factor(): number {
    return this.gamma;
  }
}

/**
 * Times gamma every epoch.
 *
 * @example
 * ```ts
 * const optimizer = optim.SGD(net.parameters(), { lr: 0.1 });
 * const scheduler = optim.ExponentialLR(optimizer, 0.9);
 * scheduler.step();
 * scheduler.getLastLr(); // [0.09]
 * ```
 */
export const ExponentialLR = callable("ExponentialLR", ExponentialScheduler);
export type ExponentialLR = ExponentialScheduler;

interface PolynomialOptions {
  totalIters?: number;
  power?: number;
  lastEpoch?: number;
}
type PolynomialArguments =
  | [optimizer: Optimizer, totalIters?: number, power?: number, lastEpoch?: number]
  | [optimizer: Optimizer, totalIters: number, options: PolynomialOptions]
  | [optimizer: Optimizer, options: PolynomialOptions];
const POLYNOMIAL = signature("PolynomialLR", [
  "optimizer",
  "totalIters?:number",
  "power?:number",
  "lastEpoch?:whole",
]);

/** See {@link PolynomialLR}. */
export class PolynomialScheduler extends FactorScheduler {
  readonly totalIters: number;
  readonly power: number;

  constructor(...args: PolynomialArguments) {
    const { optimizer, totalIters = 5, power = 1, lastEpoch } = bindArguments(POLYNOMIAL, args);
    super("PolynomialLR", optimizer, lastEpoch);
    this.totalIters = totalIters;
    this.power = power;
    this.start();
  }

  protected override firstRates(): number[] {
    return this.currentRates();
  }

  protected override factor(epoch: number): number {
    if (epoch > this.totalIters) return 1;
    return ((this.totalIters - epoch) / (this.totalIters - epoch + 1)) ** this.power;
  }
}

/**
 * (1 - epoch / totalIters)^power times the first rate, 0 after `totalIters` (5) epochs.
 *
 * @example
 * ```ts
 * const optimizer = optim.SGD(net.parameters(), { lr: 0.1 });
 * const scheduler = optim.PolynomialLR(optimizer, { totalIters: 4, power: 1 });
 * scheduler.step();
 * scheduler.getLastLr(); // [0.075]
 * ```
 */
export const PolynomialLR = callable("PolynomialLR", PolynomialScheduler);
export type PolynomialLR = PolynomialScheduler;
