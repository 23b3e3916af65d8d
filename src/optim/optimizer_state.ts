/** An optimiser's settings and memory as data, in PyTorch's structure. */
import { arrayFrom, numbersOf, type TypedArray } from "../base/dtype.ts";
import { StateDictError } from "../base/errors.ts";
import { formatShape, sameShape } from "../base/shape.ts";
import { shownValue } from "../base/shown_value.ts";
import { constantValue } from "../graph/node.ts";
import { Tensor } from "../tensor/tensor.ts";
import { aliasOf } from "../tensor/views/cell.ts";
import type { Optimizer, ParameterState } from "./optimizer.ts";
import type { ParamGroup } from "./param_groups.ts";
import { camel, isPlainName, sameKind, snake } from "./stored_settings.ts";

export interface OptimizerState {
  /** By the parameter's position over all groups. */
  state: Record<string, Record<string, Tensor | number>>;
  param_groups: ({ params: number[] } & Record<string, any>)[];
}

export function readState(optimizer: Optimizer): OptimizerState {
  const state: OptimizerState["state"] = {};
  let position = 0;
  const param_groups = optimizer.paramGroups.map(({ params, ...settings }) => {
    const indices = params.map((param) => {
      const index = position++;
      const held = optimizer.state.get(param);
      if (held !== undefined && Object.keys(held).length > 0) {
        state[index] = Object.fromEntries(
          Object.entries(held).map(([key, value]) => [key, value instanceof Tensor ? value.detach() : value]),
        );
      }
      return index;
    });
    const named = Object.entries(settings).map(([name, value]) => [
      snake(name),
      Array.isArray(value) ? [...value] : value,
    ]);
    return { ...Object.fromEntries(named), params: indices };
  });
  return { state, param_groups };
}

/** @param check - throws an ArgumentError for a group whose settings are outside of their range. */
export function writeState(
  optimizer: Optimizer,
  given: OptimizerState,
  check: (group: ParamGroup) => void,
): void {
  const of = `${optimizer.constructor.name}.loadStateDict`;
  const groups = given?.param_groups;
  if (!Array.isArray(groups) || typeof given.state !== "object" || given.state === null) {
    throw new StateDictError(`${of}: expected what stateDict() gave: { state, param_groups }`);
  }
  const have = optimizer.paramGroups.map(({ params }) => params.length);
  const got = groups.map((group) => (Array.isArray(group?.params) ? group.params.length : 0));
  if (have.length !== got.length || have.some((count, i) => count !== got[i])) {
    throw new StateDictError(
      `${of}: expected groups of ${counts(have)} parameters, got ${counts(got) || "none"}; the state belongs to another model`,
    );
  }
  const params = optimizer.paramGroups.flatMap((group) => group.params);
  const indices = groups.flatMap((group) => group.params);
  // All is checked before anything is changed.
  const states = params.map((param, i) => copyState(of, stateAt(given.state, indices[i]), param));
  const settings = optimizer.paramGroups.map((group, i) => settingsOf(of, groups[i], group));
  optimizer.paramGroups.forEach((group, i) => {
    check({ ...group, ...settings[i] });
  });
  params.forEach((param, i) => {
    const state = states[i];
    if (state === undefined) optimizer.state.delete(param);
    else optimizer.state.set(param, state);
  });
  optimizer.paramGroups.forEach((group, i) => {
    Object.assign(group, settings[i]);
  });
}

/** Only what the state holds itself: an index out of a file may be anything. */
function stateAt(state: OptimizerState["state"], index: unknown): unknown {
  return Object.hasOwn(state, String(index)) ? state[String(index)] : undefined;
}

/** A group's settings, each of the kind that the optimiser has under this name; what it does not know is kept. */
function settingsOf(of: string, given: Record<string, unknown>, group: ParamGroup): Record<string, unknown> {
  const { params: _params, ...rest } = given;
  const taken = Object.entries(rest).map(([key, value]): [string, unknown] => {
    const name = camel(key);
    const known: unknown = Object.hasOwn(group, name) ? group[name] : undefined;
    const length = Array.isArray(known) && Array.isArray(value) ? known.length - value.length : 0;
    if (!isPlainName(name) || !sameKind(known, value) || length !== 0) {
      const wanted = Array.isArray(known) ? `a list of ${known.length} numbers` : `a ${typeof known}`;
      throw new StateDictError(
        `${of}: expected \`${key}\` of a group to be ${isPlainName(name) ? wanted : "a name"}, got ${shownValue(value)}`,
      );
    }
    return [name, Array.isArray(value) ? [...value] : value];
  });
  return Object.fromEntries(taken);
}

function copyState(of: string, state: unknown, param: Tensor): ParameterState | undefined {
  if (state === undefined) return undefined;
  if (typeof state !== "object" || state === null)
    throw new StateDictError(
      `${of}: expected the state of a parameter to be an object, got ${shownValue(state)}`,
    );
  // PyTorch writes down a buffer that there is not as null.
  const entries = Object.entries(state).filter(([, value]) => value !== null);
  return Object.fromEntries(entries.map(([key, value]) => [key, copyEntry(of, key, value, param)]));
}

function copyEntry(of: string, key: string, value: unknown, param: Tensor): Tensor | number {
  if (key === "step") return countOf(of, value);
  if (!(value instanceof Tensor) || !isPlainName(key))
    throw new StateDictError(`${of}: expected \`${key}\` to be a tensor, got ${shownValue(value)}`);
  if (!sameShape(value.shape, param.shape)) {
    throw new StateDictError(
      `${of}: expected \`${key}\` of shape ${formatShape(param.shape)}, got ${formatShape(value.shape)}`,
    );
  }
  const { data } = value.value;
  if (data === null) return copyOfPending(value);
  const copy = arrayFrom(param.dtype, numbersOf(value.dtype, data));
  return new Tensor(constantValue(copy, param.shape, param.dtype));
}

/** Steps done. PyTorch keeps them in a tensor. */
function countOf(of: string, value: unknown): number {
  const inTensor = value instanceof Tensor && value.numel() === 1 && value.value.data !== null;
  const count = inTensor ? numbersOf(value.dtype, value.value.data as TypedArray)[0] : value;
  if (typeof count === "number" && Number.isFinite(count) && count >= 0) return count;
  throw new StateDictError(`${of}: expected \`step\` to be a number of at least 0, got ${shownValue(count)}`);
}

/** A tensor of its own with contents that are not here: in-place changes of one do not reach the other. */
function copyOfPending(tensor: Tensor): Tensor {
  return new Tensor(aliasOf(tensor.value));
}

/** `2, 3`: the number of parameters in each group. */
function counts(groups: readonly number[]): string {
  return shownValue(groups).slice(1, -1);
}
