/** The base of the optimisers: parameter groups, state, and the step as one run. */

import type { DType } from "../base/dtype.ts";
import { allocateArray, arrayFrom, isHalf } from "../base/dtype.ts";
import { requireRange } from "../base/params/argument_kinds.ts";
import { guardFromProxies, markOriginal } from "../base/params/callable.ts";
import { printAs } from "../base/printed_form.ts";
import { numel } from "../base/shape.ts";
import { constantValue, insideCall, setGradientMode, type Value } from "../graph/node.ts";
import { add, cast, mul, neg } from "../ops/elementwise/elementwise.ts";
import type { StateOwner } from "../runtime/run.ts";
import { defaultSession, runningSession } from "../runtime/runtime.ts";
import { enableGrad } from "../tensor/autograd.ts";
import { noteStep } from "../tensor/carried_gradients.ts";
import { scalarValue } from "../tensor/operands.ts";
import { Tensor } from "../tensor/tensor.ts";
import { type OptimizerState, readState, writeState } from "./optimizer_state.ts";
import { groupOf, groupsOf, type ParamGroup, type ParamGroupInput, requireAllNamed } from "./param_groups.ts";

/** What an optimiser remembers of one parameter, under PyTorch's keys. */
export type ParameterState = Record<string, Tensor | number>;

/**
 * Numbers that may change from step to step, as inputs of the step's program. Parameters of a group share them:
 * one input for each role and number.
 */
export class StepNumbers {
  readonly #values = new Map<string, Value>();

  get(role: string, number: number, dtype: DType): Value {
    const key = `${role} ${dtype} ${number}`;
    let value = this.#values.get(key);
    if (value === undefined) {
      value = scalarValue(number, dtype);
      this.#values.set(key, value);
    }
    return value;
  }
}

/** Everything that the update of one parameter may look at. */
export interface Update {
  readonly value: Value;
  readonly grad: Value;
  readonly group: ParamGroup;
  readonly state: ParameterState;
  /** A number of this step, in the dtype of `value`. */
  number(role: string, number: number): Value;
  /** A remembered tensor of the parameter's shape; `start` everywhere at first. */
  remembered(key: string, start?: number): Remembered;
}

/** What an optimiser keeps from step to step. */
export interface Remembered {
  readonly value: Value;
  assign(value: Value): void;
}

/** The number of steps that have been made with a parameter, this one included. */
export function countStep(state: ParameterState): number {
  const step = Number(state.step ?? 0) + 1;
  state.step = step;
  return step;
}

/**
 * What a parameter is moved against: its gradient, with the other sign if the group has `maximize`, plus
 * `weightDecay` times the parameter.
 */
export function descentDirection(
  { value, grad, group, number }: Update,
  weightDecay: number = group.weightDecay,
): Value {
  const direction = group.maximize ? neg(grad) : grad;
  return weightDecay === 0 ? direction : add(direction, mul(number("weightDecay", weightDecay), value));
}

/**
 * Changes parameters along their gradients. `step()` sends forward pass, backward pass and update to the engine
 * as one program and returns at once.
 *
 * @example
 * ```ts
 * const state = optimizer.stateDict();
 * optimizer.loadStateDict(state);
 * optimizer.paramGroups[0].lr = 0.01;
 * ```
 */
export abstract class Optimizer {
  /** Parameters and their settings; `lr` and the like may be changed between steps. */
  paramGroups: ParamGroup[];
  /** What is remembered of each parameter. */
  readonly state = new Map<Tensor, ParameterState>();
  /**
   * Whether `parameter.grad` can still be read after `step()`. Training that does not look at gradients saves
   * their memory by switching it off.
   */
  keepGradients = true;
  /** Settings of groups that do not name their own. */
  readonly defaults: Readonly<Record<string, any>>;
  /** Memory that was made for a step which could not be taken: the next one finds it, as it was at its start. */
  readonly #unused = new WeakMap<Tensor, ParameterState>();

