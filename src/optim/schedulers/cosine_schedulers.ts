/** Schedules along a cosine. */

import { ArgumentError } from "../../base/errors.ts";
import { type ArgumentsOf, parameterTable } from "../../base/params/arguments.ts";
import { callable } from "../../base/params/callable.ts";
import { shownValue } from "../../base/shown_value.ts";
import { Scheduler, type ScheduleSettings } from "./scheduler.ts";

/** From `high` at 0 to `low` at 1, along half a cosine. */
function annealed(high: number, low: number, share: number): number {
  return low + ((high - low) * (1 + Math.cos(Math.PI * share))) / 2;
}

/** What `CosineAnnealingLR` takes. */
export interface CosineSettings extends ScheduleSettings {
  /** Epochs from the highest rate to the lowest. */
  tMax: number;
  /** Lowest rate. @default 0 */
  etaMin?: number;
}

const COSINE = parameterTable<CosineSettings>("CosineAnnealingLR")(
  ["optimizer", "tMax:number", "etaMin?:number", "lastEpoch?:integer"],
  (optimizer, tMax, etaMin = 0, lastEpoch = -1) => ({ optimizer, tMax, etaMin, lastEpoch }),
);

/** See {@link CosineAnnealingLR}. */
export class CosineAnnealingScheduler extends Scheduler {
  /** Epochs from the highest rate to the lowest. */
  readonly tMax: number;
  /** Lowest rate. */
  readonly etaMin: number;

  constructor(...args: ArgumentsOf<typeof COSINE>) {
    const { optimizer, tMax, etaMin, lastEpoch } = COSINE.bind(args);
    super("CosineAnnealingLR", optimizer, lastEpoch);
    if (!(tMax > 0)) throw new ArgumentError(`CosineAnnealingLR: expected \`tMax\` above 0, got ${tMax}`);
    this.tMax = tMax;
    this.etaMin = etaMin;
    this.start();
  }

  protected override firstRates(): number[] {
    return this.currentRates();
  }

  /** From the rates as they are, so that what another schedule or the user did to them stays. */
  protected override rates(): number[] {
    const { lastEpoch, tMax, etaMin } = this;
    const height = (epoch: number): number => 1 + Math.cos((Math.PI * epoch) / tMax);
    // At the bottom there is nothing to multiply.
    if ((lastEpoch - 1 - tMax) % (2 * tMax) === 0) {
      const rise = (1 - Math.cos(Math.PI / tMax)) / 2;
      return this.currentRates().map((lr, i) => lr + (this.baseLrs[i] - etaMin) * rise);
    }
    const factor = height(lastEpoch) / height(lastEpoch - 1);
    return this.currentRates().map((lr) => factor * (lr - etaMin) + etaMin);
  }
}

/**
 * From the first rate down to `etaMin` (0) over `tMax` epochs, and up again after them:
 * etaMin + (lr - etaMin) (1 + cos(pi epoch / tMax)) / 2.
 *
 * Source: I. Loshchilov, F. Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017.
 *
 * @example
 * ```ts
 * const optimizer = optim.SGD(net.parameters(), { lr: 1 });
 * const scheduler = optim.CosineAnnealingLR(optimizer, 10);
 * for (let epoch = 0; epoch < 5; epoch++) scheduler.step();
 * scheduler.getLastLr(); // [0.5000]
 * ```
 */
export const CosineAnnealingLR = callable("CosineAnnealingLR", CosineAnnealingScheduler);
export type CosineAnnealingLR = CosineAnnealingScheduler;

/** What `CosineAnnealingWarmRestarts` takes. */
export interface RestartSettings extends ScheduleSettings {
  /** Epochs until the first restart. */
  t0: number;
  /** How many times as long as the cycle before each cycle is. @default 1 */
  tMult?: number;
  /** Lowest rate. @default 0 */
  etaMin?: number;
}

const RESTARTS = parameterTable<RestartSettings>("CosineAnnealingWarmRestarts")(
  ["optimizer", "t0", "tMult?", "etaMin?:number", "lastEpoch?:integer"],
  (optimizer, t0, tMult = 1, etaMin = 0, lastEpoch = -1) => ({ optimizer, t0, tMult, etaMin, lastEpoch }),
);

/** See {@link CosineAnnealingWarmRestarts}. */
export class WarmRestartScheduler extends Scheduler {
  readonly t0: number;
  readonly tMult: number;
  /** Lowest rate. */
  readonly etaMin: number;
  /** Epochs since the last restart. */
  tCur: number;
  /** Epochs from that restart to the next. */
  tI: number;

  constructor(...args: ArgumentsOf<typeof RESTARTS>) {
    const { optimizer, t0, tMult, etaMin, lastEpoch = -1 } = RESTARTS.bind(args);
    super("CosineAnnealingWarmRestarts", optimizer, lastEpoch);
    for (const [name, given] of [
      ["t0", t0],
      ["tMult", tMult],
    ] as const) {
      if (!(Number.isInteger(given) && given >= 1)) {
        throw new ArgumentError(
          `CosineAnnealingWarmRestarts: expected \`${name}\` to be an integer of at least 1, got ${shownValue(given)}`,
        );
      }
    }
    this.t0 = t0;
    this.tMult = tMult;
    this.etaMin = etaMin;
    this.tCur = lastEpoch;
    this.tI = t0;
    this.start();
  }

  /** @internal */
  override start(): void {
    this.step(this.lastEpoch < 0 ? 0 : undefined);
  }

  protected override rates(): number[] {
    return this.baseLrs.map((lr) => annealed(lr, this.etaMin, this.tCur / this.tI));
  }

  /** @param epoch - the epoch to go to, with its fraction (epoch + batch / batches); the next one by default. */
  override step(epoch?: number): void {
    this.requireGroups();
    if (epoch === undefined) this.#goOn();
    else this.#goTo(epoch);
    this.apply(this.rates());
  }

  #goOn(): void {
    this.lastEpoch++;
    this.tCur++;
    if (this.tCur < this.tI) return;
    this.tCur %= this.tI;
    this.tI *= this.tMult;
  }

  #goTo(epoch: number): void {
    if (!(typeof epoch === "number" && epoch >= 0 && epoch < Number.POSITIVE_INFINITY)) {
      throw new ArgumentError(
        `CosineAnnealingWarmRestarts: expected an epoch of at least 0, got ${shownValue(epoch)}`,
      );
    }
    this.lastEpoch = Math.floor(epoch);
    this.tCur = epoch;
    this.tI = this.t0;
    while (this.tCur >= this.tI) {
      this.tCur -= this.tI;
      this.tI *= this.tMult;
    }
  }
}

/**
 * A cosine from the first rate to `etaMin` that starts again after `t0` epochs, each cycle `tMult` times as long
 * as the one before.
 *
 * Source: I. Loshchilov, F. Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017.
 *
 * @example
 * ```ts
 * const optimizer = optim.SGD(net.parameters(), { lr: 1 });
 * const scheduler = optim.CosineAnnealingWarmRestarts(optimizer, 4, { tMult: 2 });
 * scheduler.step();
 * scheduler.getLastLr(); // [0.85355]
 * ```
 */
export const CosineAnnealingWarmRestarts = callable("CosineAnnealingWarmRestarts", WarmRestartScheduler);
export type CosineAnnealingWarmRestarts = WarmRestartScheduler;
