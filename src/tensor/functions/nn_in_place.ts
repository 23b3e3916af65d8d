/** Activations that put their result in the input's place: `relu_(x)` is `relu(x, { inplace: true })`. */
import type { Tensor } from "../tensor.ts";
import { celu, elu, hardtanh, leakyRelu, selu, threshold } from "./nn_activation.ts";
import { rrelu } from "./nn_random_activation.ts";
import { relu } from "./nn_relu.ts";

function inPlace<F>(call: F): F {
  const change = (input: Tensor, ...rest: unknown[]): Tensor => {
    const result = (call as (...all: unknown[]) => Tensor)(input, ...rest);
    return input.assign(result.value);
  };
  Object.defineProperty(change, "name", { value: `${(call as { name: string }).name}_` });
  return change as F;
}

export const relu_ = inPlace(relu);
export const leakyRelu_ = inPlace(leakyRelu);
export const elu_ = inPlace(elu);
export const selu_ = inPlace(selu);
export const celu_ = inPlace(celu);
export const hardtanh_ = inPlace(hardtanh);
export const threshold_ = inPlace(threshold);
export const rrelu_ = inPlace(rrelu);
