/** Activations that put their result in the input's place: `relu_(x)` is `relu(x, { inplace: true })`. */
import type { Tensor } from "../../tensor.ts";
import { celu, elu, hardtanh, leakyRelu, selu, threshold } from "./activation.ts";
import { rrelu } from "./random_activation.ts";
import { relu } from "./relu.ts";

function inPlace<F>(call: F): F {
  const change = (input: Tensor, ...rest: unknown[]): Tensor => {
    const result = (call as (...all: unknown[]) => Tensor)(input, ...rest);
    return input.assign(result.value);
  };
  Object.defineProperty(change, "name", { value: `${(call as { name: string }).name}_` });
  return change as F;
}

/**
 * `relu` with the result in the input's place, as `relu(x, { inplace: true })`.
 *
 * @example
 * ```ts
 * const values = tensor([-1.5, 2]);
 * nn.functional.relu_(values);
 * values.tolist(); // [0, 2]
 * ```
 */
export const relu_ = inPlace(relu);
/**
 * `leakyRelu` with the result in the input's place.
 *
 * @example
 * ```ts
 * nn.functional.leakyRelu_(tensor([-1.5, 2]), 0.1).tolist(); // [-0.15, 2]
 * ```
 */
export const leakyRelu_ = inPlace(leakyRelu);
/**
 * `elu` with the result in the input's place.
 *
 * @example
 * ```ts
 * nn.functional.elu_(tensor([-1.5, 2])).tolist(); // [-0.77687, 2]
 * ```
 */
export const elu_ = inPlace(elu);
/**
 * `selu` with the result in the input's place.
 *
 * @example
 * ```ts
 * nn.functional.selu_(tensor([-1.5, 2])).tolist(); // [-1.36581, 2.10140]
 * ```
 */
export const selu_ = inPlace(selu);
/**
 * `celu` with the result in the input's place.
 *
 * @example
 * ```ts
 * nn.functional.celu_(tensor([-1.5, 2])).tolist(); // [-0.77687, 2]
 * ```
 */
export const celu_ = inPlace(celu);
/**
 * `hardtanh` with the result in the input's place.
 *
 * @example
 * ```ts
 * nn.functional.hardtanh_(tensor([-1.5, 0.5])).tolist(); // [-1, 0.5]
 * ```
 */
export const hardtanh_ = inPlace(hardtanh);
/**
 * `threshold` with the result in the input's place.
 *
 * @example
 * ```ts
 * nn.functional.threshold_(tensor([0.5, 2]), 1, 20).tolist(); // [20, 2]
 * ```
 */
export const threshold_ = inPlace(threshold);
/**
 * `rrelu` with the result in the input's place.
 *
 * @example
 * ```ts
 * nn.functional.rrelu_(tensor([-1.5, 2]), 0.1, 0.1).tolist(); // [-0.15, 2]
 * ```
 */
export const rrelu_ = inPlace(rrelu);
