/** The base of the learning rate schedulers. */
import { ArgumentError } from "../../base/errors.ts";
import { guardFromProxies, markOriginal } from "../../base/params/callable.ts";
import { printAs } from "../../base/printed_form.ts";
import { shownValue } from "../../base/shown_value.ts";
import { Optimizer } from "../optimizer.ts";
import type { ParamGroup } from "../param_groups.ts";
import { camel, sameKind, snake } from "../stored_settings.ts";

/** Settings and position of a scheduler, as plain data with PyTorch's names. */
export type SchedulerState = Record<string, any>;

/** What the schedulers of epochs or steps take. */
export interface ScheduleSettings {
  /** Whose learning rates are set. */
  optimizer: Optimizer;
  /** The epoch to go on from, with an optimiser whose state has been loaded; -1 for a new schedule. @default -1 */
  lastEpoch?: number;
}

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

  /**
   * The first rates are set by `start`, which a subclass calls when it has its settings.
   *
   * @param rates - by name, the rates that take the place of the groups' own before a schedule begins.
   */
  constructor(
    of: string,
    optimizer: unknown,
    lastEpoch = -1,
    rates?: Readonly<Record<string, number | readonly number[]>>,
  ) {
    markOriginal(this);
    if (!(optimizer instanceof Optimizer))
      throw new ArgumentError(`${of}: expected \`optimizer\` to be an optimiser`);
    this.optimizer = optimizer;
    this.lastEpoch = lastEpoch;
    for (const [name, given] of Object.entries(lastEpoch === -1 ? (rates ?? {}) : {})) {
      numbersPerGroup(of, name, optimizer, given).forEach((rate, i) => {
        optimizer.paramGroups[i].lr = rate;
      });
    }
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

  /** @internal Rates at the first epoch. */
  start(): void {
    this.goTo(this.lastEpoch + 1, () => this.firstRates());
  }

  protected firstRates(): number[] {
    return this.rates();
  }

  /** Rates at `lastEpoch`, from those of the epoch before. */
  protected abstract rates(): number[];

  /** @internal Rates of a schedule that begins now (within a SequentialLR). */
  restart(): void {
    this.goTo(0, () => this.restartRates());
  }

  protected restartRates(): number[] {
    return this.baseLrs;
  }

  /** @internal Takes back one step, but not the rates. */
  undo(): void {
    this.lastEpoch--;
  }

  /** Goes on to the next epoch. */
  step(): void {
    this.goTo(this.lastEpoch + 1, () => this.rates());
  }

  /** Goes to an epoch and sets its rates; when that throws, it stays where it was. */
  protected goTo(epoch: number, rates: () => readonly number[]): void {
    this.requireGroups();
    const before = this.lastEpoch;
    this.lastEpoch = epoch;
    try {
      this.apply(rates());
    } catch (error) {
      this.lastEpoch = before;
      throw error;
    }
  }

  /**
   * Numbers of its own for each parameter group, by name: there must be as many as there are groups. A schedule that
   * only multiplies the rates that it finds has none, and takes in groups that are added later, as PyTorch's do.
   */
  protected ownNumbers(): Readonly<Record<string, readonly unknown[]>> {
    return { baseLrs: this.baseLrs };
  }

  /** @throws ArgumentError when groups were added to the optimiser, or taken away, since this schedule was made. */
  protected requireGroups(): void {
    const { length } = this.groups;
    for (const own of Object.values(this.ownNumbers())) {
      if (own.length === length) continue;
      const of = this.constructor.name;
      throw new ArgumentError(
        `${of}: the optimiser has ${countOf(length)} now, and had ${own.length} when this schedule was made; ` +
          `call addParamGroup before making the schedule, or make a new ${of} for all groups`,
      );
    }
  }

  protected get groups(): ParamGroup[] {
    return this.optimizer.paramGroups;
  }

  protected currentRates(): number[] {
    return this.groups.map((group) => group.lr);
  }

  protected apply(rates: readonly number[]): void {
    const { length } = this.groups;
    const bad = rates.findIndex((rate) => !Number.isFinite(rate));
    if (bad !== -1 || rates.length !== length) {
      const of = `${this.constructor.name}: at epoch ${this.lastEpoch}`;
      throw new ArgumentError(
        bad === -1
          ? `${of} there are rates for ${countOf(rates.length)}, and the optimiser has ${length}`
          : `${of} the rate of group ${bad} would be ${shownValue(rates[bad])}; expected a finite number. ` +
              "Check the schedule's settings and functions",
      );
    }
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
   * @throws ArgumentError when something is of another kind than it must be, or belongs to another number of groups;
   * nothing is changed then.
   */
  loadStateDict(state: SchedulerState): void {
    const own = this as unknown as Record<string, unknown>;
    for (const [key, value] of this.checkedState(state))
      own[camel(key)] = Array.isArray(value) ? [...value] : value;
  }

  /** @internal What of a state this scheduler takes over. */
  checkedState(state: SchedulerState): [key: string, value: unknown][] {
    const of = `${this.constructor.name}.loadStateDict`;
    if (typeof state !== "object" || state === null || typeof state.last_epoch !== "number") {
      throw new ArgumentError(`${of}: expected what stateDict() gave`);
    }
    const own = this as unknown as Record<string, unknown>;
    const taken = Object.entries(state).filter(
      ([key]) => Object.hasOwn(own, camel(key)) && isState(camel(key), own[camel(key)]),
    );
    for (const [key, value] of taken) {
      const known = own[camel(key)];
      if (!sameKind(known, value) || !this.#isOneEach(key, value, known))
        throw new ArgumentError(
          `${of}: expected \`${key}\` to be like ${shownValue(known)}, got ${shownValue(value)}`,
        );
    }
    return taken;
  }

  /** Whether a list of numbers for the groups has as many as there are groups. */
  #isOneEach(key: string, value: unknown, known: unknown): boolean {
    const { length } = Array.isArray(value) ? value : [];
    if (key === "last_lr" && length === this.groups.length) return true;
    const oneEach = key === "base_lrs" || key === "last_lr" || camel(key) in this.ownNumbers();
    return !oneEach || length === (known as unknown[]).length;
  }
}

guardFromProxies(Scheduler);
printAs(Scheduler, (scheduler) => {
  const settings = Object.entries(scheduler)
    .filter(([name, value]) => isState(name, value) && typeof value !== "object")
    .map(([name, value]) => `${name}=${value}`);
  return `${scheduler.constructor.name}(${[...settings, `lastLr=[${scheduler.lastLr.join(", ")}]`].join(", ")})`;
});

function countOf(groups: number): string {
  return `${groups} parameter ${groups === 1 ? "group" : "groups"}`;
}

/** {@link perGroup} for finite numbers. */
export function numbersPerGroup(
  of: string,
  name: string,
  optimizer: Optimizer,
  given: number | readonly number[],
): number[] {
  const numbers = perGroup(of, name, optimizer, given);
  const bad = numbers.find((one) => !Number.isFinite(one));
  if (bad === undefined) return numbers;
  throw new ArgumentError(`${of}: expected \`${name}\` to be finite numbers, got ${shownValue(bad)}`);
}

/** One value for each group, from one or a list. */
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