  constructor(params: unknown, defaults: Readonly<Record<string, any>>) {
    markOriginal(this);
    const of = this.constructor.name;
    this.defaults = defaults;
    this.paramGroups = groupsOf(of, params, defaults);
    for (const group of this.paramGroups) this.checkGroup(group);
    // Initial values that are still to be computed must not become part of the first step.
    if (runningSession()?.hasPendingCommits) defaultSession().submit([]);
  }

  /** Throws an ArgumentError for settings outside of their range. */
  protected checkGroup(group: ParamGroup): void {
    this.requireNoneBelow0(group, "lr");
  }

  /** @throws ArgumentError if one of these settings is below 0. */
  protected requireNoneBelow0(group: ParamGroup, ...names: string[]): void {
    for (const name of names)
      requireRange(this.constructor.name, name, group[name], (x) => x >= 0, "at least 0");
  }

  /** New contents of a parameter. Remembered tensors are changed with `assign`. */
  protected abstract update(of: Update): Value;

  /** Adds a group with settings of its own, for instance layers that are no longer frozen. */
  addParamGroup(group: ParamGroupInput): void {
    const taken = new Set(this.paramGroups.flatMap((one) => one.params));
    const added = groupOf(this.constructor.name, group, this.defaults, taken);
    this.checkGroup(added);
    requireAllNamed(this.constructor.name, [...this.paramGroups, added]);
    this.paramGroups.push(added);
  }

  /** Forgets the gradients, or (`setToNone` false) sets them to zero. */
  zeroGrad(options: boolean | { setToNone?: boolean } = {}): void {
    const setToNone = typeof options === "boolean" ? options : (options.setToNone ?? true);
    for (const { params } of this.paramGroups) {
      for (const param of params) {
        if (param.grad === null) continue;
        param.grad = setToNone ? null : filledLike(param);
      }
    }
  }

  /**
   * One step: changes every parameter that has a gradient; if none has, nothing. Nothing is waited for, unless what it
   * returns is awaited: then until at most two steps are under way.
   *
   * @param closure - computes the loss again, calls `backward()` and returns the loss, which `step` returns.
   */
  step(): PromiseLike<void>;
  step<T>(closure: () => T): T;
  step<T>(closure?: () => T): T | PromiseLike<void> {
    const loss = closure === undefined ? undefined : enableGrad(closure);
    const trained: Tensor[] = [];
    const states = new Map(
      this.paramGroups.flatMap(({ params }) =>
        params.map((param) => [param, copyOf(this.state.get(param))] as const),
      ),
    );
    const before = setGradientMode(false);
    try {
      insideCall(() => {
        for (const group of this.paramGroups) this.#updateGroup(group, trained);
      });
      for (const param of trained) this.#keepOrFreeGradient(param);
    } finally {
      setGradientMode(before);
    }
    const owners = trained.map(({ cell }) => cell);
    const result = closure === undefined ? new Progress(owners) : (loss as T);
    if (trained.length === 0) return result;
    noteStep(this.constructor.name, (trained[0].grad as Tensor).value);
    try {
      defaultSession().submit([], { owners });
    } catch (error) {
      this.#restoreStates(states);
      throw error;
    }
    return result;
  }

  #updateGroup(group: ParamGroup, trained: Tensor[]): void {
    const numbers = new StepNumbers();
    for (const param of group.params) {
      if (param.grad === null) continue;
      trained.push(param);
      defaultSession().requestDeviceBuffer(param.cell);
      let state = this.state.get(param);
      if (state === undefined) {
        state = {};
        this.state.set(param, state);
      }
      // Parameters of 16 bits are updated in 32 and rounded once.
      const dtype = isHalf(param.dtype) ? "float32" : param.dtype;
      const next = this.update({
        value: cast(param.value, dtype),
        grad: cast(param.grad.value, dtype),
        group,
        state,
        number: (role, number) => numbers.get(role, number, dtype),
        remembered: (key, start = 0) =>
          inDType(
            dtype,
            remembered(state, key, () => this.#takeUnused(param, key) ?? filledLike(param, start)),
          ),
      });
      param.assign(cast(next, param.dtype));
    }
  }

