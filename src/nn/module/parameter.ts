/** Tensors that are trained. */

import { ArgumentError } from "../../base/errors.ts";
import { callable } from "../../base/params/callable.ts";
import { Value } from "../../graph/node.ts";
import { Tensor } from "../../tensor/tensor.ts";

/** See {@link Parameter}. */
export class ParameterTensor extends Tensor {
  /**
   * @param data - its first contents (a Value, inside the library, is taken over).
   * @param requiresGrad - whether it is trained.
   */
  constructor(data: Tensor | Value, requiresGrad = true) {
    if (!(data instanceof Tensor || data instanceof Value)) {
      throw new ArgumentError("Parameter: expected `data` to be a Tensor");
    }
    super(data instanceof Tensor ? data.lendMemory() : data);
    if (requiresGrad) this.requiresGrad_();
  }

  /** @internal */
  override get isParameter(): boolean {
    return true;
  }
}

/**
 * A tensor that a module trains: assigned to a property of a module it appears among its parameters. It shares memory
 * with the tensor that it is made from.
 *
 * @example
 * ```ts
 * class Scale extends nn.Module {
 *   gamma = nn.Parameter(ones(1, 6, 1, 1));
 *
 *   override forward(input: Tensor): Tensor {
 *     return input.mul(this.gamma);
 *   }
 * }
 * [...new Scale().parameters()].length; // 1
 * ```
 */
export const Parameter = callable("Parameter", ParameterTensor);
export type Parameter = ParameterTensor;
