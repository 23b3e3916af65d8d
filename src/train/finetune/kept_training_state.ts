/** Everything that training steps change, kept to be put back to the last bit. */

import { isPlainObject } from "../../base/builtin_kinds.ts";
import type { TypedArray } from "../../base/dtype.ts";
import { constantValue } from "../../graph/node.ts";
import type { Module } from "../../nn/index.ts";
import { overwrite } from "../../nn/init/initial_values.ts";
import { keepModes } from "../../nn/module/modes.ts";
import { defaultSession } from "../../runtime/runtime.ts";
import type { Generator } from "../../tensor/random_state.ts";
import { getRngState, setRngState } from "../../tensor/random_state.ts";
import { Tensor } from "../../tensor/tensor.ts";
import type { OptimizerLike } from "../loop/fit_options.ts";

/**
 * Keeps weights, buffers and modes of a network, the gradients that its parameters hold, an optimiser's settings and
 * state, and where the random numbers are (also those of `generator`).
 *
 * @returns what puts all of it back.
 */
export async function keepTrainingState(
  net: Module,
  optimizer: OptimizerLike,
  generator: Generator | null,
): Promise<() => void> {
  const restoreModes = keepModes(net);
  const tensors = [...net.parameters(), ...net.buffers()];
  const contents = await Promise.all(tensors.map(async (one) => (await elementsOf(one)).slice()));
  const gradients = net.parameters().map((parameter) => [parameter, parameter.grad] as const);
  const optimizerState = await copied(optimizer.stateDict());
  const { keepGradients } = optimizer;
  const random = getRngState();
  const ownRandom = generator?.getState();
  return () => {
    tensors.forEach((one, i) => {
      overwrite(one, constantValue(contents[i], [...one.shape], one.dtype));
    });
    for (const [parameter, gradient] of gradients) parameter.grad = gradient;
    optimizer.loadStateDict(optimizerState);
    if (keepGradients !== undefined) optimizer.keepGradients = keepGradients;
    if (ownRandom !== undefined) generator?.setState(ownRandom);
    setRngState(random);
    restoreModes();
  };
}

/** As they are stored: `data()` would widen 16-bit floats. */
function elementsOf(tensor: Tensor): Promise<TypedArray> {
  return defaultSession().fetch(tensor.value);
}

/** A tensor of the same contents, which no step changes. */
export async function copyOf(tensor: Tensor): Promise<Tensor> {
  const { shape, dtype } = tensor;
  return new Tensor(constantValue((await elementsOf(tensor)).slice(), [...shape], dtype));
}

/** A state with tensors of its own, which no step changes. */
async function copied(value: unknown): Promise<unknown> {
  if (value instanceof Tensor) return copyOf(value);
  if (Array.isArray(value)) return Promise.all(value.map(copied));
  if (!isPlainObject(value)) return value;
  const entries = Object.entries(value).map(async ([name, one]) => [name, await copied(one)] as const);
  return Object.fromEntries(await Promise.all(entries));
}
