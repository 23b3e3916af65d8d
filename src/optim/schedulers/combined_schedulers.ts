/** Schedules made of others. */

import { ArgumentError } from "../../base/errors.ts";
import { type ArgumentsOf, parameterTable } from "../../base/params/arguments.ts";
import { callable } from "../../base/params/callable.ts";
import { shownValue } from "../../base/shown_value.ts";
import type { Optimizer } from "../optimizer.ts";
import { PlateauScheduler } from "./plateau.ts";
import { Scheduler, type SchedulerState, type ScheduleSettings } from "./scheduler.ts";

function requireSchedulers(of: string, schedulers: unknown, optimizer: unknown): Scheduler[] {
  if (!Array.isArray(schedulers) || schedulers.length === 0) {
    throw new ArgumentError(`${of}: expected \`schedulers\` to be a list of at least one scheduler`);
  }
  for (const one of schedulers) {
    if (!(one instanceof Scheduler)) throw new ArgumentError(`${of}: expected schedulers, got ${typeof one}`);
    if (one instanceof PlateauScheduler)
      throw new ArgumentError(
        `${of}: ReduceLROnPlateau needs a metric at each step and cannot be part of it`,
      );
    if (one.optimizer !== optimizer)
      throw new ArgumentError(`${of}: expected all schedulers to belong to the same optimiser`);
  }
  return [...schedulers];
}

/** What schedulers of schedulers share: their parts' state. */
abstract class CombinedScheduler extends Scheduler {
  /** The schedules, in order. */
  readonly schedulers: Scheduler[];

  constructor(of: string, optimizer: unknown, schedulers: unknown) {
    super(of, optimizer);
    this.schedulers = requireSchedulers(of, schedulers, optimizer);
  }

  protected override rates(): number[] {
    return this.currentRates();
  }

  protected override ownNumbers(): Record<string, readonly unknown[]> {
    return {};
  }

  /** @internal Within a SequentialLR: its schedules go from before their first epoch to it. */
  override start(): void {
    this.step();
  }

  /** @internal */
  override restart(): void {
    const of = this.constructor.name;
    throw new ArgumentError(
      `SequentialLR: a ${of} can only be its first schedule; give the schedules of the ${of} one by one`,
    );
  }

  /** @internal */
  override undo(): void {
    for (const scheduler of this.schedulers) scheduler.undo();
  }

  override stateDict(): SchedulerState {
    return { ...super.stateDict(), schedulers: this.schedulers.map((scheduler) => scheduler.stateDict()) };
  }

  override loadStateDict(state: SchedulerState): void {
    super.loadStateDict(state);
    this.schedulers.forEach((scheduler, i) => {
      scheduler.loadStateDict(state.schedulers[i]);
    });
  }

  /** @internal */
  override checkedState(state: SchedulerState): [key: string, value: unknown][] {
    const parts = state?.schedulers;
    if (!Array.isArray(parts) || parts.length !== this.schedulers.length) {
      throw new ArgumentError(
        `${this.constructor.name}.loadStateDict: expected the state of ${this.schedulers.length} schedulers`,
      );
    }
    const taken = super.checkedState(state);
    this.schedulers.forEach((scheduler, i) => {
      scheduler.checkedState(parts[i]);
    });
    return taken;
  }
}

/** What `SequentialLR` takes. */
export interface SequentialSettings extends ScheduleSettings {
  /** The schedules, in order. */
  schedulers: readonly Scheduler[];
  /** The epochs at which the second schedule and those after it begin. */
  milestones: readonly number[];
}

const SEQUENTIAL = parameterTable<SequentialSettings>("SequentialLR")(
  ["optimizer", "schedulers", "milestones:list", "lastEpoch?:integer"],
  (optimizer, schedulers, milestones, lastEpoch = -1) => ({ optimizer, schedulers, milestones, lastEpoch }),
);

