/** Fully connected layers. */
import { bindArguments, signature } from "../base/arguments.ts";
import { callable } from "../base/callable.ts";
import type { DType } from "../base/dtype.ts";
import type { Tensor } from "../tensor/tensor.ts";
import * as F from "./functional.ts";
import { overwrite, uniformValue } from "./initial_values.ts";
import { countArgument, newParameter } from "./layer_parameters.ts";
import { Module } from "./module.ts";
import { py } from "./module_text.ts";
import type { ParameterTensor } from "./parameter.ts";

interface LinearOptions {
  bias?: boolean;
  dtype?: DType;
}

type LinearArguments =
  | [inFeatures: number, outFeatures: number, bias?: boolean, options?: { dtype?: DType }]
  | [inFeatures: number, outFeatures: number, options?: LinearOptions]
  | [options: LinearOptions & { inFeatures: number; outFeatures: number }];

const SIGNATURE = signature("Linear", ["inFeatures", "outFeatures", "bias?", "dtype?"]);

/** See {@link Linear}. */
export class LinearLayer extends Module {
  inFeatures: number;
  readonly outFeatures: number;
  declare weight: ParameterTensor;
  declare bias: ParameterTensor | null;

  constructor(...args: LinearArguments) {
    super();
    const { inFeatures, outFeatures, bias = true, dtype = "float32" } = bindArguments(SIGNATURE, args);
    this.inFeatures = countArgument("Linear", "inFeatures", inFeatures, 0);
    this.outFeatures = countArgument("Linear", "outFeatures", outFeatures, 0);
    this.makeParameters(bias, dtype);
  }

  protected makeParameters(bias: boolean, dtype: DType): void {
    this.weight = newParameter([this.outFeatures, this.inFeatures], dtype);
    this.bias = bias ? newParameter([this.outFeatures], dtype) : null;
    this.resetParameters();
  }

  /** Draws the weights anew: U(-b, b) with b = 1 / sqrt(inFeatures), for weight and bias. */
  resetParameters(): void {
    const bound = this.inFeatures > 0 ? 1 / Math.sqrt(this.inFeatures) : 0;
    overwrite(this.weight, uniformValue(this.weight.value, -bound, bound));
    if (this.bias !== null) overwrite(this.bias, uniformValue(this.bias.value, -bound, bound));
  }

  override forward(input: Tensor): Tensor {
    return F.linear(input, this.weight, this.bias);
  }

  override extraRepr(): string {
    return `in_features=${this.inFeatures}, out_features=${this.outFeatures}, bias=${py(this.bias !== null)}`;
  }
}

/**
 * y = x A^T + b over the last dimension.
 *
 * @param inFeatures - size of the last dimension of the input.
 * @param outFeatures - size of the last dimension of the output.
 * @param bias - whether b is added (default true).
 * @example
 * ```ts
 * nn.Linear(400, 120)(x); // [N, 400] -> [N, 120]
 * ```
 */
export const Linear = callable("Linear", LinearLayer);
export type Linear = LinearLayer;
