/** Ends a training that no longer gets better. */
import { ArgumentError } from "../base/errors.ts";

export interface EarlyStoppingOptions {
  /** Which figure: `"testLoss"`, `"testAccuracy"` (the default), `"trainLoss"` or `"trainAccuracy"`. */
  readonly monitor?: "testLoss" | "testAccuracy" | "trainLoss" | "trainAccuracy";
  /** Epochs without an improvement after which training ends. */
  readonly patience?: number;
  /** By how much the figure must improve to count. */
  readonly minDelta?: number;
}

export class EarlyStopping {
  private readonly monitor: NonNullable<EarlyStoppingOptions["monitor"]>;
  private readonly patience: number;
  private readonly minDelta: number;
  private best: number | null = null;
  private bad = 0;

  constructor(options: EarlyStoppingOptions = {}) {
    this.monitor = options.monitor ?? "testAccuracy";
    this.patience = options.patience ?? 3;
    this.minDelta = options.minDelta ?? 0;
    if (!(this.patience >= 1)) throw new ArgumentError(`earlyStopping: expected \`patience\` of at least 1, got ${this.patience}`);
  }

  /** Takes an epoch's figures; true where training should end. */
  update(figures: Partial<Record<NonNullable<EarlyStoppingOptions["monitor"]>, number>>): boolean {
    const value = figures[this.monitor];
    if (value === undefined) return false;
    const sign = this.monitor.endsWith("Loss") ? -1 : 1;
    if (this.best === null || sign * (value - this.best) > this.minDelta) {
      this.best = value;
      this.bad = 0;
      return false;
    }
    this.bad++;
    return this.bad >= this.patience;
  }

  state(): { best: number | null; bad: number } {
    return { best: this.best, bad: this.bad };
  }

  load(state: { best: number | null; bad: number }): void {
    this.best = state.best;
    this.bad = state.bad;
  }
}
