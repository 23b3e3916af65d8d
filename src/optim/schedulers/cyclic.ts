/** A learning rate that goes up and down between two bounds. */

import { ArgumentError, didYouMean } from "../../base/errors.ts";
import { type ArgumentsOf, parameterTable } from "../../base/params/arguments.ts";
import { callable } from "../../base/params/callable.ts";
import { shownValue } from "../../base/shown_value.ts";
import { requireMomentum, setMomentum } from "./cycled_momentum.ts";
import { numbersPerGroup, Scheduler, type ScheduleSettings } from "./scheduler.ts";

type Scale = (x: number) => number;
type Mode = "triangular" | "triangular2" | "exp_range";
type ScaleMode = "cycle" | "iterations";

/** What `CyclicLR` takes. */
export interface CyclicSettings extends ScheduleSettings {
  /** Lowest rate, of all groups or of each. */
  baseLr: number | readonly number[];
  /** Highest rate, of all groups or of each. */
  maxLr: number | readonly number[];
  /** Steps from the lowest rate to the highest. @default 2000 */
  stepSizeUp?: number;
  /** Steps from the highest rate to the lowest; null for `stepSizeUp`. @default null */
  stepSizeDown?: number | null;
  /** How high the cycles go: all alike ("triangular"), each half as high as the one before ("triangular2"), or gamma^step ("exp_range"). @default "triangular" */
  mode?: Mode;
  /** The base of "exp_range". @default 1 */
  gamma?: number;
  /** How high they go, in place of `mode`: a factor by the cycle or the step. @default null */
  scaleFn?: Scale | null;
  /** What `scaleFn` gets: the number of the cycle or of the step. @default "cycle" */
  scaleMode?: ScaleMode;
  /** Whether the momentum goes the other way round. @default true */
  cycleMomentum?: boolean;
  /** Lowest momentum, of all groups or of each. @default 0.8 */
  baseMomentum?: number | readonly number[];
  /** Highest momentum, of all groups or of each. @default 0.9 */
  maxMomentum?: number | readonly number[];
}

const CYCLIC = parameterTable<CyclicSettings>("CyclicLR")(
  [
    "optimizer",
    "baseLr",
    "maxLr",
    "stepSizeUp?:number",
    "stepSizeDown?:number|null",
    "mode?",
    "gamma?:number",
    "scaleFn?",
    "scaleMode?",
    "cycleMomentum?:boolean",
    "baseMomentum?",
    "maxMomentum?",
    "lastEpoch?:integer",
  ],
  (
    optimizer,
    baseLr,
    maxLr,
    stepSizeUp = 2000,
    stepSizeDown = null,
    mode = "triangular",
    gamma = 1,
    scaleFn = null,
    scaleMode = "cycle",
    cycleMomentum = true,
    baseMomentum = 0.8,
    maxMomentum = 0.9,
    lastEpoch = -1,
  ) => ({
    optimizer,
    baseLr,
    maxLr,
    stepSizeUp,
    stepSizeDown,
    mode,
    gamma,
    scaleFn,
    scaleMode,
    cycleMomentum,
    baseMomentum,
    maxMomentum,
    lastEpoch,
  }),
);

const MODES: readonly string[] = ["triangular", "triangular2", "exp_range"];
const SCALE_MODES: readonly string[] = ["cycle", "iterations"];

function requireWord(name: string, given: unknown, words: readonly string[]): void {
  if (words.includes(given as string)) return;
  throw new ArgumentError(
    `CyclicLR: unknown ${name} ${shownValue(given)}${didYouMean(given, words)} (expected ${words.join(", ")})`,
  );
}

/** How high a cycle, or an iteration, goes. */
function scaleOf(mode: Mode, gamma: number): { scaleFn: Scale; scaleMode: ScaleMode } {
  if (mode === "exp_range") return { scaleFn: (iteration) => gamma ** iteration, scaleMode: "iterations" };
  if (mode === "triangular2") return { scaleFn: (cycle) => 1 / 2 ** (cycle - 1), scaleMode: "cycle" };
  return { scaleFn: () => 1, scaleMode: "cycle" };
}

/** See {@link CyclicLR}. */
export class CyclicScheduler extends Scheduler {
  readonly maxLrs: number[];
  readonly totalSize: number;
  readonly stepRatio: number;
  readonly scaleFn: Scale;
  readonly scaleMode: ScaleMode;
  readonly cycleMomentum: boolean;
  readonly baseMomentums: number[] = [];
  readonly maxMomentums: number[] = [];

