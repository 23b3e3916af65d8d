/** Schedules that move the learning rate a little every epoch: along a line, a power, or by a constant factor. */

import { ArgumentError } from "../../base/errors.ts";
import { type ArgumentsOf, parameterTable } from "../../base/params/arguments.ts";
import { callable } from "../../base/params/callable.ts";
import { FactorScheduler } from "./factor_scheduler.ts";
import type { ScheduleSettings } from "./scheduler.ts";

/** What `LinearLR` takes. */
export interface LinearFactorSettings extends ScheduleSettings {
  /** Factor of the first epoch, above 0 and at most 1. @default 1 / 3 */
  startFactor?: number;
  /** Factor of the last epoch, 0 to 1. @default 1 */
  endFactor?: number;
  /** Epochs until the last rate is reached. @default 5 */
  totalIters?: number;
}

const LINEAR = parameterTable<LinearFactorSettings>("LinearLR")(
  ["optimizer", "startFactor?:number", "endFactor?:number", "totalIters?:number", "lastEpoch?:integer"],
  (optimizer, startFactor = 1 / 3, endFactor = 1, totalIters = 5, lastEpoch = -1) => ({
    optimizer,
    startFactor,
    endFactor,
    totalIters,
    lastEpoch,
  }),
);

/** See {@link LinearLR}. */
export class LinearScheduler extends FactorScheduler {
  readonly startFactor: number;
  readonly endFactor: number;
  readonly totalIters: number;

  constructor(...args: ArgumentsOf<typeof LINEAR>) {
    const { optimizer, startFactor, endFactor, totalIters, lastEpoch } = LINEAR.bind(args);
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

/** What `ExponentialLR` takes. */
export interface ExponentialSettings extends ScheduleSettings {
  /** Factor of each change. */
  gamma: number;
}

const EXPONENTIAL = parameterTable<ExponentialSettings>("ExponentialLR")(
  ["optimizer", "gamma:number", "lastEpoch?:integer"],
  (optimizer, gamma, lastEpoch = -1) => ({ optimizer, gamma, lastEpoch }),
);

/** See {@link ExponentialLR}. */
export class ExponentialScheduler extends FactorScheduler {
  /** Factor of each change. */
  readonly gamma: number;

  constructor(...args: ArgumentsOf<typeof EXPONENTIAL>) {
    const { optimizer, gamma, lastEpoch } = EXPONENTIAL.bind(args);
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

/** What `PolynomialLR` takes. */
export interface PolynomialSettings extends ScheduleSettings {
  /** Epochs until the last rate is reached. @default 5 */
  totalIters?: number;
  /** Exponent of the share of epochs that are left. @default 1 */
  power?: number;
}

const POLYNOMIAL = parameterTable<PolynomialSettings>("PolynomialLR")(
  ["optimizer", "totalIters?:number", "power?:number", "lastEpoch?:integer"],
  (optimizer, totalIters = 5, power = 1, lastEpoch = -1) => ({ optimizer, totalIters, power, lastEpoch }),
);

/** See {@link PolynomialLR}. */
export class PolynomialScheduler extends FactorScheduler {
  readonly totalIters: number;
  readonly power: number;

  constructor(...args: ArgumentsOf<typeof POLYNOMIAL>) {
    const { optimizer, totalIters, power, lastEpoch } = POLYNOMIAL.bind(args);
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
