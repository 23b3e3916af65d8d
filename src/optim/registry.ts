/** Optimisers by name, for settings that come as text. One entry holds everything about one. */
import { Registry } from "../base/registry.ts";
import type { Optimizer } from "./optimizer.ts";
import { Adagrad } from "./optimizers/adagrad.ts";
import { Adam, Adamax, AdamW } from "./optimizers/adam.ts";
import { Adadelta, RMSprop } from "./optimizers/rmsprop.ts";
import { SGD } from "./optimizers/sgd.ts";
import type { ParametersInput } from "./param_groups.ts";

/** Settings of an optimiser that is chosen by name. */
export interface OptimizerSettings {
  /** Learning rate. */
  readonly lr: number;
  /** 0 for those that take none. */
  readonly momentum: number;
  readonly weightDecay: number;
}

/** An optimiser that can be made by name. */
export interface OptimizerEntry {
  /** As on the command line. */
  readonly name: string;
  /** The learning rate when none is named; null: the network's own setting, which is for plain SGD. */
  readonly lr: number | null;
  /** Whether it takes a momentum. */
  readonly takesMomentum: boolean;
  /** Makes it. */
  make(params: ParametersInput, settings: OptimizerSettings): Optimizer;
}

const OPTIMIZERS = new Registry<OptimizerEntry>("optimizer", () => [
  { name: "sgd", lr: null, takesMomentum: true, make: (params, settings) => SGD(params, { ...settings }) },
  withoutMomentum("adam", 0.001, Adam),
  withoutMomentum("adamw", 0.001, AdamW),
  {
    name: "rmsprop",
    lr: 0.01,
    takesMomentum: true,
    make: (params, settings) => RMSprop(params, { ...settings }),
  },
  withoutMomentum("adagrad", 0.01, Adagrad),
  withoutMomentum("adadelta", 1, Adadelta),
  withoutMomentum("adamax", 0.002, Adamax),
]);

function withoutMomentum(
  name: string,
  lr: number,
  make: (params: ParametersInput, options: { lr: number; weightDecay: number }) => Optimizer,
): OptimizerEntry {
  const own = ({ lr, weightDecay }: OptimizerSettings) => ({ lr, weightDecay });
  return { name, lr, takesMomentum: false, make: (params, settings) => make(params, own(settings)) };
}

/**
 * Names of the optimisers that can be made by name.
 *
 * @example
 * ```ts
 * optim.optimizerNames().includes("adamw"); // true
 * ```
 */
export function optimizerNames(): string[] {
  return OPTIMIZERS.names();
}

/**
 * What is known of an optimiser.
 *
 * @throws ArgumentError for a name that does not exist, with the nearest one that does.
 * @example
 * ```ts
 * const { lr } = optim.optimizerEntry("adam");
 * lr; // 0.001
 * ```
 */
export function optimizerEntry(name: string): OptimizerEntry {
  return OPTIMIZERS.get(name);
}

/**
 * Adds an optimiser, which `--optimizer` takes from then on.
 *
 * @throws ArgumentError for a name that is taken.
 * @example
 * ```ts
 * optim.registerOptimizer({
 *   name: "nesterov",
 *   lr: 0.1,
 *   takesMomentum: true,
 *   make: (params, { lr, momentum, weightDecay }) => optim.SGD(params, { lr, momentum, weightDecay, nesterov: momentum > 0 }),
 * });
 * ```
 */
export function registerOptimizer(entry: OptimizerEntry): void {
  OPTIMIZERS.add(entry);
}
