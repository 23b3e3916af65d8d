/** An optimiser's settings and memory as data, in PyTorch's structure. */
import { arrayFrom, numbersOf } from "../base/dtype.ts";
import { StateDictError } from "../base/errors.ts";
import { formatShape, sameShape } from "../base/shape.ts";
import { constantValue } from "../graph/node.ts";
import { aliasOf, Tensor } from "../tensor/tensor.ts";
import type { Optimizer, ParameterState } from "./optimizer.ts";

export interface OptimizerState {
  /** By the parameter's position over all groups. */
  state: Record<string, Record<string, Tensor | number>>;
  param_groups: ({ params: number[] } & Record<string, any>)[];
}

const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const camel = (name: string) => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

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

export function writeState(optimizer: Optimizer, given: OptimizerState): void {
  const of = `${optimizer.constructor.name}.loadStateDict`;
  const groups = given?.param_groups;
  if (!Array.isArray(groups) || typeof given.state !== "object" || given.state === null) {
    throw new StateDictError(`${of}: expected what stateDict() gave: { state, param_groups }`);
  }
  const have = optimizer.paramGroups.map(({ params }) => params.length);
  const got = groups.map(({ params }) => params?.length ?? 0);
  if (have.length !== got.length || have.some((count, i) => count !== got[i])) {
    throw new StateDictError(
      `${of}: expected groups of ${have.join(", ")} parameters, got ${got.join(", ") || "none"}; the state belongs to another model`,
    );
  }
  const params = optimizer.paramGroups.flatMap((group) => group.params);
  const indices = groups.flatMap((group) => group.params);
  // All is checked before anything is changed.
  const states = params.map((param, i) => copyState(of, given.state[String(indices[i])], param));
  params.forEach((param, i) => {
    const state = states[i];
    if (state === undefined) optimizer.state.delete(param);
    else optimizer.state.set(param, state);
  });
  optimizer.paramGroups.forEach((group, i) => {
    const { params: _params, ...settings } = groups[i];
    for (const [name, value] of Object.entries(settings))
      group[camel(name)] = Array.isArray(value) ? [...value] : value;
  });
}

function copyState(of: string, state: ParameterState | undefined, param: Tensor): ParameterState | undefined {
  if (state === undefined) return undefined;
  const copied: ParameterState = {};
  for (const [key, value] of Object.entries(state)) {
    if (!(value instanceof Tensor)) {
      copied[key] = value;
      continue;
    }
    const { data } = value.value;
    if (value.numel() === 1 && key === "step" && data !== null) {
      // PyTorch keeps the count of steps in a tensor.
      copied[key] = numbersOf(value.dtype, data)[0];
      continue;
    }
    if (!sameShape(value.shape, param.shape)) {
      throw new StateDictError(
        `${of}: expected \`${key}\` of shape ${formatShape(param.shape)}, got ${formatShape(value.shape)}`,
      );
    }
    copied[key] =
      data === null
        ? copyOfPending(value)
        : new Tensor(
            constantValue(arrayFrom(param.dtype, numbersOf(value.dtype, data)), param.shape, param.dtype),
          );
  }
  return copied;
}

/** A tensor of its own with contents that are not here: in-place changes of one do not reach the other. */
function copyOfPending(tensor: Tensor): Tensor {
  return new Tensor(aliasOf(tensor.value));
}
