/** An activation with a learned slope. */

import type { DType } from "../../base/dtype.ts";
import { type ArgumentsOf, parameterTable } from "../../base/params/arguments.ts";
import { callable } from "../../base/params/callable.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import * as F from "../functional.ts";
import { filledValue, overwrite } from "../init/initial_values.ts";
import { countArgument, newParameter } from "../module/layer_parameters.ts";
import { Module } from "../module/module.ts";
import type { ParameterTensor } from "../module/parameter.ts";

/** What `PReLU` takes. */
export interface PReLUSettings {
  /** Slopes: one, or one for each channel. @default 1 */
  numParameters?: number;
  /** First value of the slopes. @default 0.25 */
  init?: number;
  /** Dtype of the parameters. @default "float32" */
  dtype?: DType;
}

const PRELU = parameterTable<PReLUSettings>("PReLU")(
  ["numParameters?", "init?:number", "dtype?:dtype"],
  (numParameters = 1, init = 0.25, dtype = "float32") => ({ numParameters, init, dtype }),
);

/** See {@link PReLU}. */
export class PReLULayer extends Module {
  readonly numParameters: number;
  readonly init: number;
  /** Slope for numbers below 0, one or one for each channel. */
  weight: ParameterTensor;

  constructor(...args: ArgumentsOf<typeof PRELU>) {
    super();
    const { numParameters, init, dtype } = PRELU.bind(args);
    this.numParameters = countArgument("PReLU", "numParameters", numParameters);
    this.init = init;
    this.weight = newParameter([numParameters], dtype, init);
  }

  resetParameters(): void {
    overwrite(this.weight, filledValue([this.numParameters], this.weight.dtype, this.init));
  }

  override forward(input: Tensor): Tensor {
    return F.prelu.direct(input, this.weight);
  }

  override extraRepr(): string {
    return `num_parameters=${this.numParameters}`;
  }
}

/**
 * x if it is positive, else a learned slope times x; one slope, or one for each channel.
 *
 * @example
 * ```ts
 * nn.PReLU()(tensor([-2.5, 2])).tolist(); // [-0.625, 2]
 * ```
 */
export const PReLU = callable("PReLU", PReLULayer);
export type PReLU = PReLULayer;