  constructor(...args: ArgumentsOf<typeof CYCLIC>) {
    const bound = CYCLIC.bind(args);
    const { optimizer, stepSizeUp, mode, gamma, scaleFn, scaleMode } = bound;
    const stepSizeDown = bound.stepSizeDown ?? stepSizeUp;
    super("CyclicLR", optimizer, bound.lastEpoch, { baseLr: bound.baseLr });
    if (!(stepSizeUp > 0 && stepSizeDown > 0)) {
      throw new ArgumentError(
        `CyclicLR: expected \`stepSizeUp\` and \`stepSizeDown\` above 0, got ${stepSizeUp} and ${stepSizeDown}`,
      );
    }
    if (scaleFn === null) requireWord("mode", mode, MODES);
    else if (typeof scaleFn !== "function")
      throw new ArgumentError(`CyclicLR: expected \`scaleFn\` to be a function, got ${shownValue(scaleFn)}`);
    requireWord("scaleMode", scaleMode, SCALE_MODES);
    const scale = scaleFn === null ? scaleOf(mode, gamma) : { scaleFn, scaleMode };
    this.scaleFn = scale.scaleFn;
    this.scaleMode = scale.scaleMode;
    this.totalSize = stepSizeUp + stepSizeDown;
    this.stepRatio = stepSizeUp / this.totalSize;
    this.maxLrs = numbersPerGroup("CyclicLR", "maxLr", this.optimizer, bound.maxLr);
    this.cycleMomentum = bound.cycleMomentum;
    if (this.cycleMomentum) {
      requireMomentum("CyclicLR", this.optimizer);
      const { baseMomentum, maxMomentum } = bound;
      this.baseMomentums = numbersPerGroup("CyclicLR", "baseMomentum", this.optimizer, baseMomentum);
      this.maxMomentums = numbersPerGroup("CyclicLR", "maxMomentum", this.optimizer, maxMomentum);
    }
    this.start();
    // PyTorch's order: the first rate comes from the groups' first rates, which another schedule may have noted.
    this.baseLrs = numbersPerGroup("CyclicLR", "baseLr", this.optimizer, bound.baseLr);
  }

  protected override ownNumbers(): Record<string, readonly unknown[]> {
    const { baseLrs, maxLrs, baseMomentums, maxMomentums } = this;
    return { baseLrs, maxLrs, ...(this.cycleMomentum && { baseMomentums, maxMomentums }) };
  }

  protected override rates(): number[] {
    const { lastEpoch, totalSize, stepRatio } = this;
    const cycle = Math.floor(1 + lastEpoch / totalSize);
    const x = 1 + lastEpoch / totalSize - cycle;
    const height = x <= stepRatio ? x / stepRatio : (x - 1) / (stepRatio - 1);
    const scaled = height * this.scaleFn(this.scaleMode === "cycle" ? cycle : lastEpoch);
    if (this.cycleMomentum) {
      this.groups.forEach((group, i) => {
        const [low, high] = [this.baseMomentums[i], this.maxMomentums[i]];
        setMomentum(group, high - (high - low) * scaled);
      });
    }
    return this.baseLrs.map((low, i) => low + (this.maxLrs[i] - low) * scaled);
  }

  protected override restartRates(): number[] {
    return this.rates();
  }
}

/**
 * From `baseLr` up to `maxLr` in `stepSizeUp` steps, down again in `stepSizeDown`, and so on, with the momentum
 * the other way round. Call `step()` after each optimiser step.
 *
 * Source: L. N. Smith, "Cyclical learning rates for training neural networks", WACV 2017.
 *
 * @param baseLr - the lower bound, or one for each group.
 * @param maxLr - the upper bound, or one for each group.
 * @param stepSizeDown - `stepSizeUp` by default.
 * @param mode - `"triangular"`; `"triangular2"` halves the height from cycle to cycle; `"exp_range"` multiplies it
 * by `gamma` at every step.
 * @param scaleFn - height by cycle (from 1) or, with `scaleMode` `"iterations"`, by step; in place of `mode`.
 * @param cycleMomentum - moves the momentum between `maxMomentum` and `baseMomentum`.
 * @throws ArgumentError for an optimiser without momentum, if `cycleMomentum` is not false.
 * @example
 * ```ts
 * const optimizer = optim.SGD(net.parameters(), { lr: 0.1, momentum: 0.9 });
 * const scheduler = optim.CyclicLR(optimizer, 0.1, 0.5, { stepSizeUp: 4 });
 * scheduler.step();
 * scheduler.getLastLr(); // [0.2]
 * ```
 */
export const CyclicLR = callable("CyclicLR", CyclicScheduler);
export type CyclicLR = CyclicScheduler;