  /** The gradient stays readable, in the same buffer at every step, or is freed. */
  #keepOrFreeGradient(param: Tensor): void {
    const { cell } = param.grad as Tensor;
    if (cell.value.isMaterialised) return;
    if (this.keepGradients) defaultSession().commit(cell, cell.value);
    else defaultSession().gradients.forget(cell);
  }

  /** Restores the optimiser's state as it was before a step that does not fit the engine's memory. */
  #restoreStates(before: ReadonlyMap<Tensor, ParameterState | undefined>): void {
    for (const [param, known] of before) {
      const unused = this.#unused.get(param) ?? {};
      for (const [key, one] of Object.entries(this.state.get(param) ?? {}))
        if (one instanceof Tensor && known?.[key] === undefined) unused[key] = one;
      this.#unused.set(param, unused);
      if (known === undefined) this.state.delete(param);
      else this.state.set(param, known);
    }
  }

  #takeUnused(param: Tensor, key: string): Tensor | number | undefined {
    const unused = this.#unused.get(param);
    const found = unused?.[key];
    if (unused !== undefined) delete unused[key];
    return found;
  }

  /**
   * Settings and state, in PyTorch's structure: parameters by their position over all groups, keys in snake
   * case. The tensors share memory with the optimiser.
   */
  stateDict(): OptimizerState {
    return readState(this);
  }

  /**
   * Takes over settings and state that `stateDict()` gave, of an optimiser with the same groups.
   *
   * Nothing is changed if an error is thrown.
   *
   * @throws StateDictError if the groups do not have the same numbers of parameters, or something in the state is
   *   of another kind or shape than it must be; ArgumentError for a setting outside of its range.
   */
  loadStateDict(stateDict: OptimizerState): void {
    writeState(this, stateDict, (group) => this.checkGroup(group));
  }

  /** The groups and their settings, as PyTorch prints them. */
  toString(): string {
    const groups = this.paramGroups.map((group, i) => {
      const { params: _params, ...settings } = group;
      const lines = Object.entries(settings).map(
        ([name, value]) => `    ${name}: ${Array.isArray(value) ? `[${value.join(", ")}]` : String(value)}`,
      );
      return `Parameter Group ${i}\n${lines.join("\n")}`;
    });
    return `${this.constructor.name} (\n${groups.join("\n\n")}\n)`;
  }
}

guardFromProxies(Optimizer);
printAs(Optimizer, (optimizer) => optimizer.toString(), "save(optimizer.stateDict(), path) keeps its state");

/** What `step` returns: a promise that is made when it is awaited. */
class Progress implements PromiseLike<void> {
  readonly #owners: readonly StateOwner[];

  constructor(owners: readonly StateOwner[]) {
    this.#owners = owners;
  }

  // biome-ignore lint/suspicious/noThenProperty: it is there to be awaited.
  then<A = void, B = never>(
    resolved?: ((value: void) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return defaultSession().caughtUp(this.#owners).then(resolved, rejected);
  }
}

/** A tensor of the optimiser's memory, seen and set in a dtype that may be wider than its own. */
function inDType(dtype: DType, tensor: Tensor): Remembered {
  return {
    value: cast(tensor.value, dtype),
    assign: (value) => void tensor.assign(cast(value, tensor.dtype)),
  };
}

function remembered(state: ParameterState, key: string, make: () => Tensor | number): Tensor {
  const tensor = (state[key] ?? make()) as Tensor;
  defaultSession().requestDeviceBuffer(tensor.cell);
  state[key] = tensor;
  return tensor;
}

function copyOf(state: ParameterState | undefined): ParameterState | undefined {
  return state && { ...state };
}

/** A tensor of a parameter's shape and dtype, one number everywhere. */
export function filledLike(param: Tensor, number = 0): Tensor {
  const { shape, dtype } = param.cell.value;
  const data = allocateArray(dtype, numel(shape));
  if (number !== 0) data.fill(arrayFrom(dtype, [number])[0]);
  return new Tensor(constantValue(data, [...shape], dtype));
}
