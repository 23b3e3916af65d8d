/** Fully connected layers. */

import type { DType } from "../../base/dtype.ts";
import { type ArgumentsOf, parameterTable } from "../../base/params/arguments.ts";
import { callable } from "../../base/params/callable.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import * as F from "../functional.ts";
import { overwrite, uniformValue } from "../init/initial_values.ts";
import { countArgument, newParameter } from "../module/layer_parameters.ts";
import { Module } from "../module/module.ts";
import { py } from "../module/module_text.ts";
import type { ParameterTensor } from "../module/parameter.ts";

/** What `Linear` takes. */
export interface LinearSettings {
  /** Size of the last dimension of the input. */
  inFeatures: number;
  /** Size of the last dimension of the output. */
  outFeatures: number;
  /** Whether a bias is added. @default true */
  bias?: boolean;
  /** Dtype of the parameters. @default "float32" */
  dtype?: DType;
}

export const LINEAR = parameterTable<LinearSettings>("Linear")(
  ["inFeatures", "outFeatures", "bias?:boolean", "dtype?:dtype"],
  (inFeatures, outFeatures, bias = true, dtype = "float32") => ({ inFeatures, outFeatures, bias, dtype }),
);

/** See {@link Linear}. */
export class LinearLayer extends Module {
  /** Size of the last dimension of the input. */
  inFeatures: number;
  /** Size of the last dimension of the output. */
  readonly outFeatures: number;
  /** What the layer multiplies by. */
  declare weight: ParameterTensor;
  /** What the layer adds; null without. */
  declare bias: ParameterTensor | null;

  constructor(...args: ArgumentsOf<typeof LINEAR>) {
    super();
    const { inFeatures, outFeatures, bias, dtype } = LINEAR.bind(args);
    this.inFeatures = countArgument("Linear", "inFeatures", inFeatures, 0);
    this.outFeatures = countArgument("Linear", "outFeatures", outFeatures, 0);
    this.makeParameters(bias, dtype);
  }

  /** @internal Takes the size of the input and makes the parameters. */
  setInputSize(size: number): void {
    this.inFeatures = size;
    this.makeParameters(this.bias !== null, this.weight.dtype);
  }

  protected makeParameters(bias: boolean, dtype: DType): void {
    this.weight = newParameter([this.outFeatures, this.inFeatures], dtype);
    this.bias = bias ? newParameter([this.outFeatures], dtype) : null;
    this.resetParameters();
  }

  /** Draws the weights again: U(-b, b) with b = 1 / sqrt(inFeatures), for weight and bias. */
  resetParameters(): void {
    const bound = this.inFeatures > 0 ? 1 / Math.sqrt(this.inFeatures) : 0;
    overwrite(this.weight, uniformValue(this.weight.value, -bound, bound));
    if (this.bias !== null) overwrite(this.bias, uniformValue(this.bias.value, -bound, bound));
  }

  override forward(input: Tensor): Tensor {
    return F.linear.direct(input, this.weight, this.bias);
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
 * nn.Linear(400, 120)(randn(256, 400)).shape; // [256, 120]
 * ```
 */
export const Linear = callable("Linear", LinearLayer);
export type Linear = LinearLayer;

/** What `Bilinear` takes. */
export interface BilinearSettings {
  /** Size of the last dimension of the first input. */
  in1Features: number;
  /** Size of the last dimension of the second input. */
  in2Features: number;
  /** Size of the last dimension of the output. */
  outFeatures: number;
  /** Whether a bias is added. @default true */
  bias?: boolean;
  /** Dtype of the parameters. @default "float32" */
  dtype?: DType;
}

const BILINEAR = parameterTable<BilinearSettings>("Bilinear")(
  ["in1Features", "in2Features", "outFeatures", "bias?:boolean", "dtype?:dtype"],
  (in1Features, in2Features, outFeatures, bias = true, dtype = "float32") => {
    return { in1Features, in2Features, outFeatures, bias, dtype };
  },
);

/** See {@link Bilinear}. */
export class BilinearLayer extends Module {
  readonly in1Features: number;
  readonly in2Features: number;
  /** Size of the last dimension of the output. */
  readonly outFeatures: number;
  /** What the layer multiplies by. */
  weight: ParameterTensor;
  /** What the layer adds; null without. */
  bias: ParameterTensor | null;

  constructor(...args: ArgumentsOf<typeof BILINEAR>) {
    super();
    const { in1Features, in2Features, outFeatures, bias, dtype } = BILINEAR.bind(args);
    this.in1Features = countArgument("Bilinear", "in1Features", in1Features);
    this.in2Features = countArgument("Bilinear", "in2Features", in2Features);
    this.outFeatures = countArgument("Bilinear", "outFeatures", outFeatures);
    this.weight = newParameter([outFeatures, in1Features, in2Features], dtype);
    this.bias = bias ? newParameter([outFeatures], dtype) : null;
    this.resetParameters();
  }

  /** Draws the weights again: U(-b, b) with b = 1 / sqrt(in1Features). */
  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.in1Features);
    overwrite(this.weight, uniformValue(this.weight.value, -bound, bound));
    if (this.bias !== null) overwrite(this.bias, uniformValue(this.bias.value, -bound, bound));
  }

  override forward(input1: Tensor, input2: Tensor): Tensor {
    return F.bilinear.direct(input1, input2, this.weight, this.bias);
  }

  override extraRepr(): string {
    const { in1Features, in2Features, outFeatures } = this;
    return `in1_features=${in1Features}, in2_features=${in2Features}, out_features=${outFeatures}, bias=${py(this.bias !== null)}`;
  }
}

/**
 * y = x1^T A x2 + b for each output feature.
 *
 * @example
 * ```ts
 * nn.Bilinear(4, 5, 6)(randn(8, 4), randn(8, 5)).shape; // [8, 6]
 * ```
 */
export const Bilinear = callable("Bilinear", BilinearLayer);
export type Bilinear = BilinearLayer;
