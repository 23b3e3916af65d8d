/** The base of the learning rate schedulers. */
import { shownValue } from "../../base/argument_kinds.ts";
import { ArgumentError } from "../../base/errors.ts";
import { Optimizer } from "../optimizer.ts";
import type { ParamGroup } from "../param_groups.ts";
import { camel, sameKind, snake } from "../stored_settings.ts";

/** Settings and position of a scheduler, as plain data with PyTorch's names. */
export type SchedulerState = Record<string, any>;

/** Fields that are not part of a state: what the user passes again when making the scheduler. */
function isState(name: string, value: unknown): boolean {
  return (
    name !== "optimizer" &&
    name !== "schedulers" &&
    typeof value !== "function" &&
    !(Array.isArray(value) && value.some((v) => typeof v === "function"))
  );
}

/**
 * Sets the learning rate of every parameter group, epoch by epoch: call `step()` after each epoch (or each
 * optimiser step, for schedules that count steps).
 *
 * @example
 * ```ts
 * const scheduler: optim.LRScheduler = optim.StepLR(optimizer, 10);
 * scheduler.step();
 * scheduler.getLastLr(); // [0.1]
 * ```
 */
export abstract class Scheduler {
  /** Whose learning rates it sets. */
  readonly optimizer: Optimizer;
  /** Learning rates at the start, one for each group. */
  baseLrs: number[];
  /** Epochs gone by; 0 before the first `step()`. */
  lastEpoch: number;
  /** The learning rate of each group as it was set last. */
  lastLr: number[] = [];

  /** The first rates are set by `start`, which a subclass calls when it has its settings. */
  constructor(of: string, optimizer: unknown, lastEpoch = -1) {
    if (!(optimizer instanceof Optimizer))
      throw new ArgumentError(`${of}: expected \`optimizer\` to be an optimiser`);
    this.optimizer = optimizer;
    this.lastEpoch = lastEpoch;
    optimizer.paramGroups.forEach((group, i) => {
      if (lastEpoch === -1) group.initialLr ??= group.lr;
      else if (group.initialLr === undefined) {
        throw new ArgumentError(
          `${of}: \`lastEpoch\` ${lastEpoch} needs a group with \`initialLr\`, which group ${i} has not; load the optimiser's state first`,
        );
      }
    });
    this.baseLrs = optimizer.paramGroups.map((group) => group.initialLr);
  }

  /** Rates at the first epoch. */
  start(): void {
    this.lastEpoch++;
    this.apply(this.firstRates());
  }

  protected firstRates(): number[] {
    return this.rates();
  }

  /** Rates at `lastEpoch`, from those of the epoch before. */
  protected abstract rates(): number[];

  /** Rates of a schedule that begins now (within a SequentialLR). */
  restart(): void {
    this.lastEpoch = 0;
    this.apply(this.restartRates());
  }

  protected restartRates(): number[] {
    return this.baseLrs;
  }

  /** Takes back one step, but not the rates. */
  undo(): void {
    this.lastEpoch--;
  }

  /** Goes on to the next epoch. */
  step(): void {
    this.lastEpoch++;
    this.apply(this.rates());
  }

  protected get groups(): ParamGroup[] {
    return this.optimizer.paramGroups;
  }

  protected currentRates(): number[] {
    return this.groups.map((group) => group.lr);
  }

  protected apply(rates: readonly number[]): void {
    this.groups.forEach((group, i) => {
      group.lr = rates[i];
    });
    this.lastLr = this.currentRates();
  }

  /** The rates that were set last, one for each group. */
  getLastLr(): number[] {
    return [...this.lastLr];
  }

  /** Everything but the optimiser and functions, as plain data. */
  stateDict(): SchedulerState {
    const state: SchedulerState = {};
    for (const [name, value] of Object.entries(this)) {
      if (isState(name, value)) state[snake(name)] = Array.isArray(value) ? [...value] : value;
    }
    return state;
  }

  /**
   * Goes on from what `stateDict()` gave. What this scheduler does not have is passed over.
   *
   * @throws ArgumentError where something is of another kind than it must be; nothing is changed then.
   */
  loadStateDict(state: SchedulerState): void {
    const of = `${this.constructor.name}.loadStateDict`;
    if (typeof state !== "object" || state === null || typeof state.last_epoch !== "number") {
      throw new ArgumentError(`${of}: expected what stateDict() gave`);
    }
    const own = this as unknown as Record<string, unknown>;
    const taken = Object.entries(state).filter(
      ([key]) => Object.hasOwn(own, camel(key)) && isState(camel(key), own[camel(key)]),
    );
    for (const [key, value] of taken) {
      const oneEach = key === "base_lrs" || key === "last_lr";
      if (!sameKind(own[camel(key)], value) || (oneEach && value?.length !== this.groups.length))
        throw new ArgumentError(
          `${of}: expected \`${key}\` to be like ${shownValue(own[camel(key)])}, got ${shownValue(value)}`,
        );
    }
    for (const [key, value] of taken) own[camel(key)] = Array.isArray(value) ? [...value] : value;
  }
}

/** One number for each group, from one or a list. */
export function perGroup<T>(of: string, name: string, optimizer: Optimizer, given: T | readonly T[]): T[] {
  const { length } = optimizer.paramGroups;
  if (!Array.isArray(given)) return new Array<T>(length).fill(given as T);
  if (given.length !== length) {
    throw new ArgumentError(
      `${of}: expected \`${name}\` to have one entry for each of the ${length} groups, got ${given.length}`,
    );
  }
  return [...given];
}
