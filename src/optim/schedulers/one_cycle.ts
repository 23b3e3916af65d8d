/** One cycle of the learning rate, up and down. */
import { bindArguments, signature } from "../../base/arguments.ts";
import { callable } from "../../base/callable.ts";
import { ArgumentError, didYouMean } from "../../base/errors.ts";
import { shownValue } from "../../base/shown_value.ts";
import type { Optimizer } from "../optimizer.ts";
import { requireMomentum, setMomentum } from "./cycled_momentum.ts";
import { numbersPerGroup, Scheduler } from "./scheduler.ts";

interface Options {
  totalSteps?: number | null;
  epochs?: number | null;
  stepsPerEpoch?: number | null;
  pctStart?: number;
  annealStrategy?: "cos" | "linear";
  cycleMomentum?: boolean;
  baseMomentum?: number | readonly number[];
  maxMomentum?: number | readonly number[];
  divFactor?: number;
  finalDivFactor?: number;
  threePhase?: boolean;
  lastEpoch?: number;
}
type OneCycleArguments =
  | [
      optimizer: Optimizer,
      maxLr: number | readonly number[],
      totalSteps?: number | null,
      epochs?: number | null,
      stepsPerEpoch?: number | null,
      pctStart?: number,
    ]
  | [optimizer: Optimizer, maxLr: number | readonly number[], options: Options]
  | [optimizer: Optimizer, options: Options & { maxLr: number | readonly number[] }];
const SIGNATURE = signature("OneCycleLR", [
  "optimizer",
  "maxLr",
  "totalSteps?",
  "epochs?",
  "stepsPerEpoch?",
  "pctStart?:number",
  "annealStrategy?",
  "cycleMomentum?:flag",
  "baseMomentum?",
  "maxMomentum?",
  "divFactor?:number",
  "finalDivFactor?:number",
  "threePhase?:flag",
  "lastEpoch?:whole",
]);

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

  constructor(...args: OneCycleArguments) {
    const bound = bindArguments(SIGNATURE, args);
    const {
      optimizer,
      maxLr,
      pctStart = 0.3,
      annealStrategy = "cos",
      cycleMomentum = true,
      lastEpoch = -1,
    } = bound;
    super("OneCycleLR", optimizer, lastEpoch);
    this.totalSteps = stepsOf(bound);
    this.pctStart = pctStart;
    this.annealStrategy = annealStrategy;
    this.cycleMomentum = cycleMomentum;
    this.threePhase = bound.threePhase ?? false;
    if (!(pctStart >= 0 && pctStart <= 1))
      throw new ArgumentError(`OneCycleLR: expected \`pctStart\` to be from 0 to 1, got ${pctStart}`);
    if (annealStrategy !== "cos" && annealStrategy !== "linear") {
      throw new ArgumentError(
        `OneCycleLR: unknown annealStrategy "${annealStrategy}"${didYouMean(annealStrategy, ["cos", "linear"])} (expected cos, linear)`,
      );
    }
    if (lastEpoch === -1) this.#setLevels(maxLr, bound);
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

  #setLevels(maxLr: number | readonly number[], bound: Record<string, any>): void {
    const { divFactor = 25, finalDivFactor = 1e4, baseMomentum = 0.85, maxMomentum = 0.95 } = bound;
    numbersPerGroup("OneCycleLR", "maxLr", this.optimizer, maxLr).forEach((lr, i) => {
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

function stepsOf(bound: Record<string, any>): number {
  const { totalSteps = null, epochs = null, stepsPerEpoch = null } = bound;
  const steps = totalSteps ?? (epochs !== null && stepsPerEpoch !== null ? epochs * stepsPerEpoch : null);
  if (steps === null)
    throw new ArgumentError("OneCycleLR: expected `totalSteps`, or `epochs` and `stepsPerEpoch`");
  if (!(Number.isInteger(steps) && steps > 0)) {
    throw new ArgumentError(`OneCycleLR: expected a whole number of steps above 0, got ${shownValue(steps)}`);
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
