/** One cycle of the learning rate, up and down. */

import { ArgumentError, didYouMean } from "../../base/errors.ts";
import { type ArgumentsOf, parameterTable } from "../../base/params/arguments.ts";
import { callable } from "../../base/params/callable.ts";
import { shownValue } from "../../base/shown_value.ts";
import { requireMomentum, setMomentum } from "./cycled_momentum.ts";
import { numbersPerGroup, Scheduler, type ScheduleSettings } from "./scheduler.ts";

/** What `OneCycleLR` takes. */
export interface OneCycleSettings extends ScheduleSettings {
  /** Highest rate, of all groups or of each. */
  maxLr: number | readonly number[];
  /** Steps in all; null for `epochs` times `stepsPerEpoch`. @default null */
  totalSteps?: number | null;
  /** Epochs in all, with `stepsPerEpoch` in place of `totalSteps`. @default null */
  epochs?: number | null;
  /** Steps in an epoch, with `epochs` in place of `totalSteps`. @default null */
  stepsPerEpoch?: number | null;
  /** Share of the steps, 0 to 1, in which the rate rises. @default 0.3 */
  pctStart?: number;
  /** Whether the rate moves along a cosine or along a line. @default "cos" */
  annealStrategy?: "cos" | "linear";
  /** Whether the momentum goes the other way round. @default true */
  cycleMomentum?: boolean;
  /** Lowest momentum, of all groups or of each. @default 0.85 */
  baseMomentum?: number | readonly number[];
  /** Highest momentum, of all groups or of each. @default 0.95 */
  maxMomentum?: number | readonly number[];
  /** The first rate is maxLr / divFactor. @default 25 */
  divFactor?: number;
  /** The last rate is the first one / finalDivFactor. @default 1e4 */
  finalDivFactor?: number;
  /** Whether the rate comes down as slowly as it went up before it fades out. @default false */
  threePhase?: boolean;
}

const ONE_CYCLE = parameterTable<OneCycleSettings>("OneCycleLR")(
  [
    "optimizer",
    "maxLr",
    "totalSteps?",
    "epochs?",
    "stepsPerEpoch?",
    "pctStart?:number",
    "annealStrategy?",
    "cycleMomentum?:boolean",
    "baseMomentum?",
    "maxMomentum?",
    "divFactor?:number",
    "finalDivFactor?:number",
    "threePhase?:boolean",
    "lastEpoch?:integer",
  ],
  (
    optimizer,
    maxLr,
    totalSteps = null,
    epochs = null,
    stepsPerEpoch = null,
    pctStart = 0.3,
    annealStrategy = "cos",
    cycleMomentum = true,
    baseMomentum = 0.85,
    maxMomentum = 0.95,
    divFactor = 25,
    finalDivFactor = 1e4,
    threePhase = false,
    lastEpoch = -1,
  ) => ({
    optimizer,
    maxLr,
    totalSteps,
    epochs,
    stepsPerEpoch,
    pctStart,
    annealStrategy,
    cycleMomentum,
    baseMomentum,
    maxMomentum,
    divFactor,
    finalDivFactor,
    threePhase,
    lastEpoch,
  }),
);

/** The numbers of a group between which rate and momentum move. */
type Level = "initialLr" | "maxLr" | "minLr";
type MomentumLevel = "maxMomentum" | "baseMomentum";

/** A stretch of steps up to `end`, from one level to another. */
interface Phase {
  readonly end: number;
  readonly lr: readonly [from: Level, to: Level];
  readonly momentum: readonly [from: MomentumLevel, to: MomentumLevel];
}

function phasesOf(totalSteps: number, pctStart: number, threePhase: boolean): Phase[] {
  const rise: Phase = {
    end: pctStart * totalSteps - 1,
    lr: ["initialLr", "maxLr"],
    momentum: ["maxMomentum", "baseMomentum"],
  };
  if (!threePhase)
    return [rise, { end: totalSteps - 1, lr: ["maxLr", "minLr"], momentum: ["baseMomentum", "maxMomentum"] }];
  return [
    rise,
    {
      end: 2 * pctStart * totalSteps - 2,
      lr: ["maxLr", "initialLr"],
      momentum: ["baseMomentum", "maxMomentum"],
    },
    { end: totalSteps - 1, lr: ["initialLr", "minLr"], momentum: ["maxMomentum", "maxMomentum"] },
  ];
}

/** See {@link OneCycleLR}. */
export class OneCycleScheduler extends Scheduler {
  readonly totalSteps: number;
  readonly pctStart: number;
  readonly annealStrategy: "cos" | "linear";
  readonly cycleMomentum: boolean;
  readonly threePhase: boolean;

  constructor(...args: ArgumentsOf<typeof ONE_CYCLE>) {
    const bound = ONE_CYCLE.bind(args);
    const { optimizer, pctStart, annealStrategy, cycleMomentum, lastEpoch } = bound;
    super("OneCycleLR", optimizer, lastEpoch);
    this.totalSteps = stepsOf(bound);
    this.pctStart = pctStart;
    this.annealStrategy = annealStrategy;
    this.cycleMomentum = cycleMomentum;
    this.threePhase = bound.threePhase;
    if (!(pctStart >= 0 && pctStart <= 1))
      throw new ArgumentError(`OneCycleLR: expected \`pctStart\` to be from 0 to 1, got ${pctStart}`);
    if (annealStrategy !== "cos" && annealStrategy !== "linear") {
      throw new ArgumentError(
        `OneCycleLR: unknown annealStrategy "${annealStrategy}"${didYouMean(annealStrategy, ["cos", "linear"])} (expected cos, linear)`,
      );
    }
    if (lastEpoch === -1) this.#setLevels(bound);
    else this.#requireLevels(lastEpoch);
    this.start();
  }

