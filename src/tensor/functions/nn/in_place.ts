/** Activations that put their result in the input's place: `relu_(x)` is `relu(x, { inplace: true })`. */
import type { Call } from "../../../base/params/call_types.ts";
import { Tensor } from "../../tensor.ts";
import { celu, elu, hardtanh, leakyRelu, selu, threshold } from "./activation.ts";
import { rrelu } from "./random_activation.ts";
import { relu } from "./relu.ts";

/** An activation called by the one rule; its result goes to where its input came from. */
function inPlace<Doc extends { input: Tensor }, N extends readonly string[], P extends readonly unknown[]>(
  call: Call<Doc, N, P, Tensor>,
): Call<Doc, N, P, Tensor> {
  const changing =
    (compute: (...args: any) => Tensor) =>
    (...args: readonly unknown[]): Tensor => {
      const result = compute(...args);
      const input = args[0] instanceof Tensor ? args[0] : (args[0] as Doc).input;
      return input.assign(result.value);
    };
  const change = changing(call);
  Object.defineProperty(change, "name", { value: `${call.name}_` });
  return Object.assign(change, { direct: changing(call.direct) }) as Call<Doc, N, P, Tensor>;
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
