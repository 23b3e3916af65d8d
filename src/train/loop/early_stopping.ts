/** Ends a training that no longer gets better. */

import { ArgumentError, didYouMean } from "../../base/errors.ts";
import { requireRange } from "../../base/params/argument_kinds.ts";
import type { MetricsPoint } from "../../records/run_record.ts";
import { checkMonitor, improvement, type Monitor, metricOf } from "./monitor.ts";

export interface EarlyStoppingOptions {
  /** Which metric; inside `fit` by default the one of its `monitor`. @default "testAccuracy" */
  readonly monitor?: Monitor;
  /** Epochs without an improvement after which training ends. @default 3 */
  readonly patience?: number;
  /** By how much the metric must improve to count. @default 0 */
  readonly minDelta?: number;
}

/** What a checkpoint keeps. */
export interface EarlyStoppingState {
  readonly best: number | null;
  readonly bad: number;
}

/**
 * Says when a metric has not improved for `patience` epochs.
 *
 * @throws ArgumentError for a patience below 1 or an unknown metric.
 * @example
 * ```ts
 * const stopping = new train.EarlyStopping({ monitor: "testAccuracy", patience: 2 });
 * stopping.update({ testAccuracy: 0.8 }); // false
 * ```
 */
export class EarlyStopping {
  /** The metric that is watched. */
  readonly monitor: Monitor;
  private readonly patience: number;
  private readonly minDelta: number;
  private best: number | null = null;
  private bad = 0;

  constructor(options: EarlyStoppingOptions = {}) {
    const known = ["monitor", "patience", "minDelta"];
    for (const name of Object.keys(options)) {
      if (!known.includes(name))
        throw new ArgumentError(
          `unknown option \`${name}\` of earlyStopping${didYouMean(name, known)} (it takes ${known.join(", ")})`,
        );
    }
    this.monitor = checkMonitor(options.monitor ?? "testAccuracy");
    this.patience = options.patience ?? 3;
    this.minDelta = options.minDelta ?? 0;
    requireRange("earlyStopping", "patience", this.patience, (n) => n >= 1, "at least 1");
    requireRange("earlyStopping", "minDelta", this.minDelta, (n) => n >= 0, "at least 0");
  }

  /** Takes an epoch's metrics; true when training should end. */
  update(metrics: Pick<Partial<MetricsPoint>, Monitor>): boolean {
    const value = metricOf(metrics, this.monitor, "earlyStopping");
    return this.judge(this.monitor, value);
  }

  /** @internal {@link update} with one metric, which a training may have chosen by itself. */
  judge(monitor: Monitor, value: number): boolean {
    const isFirst = this.best === null && !Number.isNaN(value);
    if (isFirst || improvement(monitor, value, this.best ?? Number.NaN) > this.minDelta) {
      this.best = value;
      this.bad = 0;
      return false;
    }
    this.bad++;
    return this.isOver;
  }

  /** Whether training should have ended. */
  get isOver(): boolean {
    return this.bad >= this.patience;
  }

  /** What is needed to go on after an interruption. */
  state(): EarlyStoppingState {
    return { best: this.best, bad: this.bad };
  }

  /** Goes on from what `state()` gave. */
  load(state: EarlyStoppingState): void {
    this.best = state.best;
    this.bad = state.bad;
  }
}
