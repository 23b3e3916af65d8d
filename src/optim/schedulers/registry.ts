/** Learning rate schedulers by name, for settings that come as text. One entry holds everything about one. */
import { ArgumentError, didYouMean } from "../../base/errors.ts";
import { Registry } from "../../base/registry.ts";
import type { Optimizer } from "../optimizer.ts";
import { CosineAnnealingLR, CosineAnnealingWarmRestarts } from "./cosine_schedulers.ts";
import { CyclicLR } from "./cyclic.ts";
import { ConstantLR, MultiStepLR, StepLR } from "./factor_schedulers.ts";
import { ExponentialLR, LinearLR, PolynomialLR } from "./gradual_schedulers.ts";
import { OneCycleLR } from "./one_cycle.ts";
import { ReduceLROnPlateau } from "./plateau.ts";

/** Options of a scheduler, as they stand in a run's settings. */
export type SchedulerOptions = Readonly<Record<string, number | string | boolean | readonly number[]>>;

/** The training that a scheduler is for. */
export interface ScheduledTraining {
  readonly epochs: number;
  readonly lr: number;
}

/** What `fit` uses of a scheduler. */
export interface NamedScheduler {
  step(metric?: any): void;
  stateDict(): unknown;
  loadStateDict(state: any): void;
}

/** A scheduler that can be made by name. */
export interface SchedulerEntry {
  /** As on the command line. */
  readonly name: string;
  /** PyTorch's name. */
  readonly title: string;
  /** Names of the options that it takes, those it needs first. */
  readonly options: readonly string[];
  /** How many of `options` it needs. */
  readonly needs: number;
  /** Whether it steps after each epoch or after each step of the optimiser. */
  readonly per: "epoch" | "step";
  /** Values for what was not given, from the training. */
  defaults?(training: ScheduledTraining): SchedulerOptions;
  /** Makes it; `stepsPerEpoch` is known by now. */
  make(optimizer: Optimizer, options: SchedulerOptions, stepsPerEpoch: number): NamedScheduler;
}

type Make = (optimizer: Optimizer, options: never) => NamedScheduler;

function entry(
  name: string,
  title: string,
  make: Make,
  needed: readonly string[],
  others: readonly string[],
  more: Partial<SchedulerEntry> = {},
): SchedulerEntry {
  return {
    name,
    title,
    options: [...needed, ...others],
    needs: needed.length,
    per: "epoch",
    make: (optimizer, options) => make(optimizer, options as never),
    ...more,
  };
}

const PLATEAU = ["mode", "factor", "patience", "threshold", "thresholdMode", "cooldown", "minLr", "eps"];
const MOMENTUM = ["cycleMomentum", "baseMomentum", "maxMomentum"];
const PEAK = ["maxLr", "epochs", "pctStart", "annealStrategy"];
const ONE_CYCLE = [...PEAK, ...MOMENTUM, "divFactor", "finalDivFactor", "threePhase"];
const CYCLIC = ["stepSizeUp", "stepSizeDown", "mode", "gamma", "scaleMode", ...MOMENTUM];

const SCHEDULERS = new Registry<SchedulerEntry>("scheduler", () => [
  entry("step", "StepLR", StepLR as Make, ["stepSize"], ["gamma"]),
  entry("multistep", "MultiStepLR", MultiStepLR as Make, ["milestones"], ["gamma"], {
    // A single one is not a list as it is typed.
    make: (optimizer, { milestones, ...options }) =>
      MultiStepLR(optimizer, { ...options, milestones: [milestones].flat() } as never),
  }),
  entry("exponential", "ExponentialLR", ExponentialLR as Make, ["gamma"], []),
  entry("cosine", "CosineAnnealingLR", CosineAnnealingLR as Make, [], ["tMax", "etaMin"], {
    defaults: ({ epochs }) => ({ tMax: Math.max(1, epochs) }),
  }),
  entry(
    "warm-restarts",
    "CosineAnnealingWarmRestarts",
    CosineAnnealingWarmRestarts as Make,
    ["t0"],
    ["tMult", "etaMin"],
  ),
  entry("constant", "ConstantLR", ConstantLR as Make, [], ["factor", "totalIters"]),
  entry("linear", "LinearLR", LinearLR as Make, [], ["startFactor", "endFactor", "totalIters"]),
  entry("polynomial", "PolynomialLR", PolynomialLR as Make, [], ["totalIters", "power"], {
    defaults: ({ epochs }) => ({ totalIters: Math.max(1, epochs) }),
  }),
  entry("plateau", "ReduceLROnPlateau", ReduceLROnPlateau as Make, [], PLATEAU, {
    // What best weights and early stopping go by.
    defaults: () => ({ mode: "max" }),
  }),
  entry("onecycle", "OneCycleLR", OneCycleLR as Make, [], ONE_CYCLE, {
    per: "step",
    defaults: ({ epochs, lr }) => ({ maxLr: lr, epochs: Math.max(1, epochs) }),
    make: (optimizer, options, stepsPerEpoch) =>
      OneCycleLR(optimizer, { ...options, stepsPerEpoch } as never),
  }),
  entry("cyclic", "CyclicLR", CyclicLR as Make, ["baseLr", "maxLr"], CYCLIC, { per: "step" }),
]);

/**
 * Names of the schedulers that can be made by name.
 *
 * @example
 * ```ts
 * optim.schedulerNames().includes("cosine"); // true
 * ```
 */
export function schedulerNames(): string[] {
  return SCHEDULERS.names();
}

/**
 * What is known of a scheduler.
 *
 * @throws ArgumentError for a name that does not exist, with the nearest one that does.
 * @example
 * ```ts
 * optim.schedulerEntry("step").title; // StepLR
 * ```
 */
export function schedulerEntry(name: string): SchedulerEntry {
  return SCHEDULERS.get(name);
}

/**
 * Adds a scheduler, which `--scheduler` takes from then on.
 *
 * @throws ArgumentError for a name that is taken.
 * @example
 * ```ts
 * optim.registerScheduler({
 *   name: "halving",
 *   title: "StepLR",
 *   options: ["every"],
 *   needs: 1,
 *   per: "epoch",
 *   make: (optimizer, { every }) => optim.StepLR(optimizer, { stepSize: Number(every), gamma: 0.5 }),
 * });
 * ```
 */
export function registerScheduler(entry: SchedulerEntry): void {
  SCHEDULERS.add(entry);
}

/**
 * Options of a scheduler, checked by name, with what the training says about those that were not given.
 *
 * @throws ArgumentError for an unknown or a missing option.
 */
export function schedulerOptions(
  name: string,
  given: SchedulerOptions,
  training: ScheduledTraining,
): SchedulerOptions {
  const { options, needs, defaults } = schedulerEntry(name);
  for (const key of Object.keys(given)) {
    if (options.includes(key)) continue;
    throw new ArgumentError(
      `scheduler ${name} has no option \`${key}\`${didYouMean(key, options)} (it has ${options.join(", ")})`,
    );
  }
  const missing = options.slice(0, needs).find((key) => given[key] === undefined);
  if (missing === undefined) return { ...defaults?.(training), ...given };
  throw new ArgumentError(
    `scheduler ${name} needs ${options.slice(0, needs).join(" and ")}: ${missing} is missing`,
  );
}