/** See {@link SequentialLR}. */
export class SequentialScheduler extends CombinedScheduler {
  /** Epochs at which the next schedule or rate begins. */
  readonly milestones: number[];

  constructor(...args: ArgumentsOf<typeof SEQUENTIAL>) {
    const { optimizer, schedulers, milestones, lastEpoch = -1 } = SEQUENTIAL.bind(args);
    super("SequentialLR", optimizer, schedulers);
    if (milestones.length !== this.schedulers.length - 1) {
      throw new ArgumentError(
        `SequentialLR: expected one milestone fewer than schedulers, got ${milestones.length} for ${this.schedulers.length}`,
      );
    }
    if (milestones.some((milestone: number, i: number) => i > 0 && milestone < milestones[i - 1])) {
      throw new ArgumentError(
        `SequentialLR: expected \`milestones\` in rising order, got ${shownValue(milestones)}`,
      );
    }
    this.milestones = [...milestones];
    this.lastEpoch = lastEpoch + 1;
    // Each of them has set its first rates; only those of the first one count.
    for (const group of this.groups) group.lr = group.initialLr;
    this.undo();
    this.#at(0).start();
    this.lastLr = this.currentRates();
  }

  #at(epoch: number): Scheduler {
    return this.schedulers[this.milestones.filter((milestone) => milestone <= epoch).length];
  }

  override step(): void {
    this.lastEpoch++;
    const scheduler = this.#at(this.lastEpoch);
    if (scheduler !== this.schedulers[0] && this.milestones.includes(this.lastEpoch)) scheduler.restart();
    else scheduler.step();
    this.lastLr = this.currentRates();
  }
}

/**
 * One schedule after another: from epoch `milestones[i]` on, `schedulers[i + 1]`.
 *
 * @example
 * ```ts
 * const warmUp = optim.LinearLR(optimizer, { startFactor: 0.1, totalIters: 5 });
 * const rest = optim.CosineAnnealingLR(optimizer, 45);
 * const scheduler = optim.SequentialLR(optimizer, [warmUp, rest], [5]);
 * ```
 */
export const SequentialLR = callable("SequentialLR", SequentialScheduler);
export type SequentialLR = SequentialScheduler;

/** What `ChainedScheduler` takes. */
export interface ChainedSettings {
  /** The schedules, all of one optimiser. */
  schedulers: readonly Scheduler[];
  /** Their optimiser; null for that of the first one. @default null */
  optimizer?: Optimizer | null;
}

const CHAINED = parameterTable<ChainedSettings>("ChainedScheduler")(
  ["schedulers", "optimizer?"],
  (schedulers, optimizer = null) => ({ schedulers, optimizer }),
);

/** See {@link ChainedScheduler}. */
export class ChainedSchedulers extends CombinedScheduler {
  constructor(...args: ArgumentsOf<typeof CHAINED>) {
    const { schedulers, optimizer } = CHAINED.bind(args);
    super("ChainedScheduler", optimizer ?? schedulers?.[0]?.optimizer, schedulers);
    this.lastEpoch = 0;
    this.lastLr = this.currentRates();
  }

  override step(): void {
    this.lastEpoch++;
    for (const scheduler of this.schedulers) scheduler.step();
    this.lastLr = this.currentRates();
  }
}

/**
 * Several schedules at once: each changes the rate that the one before it has set.
 *
 * @example
 * ```ts
 * const optimizer = optim.SGD(net.parameters(), { lr: 1 });
 * const scheduler = optim.ChainedScheduler([
 *   optim.ConstantLR(optimizer, { factor: 0.1, totalIters: 2 }),
 *   optim.ExponentialLR(optimizer, 0.5),
 * ]);
 * scheduler.getLastLr(); // [0.1]
 * ```
 */
export const ChainedScheduler = callable("ChainedScheduler", ChainedSchedulers);
export type ChainedScheduler = ChainedSchedulers;
