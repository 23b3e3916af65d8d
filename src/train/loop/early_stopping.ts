/** Ends a training that no longer gets better. */
import { ArgumentError, didYouMean } from "../../base/errors.ts";
import type { MetricsPoint } from "../../records/run_record.ts";

const MONITORS = ["testAccuracy", "testLoss", "trainAccuracy", "trainLoss"] as const;

/** A figure that decides which epoch is better: losses should fall, accuracies rise. */
export type Monitor = (typeof MONITORS)[number];

/** The figure `name`, or an ArgumentError that says which there are. */
export function checkMonitor(name: string): Monitor {
  if ((MONITORS as readonly string[]).includes(name)) return name as Monitor;
  throw new ArgumentError(
    `unknown figure \`${name}\` to monitor${didYouMean(name, MONITORS)} (there are: ${MONITORS.join(", ")})`,
  );
}

/** By how much `value` is better than `before`: above 0 where it is. */
export function improvement(monitor: Monitor, value: number, before: number): number {
  return monitor.endsWith("Loss") ? before - value : value - before;
}

export interface EarlyStoppingOptions {
  /** Which figure (`"testAccuracy"`). */
  readonly monitor?: Monitor;
  /** Epochs without an improvement after which training ends (3). */
  readonly patience?: number;
  /** By how much the figure must improve to count (0). */
  readonly minDelta?: number;
}

/** What a checkpoint keeps. */
export interface EarlyStoppingState {
  readonly best: number | null;
  readonly bad: number;
}

/**
 * Says when a figure has not improved for `patience` epochs.
 *
 * @throws ArgumentError for a patience below 1 or an unknown figure.
 * @example
 * ```ts
 * const stopping = new train.EarlyStopping({ monitor: "testAccuracy", patience: 2 });
 * stopping.update({ testAccuracy: 0.8 }); // false
 * ```
 */
export class EarlyStopping {
  /** The figure that is watched. */
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
    if (!(this.patience >= 1))
      throw new ArgumentError(`earlyStopping: expected \`patience\` of at least 1, got ${this.patience}`);
  }

  /** Takes an epoch's figures; true where training should end. */
  update(figures: Pick<Partial<MetricsPoint>, Monitor>): boolean {
    const value = figures[this.monitor];
    if (value === undefined) {
      throw new ArgumentError(
        `earlyStopping: this training counts no ${this.monitor}; give a testLoader or another \`monitor\``,
      );
    }
    if (this.best === null || improvement(this.monitor, value, this.best) > this.minDelta) {
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