  /** A cycle that goes on finds its levels in the groups. */
  #requireLevels(lastEpoch: number): void {
    const momenta = this.cycleMomentum ? ["baseMomentum", "maxMomentum"] : [];
    for (const [i, group] of this.groups.entries()) {
      for (const level of ["maxLr", "minLr", ...momenta]) {
        if (group[level] !== undefined) continue;
        throw new ArgumentError(
          `OneCycleLR: \`lastEpoch\` ${lastEpoch} needs a group with \`${level}\`, which group ${i} has not; load the optimiser's state first`,
        );
      }
    }
  }

  #setLevels(bound: Required<OneCycleSettings>): void {
    const { divFactor, finalDivFactor, baseMomentum, maxMomentum } = bound;
    numbersPerGroup("OneCycleLR", "maxLr", this.optimizer, bound.maxLr).forEach((lr, i) => {
      const group = this.groups[i];
      group.maxLr = lr;
      group.initialLr = lr / divFactor;
      group.minLr = group.initialLr / finalDivFactor;
    });
    this.baseLrs = this.groups.map((group) => group.initialLr);
    if (!this.cycleMomentum) return;
    requireMomentum("OneCycleLR", this.optimizer);
    const low = numbersPerGroup("OneCycleLR", "baseMomentum", this.optimizer, baseMomentum);
    const high = numbersPerGroup("OneCycleLR", "maxMomentum", this.optimizer, maxMomentum);
    this.groups.forEach((group, i) => {
      group.baseMomentum = low[i];
      group.maxMomentum = high[i];
    });
  }

  protected override rates(): number[] {
    const step = this.lastEpoch;
    if (step > this.totalSteps) {
      throw new ArgumentError(`OneCycleLR: the cycle has ${this.totalSteps} steps, and this is step ${step}`);
    }
    const phases = phasesOf(this.totalSteps, this.pctStart, this.threePhase);
    const at = phases.findIndex((phase, i) => step <= phase.end || i === phases.length - 1);
    const begin = at === 0 ? 0 : phases[at - 1].end;
    const { end, lr, momentum } = phases[at];
    if (end === begin) throw this.#noLength(step, at);
    const share = (step - begin) / (end - begin);
    return this.groups.map((group) => {
      if (this.cycleMomentum) setMomentum(group, this.#anneal(group[momentum[0]], group[momentum[1]], share));
      return this.#anneal(group[lr[0]], group[lr[1]], share);
    });
  }

  protected override restartRates(): number[] {
    return this.rates();
  }

  /** PyTorch divides by zero here. */
  #noLength(step: number, phase: number): ArgumentError {
    const { totalSteps, pctStart } = this;
    const what = phase === 0 ? "the rise has a single step" : "the rise takes all steps";
    return new ArgumentError(
      `OneCycleLR: with \`pctStart\` ${pctStart} of ${totalSteps} steps ${what}, so that there is no rate for step ${step}; ` +
        "give another `pctStart`" +
        (phase === 0 ? " (0 starts at `maxLr`)" : " below 1"),
    );
  }

  #anneal(from: number, to: number, share: number): number {
    if (this.annealStrategy === "linear") return from + (to - from) * share;
    return to + ((from - to) / 2) * (1 + Math.cos(Math.PI * share));
  }
}

function stepsOf(bound: Required<OneCycleSettings>): number {
  const { totalSteps, epochs, stepsPerEpoch } = bound;
  const steps = totalSteps ?? (epochs !== null && stepsPerEpoch !== null ? epochs * stepsPerEpoch : null);
  if (steps === null)
    throw new ArgumentError("OneCycleLR: expected `totalSteps`, or `epochs` and `stepsPerEpoch`");
  if (!(Number.isInteger(steps) && steps > 0)) {
    throw new ArgumentError(
      `OneCycleLR: expected the number of steps to be an integer above 0, got ${shownValue(steps)}`,
    );
  }
  return steps;
}

/**
 * Up from maxLr / divFactor to `maxLr` over the share `pctStart` of all steps, then down to almost nothing, with
 * the momentum the other way round. Call `step()` after each optimiser step.
 *
 * Source: L. N. Smith, N. Topin, "Super-convergence: very fast training of neural networks using large learning
 * rates", 2017.
 *
 * @param totalSteps - steps in all, or give `epochs` and `stepsPerEpoch`.
 * @param threePhase - comes down as slowly as it went up before it fades out.
 * @example
 * ```ts
 * const optimizer = optim.SGD(net.parameters(), { lr: 0.1, momentum: 0.9 });
 * const scheduler = optim.OneCycleLR(optimizer, 1, { totalSteps: 100 });
 * scheduler.getLastLr(); // [0.04]
 * ```
 */
export const OneCycleLR = callable("OneCycleLR", OneCycleScheduler);
export type OneCycleLR = OneCycleScheduler;
