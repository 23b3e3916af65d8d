/** A learning rate that falls when a metric stops improving. */

import { ArgumentError, didYouMean } from "../../base/errors.ts";
import { type ArgumentsOf, parameterTable } from "../../base/params/arguments.ts";
import { callable } from "../../base/params/callable.ts";
import { shownValue } from "../../base/shown_value.ts";
import type { Optimizer } from "../optimizer.ts";
import { numbersPerGroup, Scheduler, type SchedulerState } from "./scheduler.ts";

/** What `ReduceLROnPlateau` takes. */
export interface PlateauSettings {
  /** Whose learning rates are set. */
  optimizer: Optimizer;
  /** Whether the metric is to fall or to rise. @default "min" */
  mode?: "min" | "max";
  /** Factor of each change, below 1. @default 0.1 */
  factor?: number;
  /** Epochs without an improvement that are waited for. @default 10 */
  patience?: number;
  /** How much better a metric must be to count as an improvement. @default 1e-4 */
  threshold?: number;
  /** Whether `threshold` is a share of the best metric or a difference from it. @default "rel" */
  thresholdMode?: "rel" | "abs";
  /** Epochs after a change in which nothing is counted. @default 0 */
  cooldown?: number;
  /** Lowest rate, of all groups or of each. @default 0 */
  minLr?: number | readonly number[];
  /** Changes that are smaller are not made. @default 1e-8 */
  eps?: number;
}

const PLATEAU = parameterTable<PlateauSettings>("ReduceLROnPlateau")(
  [
    "optimizer",
    "mode?",
    "factor?:number",
    "patience?:number",
    "threshold?:number",
    "thresholdMode?",
    "cooldown?:number",
    "minLr?",
    "eps?:number",
  ],
  (
    optimizer,
    mode = "min",
    factor = 0.1,
    patience = 10,
    threshold = 1e-4,
    thresholdMode = "rel",
    cooldown = 0,
    minLr = 0,
    eps = 1e-8,
  ) => ({ optimizer, mode, factor, patience, threshold, thresholdMode, cooldown, minLr, eps }),
);

function requireWord(name: string, given: string, words: readonly string[]): void {
  if (words.includes(given)) return;
  throw new ArgumentError(
    `ReduceLROnPlateau: unknown ${name} "${given}"${didYouMean(given, words)} (expected ${words.join(", ")})`,
  );
}

/** See {@link ReduceLROnPlateau}. */
export class PlateauScheduler extends Scheduler {
  readonly mode: "min" | "max";
  /** Factor of each change. */
  readonly factor: number;
  /** Epochs without an improvement that are waited for. */
  readonly patience: number;
  readonly threshold: number;
  /** Whether the threshold is relative ("rel") or absolute ("abs"). */
  readonly thresholdMode: "rel" | "abs";
  /** Epochs after a change in which nothing is counted. */
  readonly cooldown: number;
  /** Lowest rate of each group. */
  minLrs: number[];
  /** Changes that are smaller are not made. */
  readonly eps: number;
  /** The best metric so far; null before the first. */
  best: number | null = null;
  /** Epochs without an improvement so far. */
  numBadEpochs = 0;
  /** Epochs of the cooldown that are left. */
  cooldownCounter = 0;
  /** Of every group, when one number was given for all. */
  readonly #minLr: number | null;

  constructor(...args: ArgumentsOf<typeof PLATEAU>) {
    const { optimizer, mode, factor, patience, threshold, thresholdMode, cooldown, minLr, eps } =
      PLATEAU.bind(args);
    super("ReduceLROnPlateau", optimizer);
    if (!(factor < 1))
      throw new ArgumentError(`ReduceLROnPlateau: expected \`factor\` to be below 1, got ${factor}`);
    requireWord("mode", mode, ["min", "max"]);
    requireWord("thresholdMode", thresholdMode, ["rel", "abs"]);
    this.mode = mode;
    this.factor = factor;
    this.patience = patience;
    this.threshold = threshold;
    this.thresholdMode = thresholdMode;
    this.cooldown = cooldown;
    this.minLrs = numbersPerGroup("ReduceLROnPlateau", "minLr", this.optimizer, minLr);
    this.#minLr = typeof minLr === "number" ? minLr : null;
    this.eps = eps;
    this.lastEpoch = 0;
    this.lastLr = this.currentRates();
  }

  protected override ownNumbers(): Record<string, readonly unknown[]> {
    return { minLrs: this.minLrs };
  }

  /** @internal */
  override checkedState(state: SchedulerState): [key: string, value: unknown][] {
    const { best } = state ?? {};
    if (best !== null && best !== undefined && typeof best !== "number")
      throw new ArgumentError(
        `ReduceLROnPlateau.loadStateDict: expected \`best\` to be a number or null, got ${shownValue(best)}`,
      );
    return super.checkedState(state);
  }

  protected override rates(): number[] {
    return this.currentRates().map((lr, i) => {
      const lower = Math.max(lr * this.factor, this.minLrs[i]);
      return lr - lower > this.eps ? lower : lr;
    });
  }

  /**
   * Looks at the epoch's metric.
   *
   * @param metrics - the metric as a number, for instance `await loss.item()`.
   */
  override step(metrics?: number): void {
    if (typeof metrics !== "number") {
      throw new ArgumentError(
        "ReduceLROnPlateau.step: expected the epoch's metric as a number (await loss.item())",
      );
    }
    if (this.#minLr !== null) this.minLrs = this.groups.map(() => this.#minLr as number);
    this.requireGroups();
    this.lastEpoch++;
    if (this.#isBetter(metrics)) {
      this.best = metrics;
      this.numBadEpochs = 0;
    } else this.numBadEpochs++;
    if (this.cooldownCounter > 0) {
      this.cooldownCounter--;
      this.numBadEpochs = 0;
    }
    if (this.numBadEpochs > this.patience) {
      this.apply(this.rates());
      this.cooldownCounter = this.cooldown;
      this.numBadEpochs = 0;
    }
    this.lastLr = this.currentRates();
  }

  #isBetter(metric: number): boolean {
    const { best, threshold, mode } = this;
    if (best === null) return !Number.isNaN(metric);
    const relative = this.thresholdMode === "rel";
    if (mode === "min") return metric < (relative ? best * (1 - threshold) : best - threshold);
    return metric > (relative ? best * (1 + threshold) : best + threshold);
  }
}

/**
 * Times `factor` (0.1) when a metric has not improved for more than `patience` (10) epochs.
 *
 * @param mode - whether smaller (`"min"`) or larger (`"max"`) metrics are better.
 * @param threshold - by how much a metric must be better, relative to the best or absolutely.
 * @param cooldown - epochs after a change that do not count.
 * @example
 * ```ts
 * const optimizer = optim.SGD(net.parameters(), { lr: 0.1 });
 * const scheduler = optim.ReduceLROnPlateau(optimizer, { patience: 0 });
 * for (const testLoss of [0.9, 0.8, 0.85]) scheduler.step(testLoss);
 * scheduler.getLastLr(); // [0.0100]
 * ```
 */
export const ReduceLROnPlateau = callable("ReduceLROnPlateau", PlateauScheduler);
export type ReduceLROnPlateau = PlateauScheduler;
