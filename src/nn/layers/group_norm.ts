/** Normalisation within each example. */

import type { DType } from "../../base/dtype.ts";
import { ArgumentError } from "../../base/errors.ts";
import { type ArgumentsOf, parameterTable } from "../../base/params/arguments.ts";
import { callable } from "../../base/params/callable.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import * as F from "../functional.ts";
import { filledValue, overwrite } from "../init/initial_values.ts";
import { defineLayer } from "../module/layer.ts";
import { countArgument, newParameter } from "../module/layer_parameters.ts";
import { Module } from "../module/module.ts";
import { py, pyFloat } from "../module/module_text.ts";
import type { ParameterTensor } from "../module/parameter.ts";

/** Weight 1 and bias 0, if there are any. */
function resetAffine(weight: ParameterTensor | null, bias: ParameterTensor | null): void {
  if (weight !== null) overwrite(weight, filledValue(weight.shape, weight.dtype, 1));
  if (bias !== null) overwrite(bias, filledValue(bias.shape, bias.dtype, 0));
}

/** What `LayerNorm` takes. */
export interface LayerNormSettings {
  /** Sizes of the last dimensions, which are normalised together. */
  normalizedShape: number | readonly number[];
  /** Added to the variance, against division by 0. @default 1e-5 */
  eps?: number;
  /** Whether each element has a weight (and a bias) of its own. @default true */
  elementwiseAffine?: boolean;
  /** Whether there is a bias beside the weight. @default true */
  bias?: boolean;
  /** Dtype of the parameters. @default "float32" */
  dtype?: DType;
}

const LAYER_NORM = parameterTable<LayerNormSettings>("LayerNorm")(
  ["normalizedShape", "eps?:number", "elementwiseAffine?:boolean", "bias?:boolean", "dtype?:dtype"],
  (normalizedShape, eps = 1e-5, elementwiseAffine = true, bias = true, dtype = "float32") => {
    return { normalizedShape, eps, elementwiseAffine, bias, dtype };
  },
);

/** The sizes as a list of their own. */
function checkedShape(of: string, given: number | readonly number[]): number[] {
  const shape = typeof given === "object" && Array.isArray(given) ? [...given] : [given as number];
  for (const size of shape) countArgument(of, "normalizedShape", size);
  return shape;
}

/** See {@link LayerNorm}. */
export class LayerNormLayer extends Module {
  /** Sizes of the last dimensions, which are normalised together. */
  readonly normalizedShape: number[];
  /** Added to the variance, against division by 0. */
  readonly eps: number;
  /** Whether each element has a weight of its own. */
  readonly elementwiseAffine: boolean;
  /** What the layer multiplies by. */
  weight: ParameterTensor | null;
  /** What the layer adds; null without. */
  bias: ParameterTensor | null;

  constructor(...args: ArgumentsOf<typeof LAYER_NORM>) {
    super();
    const { normalizedShape, eps, elementwiseAffine, bias, dtype } = LAYER_NORM.bind(args);
    this.normalizedShape = checkedShape("LayerNorm", normalizedShape);
    this.eps = eps;
    this.elementwiseAffine = elementwiseAffine;
    this.weight = elementwiseAffine ? newParameter(this.normalizedShape, dtype, 1) : null;
    this.bias = elementwiseAffine && bias ? newParameter(this.normalizedShape, dtype) : null;
  }

  resetParameters(): void {
    resetAffine(this.weight, this.bias);
  }

  override forward(input: Tensor): Tensor {
    const { normalizedShape, weight, bias, eps } = this;
    return F.layerNorm.direct(input, normalizedShape, weight, bias, eps);
  }

  override extraRepr(): string {
    return (
      `${py(this.normalizedShape)}, eps=${py(this.eps)}, elementwise_affine=${py(this.elementwiseAffine)}, ` +
      `bias=${py(this.bias !== null)}`
    );
  }
}

/**
 * Normalises over the last dimensions, which have the shape `normalizedShape`.
 *
 * Source: J. L. Ba, J. R. Kiros, G. E. Hinton, "Layer normalization", 2016.
 *
 * @example
 * ```ts
 * nn.LayerNorm(120)(randn(8, 10, 120)).shape; // [8, 10, 120]
 * ```
 */
export const LayerNorm = callable("LayerNorm", LayerNormLayer);
export type LayerNorm = LayerNormLayer;

/** What `RMSNorm` takes. */
export interface RMSNormSettings {
  /** Sizes of the last dimensions, which are normalised together. */
  normalizedShape: number | readonly number[];
  /** Added to the mean square, against division by 0; null for the smallest step of the dtype. @default null */
  eps?: number | null;
  /** Whether each element has a weight (and a bias) of its own. @default true */
  elementwiseAffine?: boolean;
  /** Dtype of the parameters. @default "float32" */
  dtype?: DType;
}

const RMS_NORM = parameterTable<RMSNormSettings>("RMSNorm")(
  ["normalizedShape", "eps?:number|null", "elementwiseAffine?:boolean", "dtype?:dtype"],
  (normalizedShape, eps = null, elementwiseAffine = true, dtype = "float32") => {
    return { normalizedShape, eps, elementwiseAffine, dtype };
  },
);

/** See {@link RMSNorm}. */
export class RMSNormLayer extends Module {
  /** Sizes of the last dimensions, which are normalised together. */
  readonly normalizedShape: number[];
  /** Added to the variance, against division by 0. */
  readonly eps: number | null;
  /** Whether each element has a weight of its own. */
  readonly elementwiseAffine: boolean;
  /** What the layer multiplies by. */
  weight: ParameterTensor | null;

  constructor(...args: ArgumentsOf<typeof RMS_NORM>) {
    super();
    const { normalizedShape, eps, elementwiseAffine, dtype } = RMS_NORM.bind(args);
    this.normalizedShape = checkedShape("RMSNorm", normalizedShape);
    this.eps = eps;
    this.elementwiseAffine = elementwiseAffine;
    this.weight = elementwiseAffine ? newParameter(this.normalizedShape, dtype, 1) : null;
  }

  resetParameters(): void {
    resetAffine(this.weight, null);
  }

  override forward(input: Tensor): Tensor {
    return F.rmsNorm.direct(input, this.normalizedShape, this.weight, this.eps);
  }

  override extraRepr(): string {
    return `${py(this.normalizedShape)}, eps=${py(this.eps)}, elementwise_affine=${py(this.elementwiseAffine)}`;
  }
}

/**
 * Divides by the root of the mean square over the last dimensions.
 *
 * Source: B. Zhang, R. Sennrich, "Root mean square layer normalization", NeurIPS 2019.
 *
 * @param eps - the smallest step of the dtype if it is null.
 * @example
 * ```ts
 * nn.RMSNorm(120)(randn(8, 10, 120)).shape; // [8, 10, 120]
 * ```
 */
export const RMSNorm = callable("RMSNorm", RMSNormLayer);
export type RMSNorm = RMSNormLayer;

/** What `GroupNorm` takes. */
export interface GroupNormSettings {
  /** Groups of channels that are normalised together; they divide the number of channels. */
  numGroups: number;
  /** Channels of the input. */
  numChannels: number;
  /** Added to the variance, against division by 0. @default 1e-5 */
  eps?: number;
  /** Whether each channel has a weight (and a bias). @default true */
  affine?: boolean;
  /** Whether there is a bias beside the weight. @default true */
  bias?: boolean;
  /** Dtype of the parameters. @default "float32" */
  dtype?: DType;
}

const GROUP_NORM = parameterTable<GroupNormSettings>("GroupNorm")(
  ["numGroups", "numChannels", "eps?:number", "affine?:boolean", "bias?:boolean", "dtype?:dtype"],
  (numGroups, numChannels, eps = 1e-5, affine = true, bias = true, dtype = "float32") => {
    return { numGroups, numChannels, eps, affine, bias, dtype };
  },
);

/** See {@link GroupNorm}. */
export class GroupNormLayer extends Module {
  /** Groups of channels that are normalised together. */
  readonly numGroups: number;
  /** Channels of the input. */
  readonly numChannels: number;
  /** Added to the variance, against division by 0. */
  readonly eps: number;
  /** Whether the layer has weight and bias. */
  readonly affine: boolean;
  /** What the layer multiplies by. */
  weight: ParameterTensor | null;
  /** What the layer adds; null without. */
  bias: ParameterTensor | null;

  constructor(...args: ArgumentsOf<typeof GROUP_NORM>) {
    super();
    const { numGroups, numChannels, eps, affine, bias, dtype } = GROUP_NORM.bind(args);
    this.numGroups = countArgument("GroupNorm", "numGroups", numGroups);
    this.numChannels = countArgument("GroupNorm", "numChannels", numChannels);
    if (numChannels % numGroups !== 0) {
      throw new ArgumentError(
        `GroupNorm: expected \`numChannels\` to be divisible by \`numGroups\`, got ${numChannels} and ${numGroups}`,
      );
    }
    this.eps = eps;
    this.affine = affine;
    this.weight = affine ? newParameter([numChannels], dtype, 1) : null;
    this.bias = affine && bias ? newParameter([numChannels], dtype) : null;
  }

  resetParameters(): void {
    resetAffine(this.weight, this.bias);
  }

  override forward(input: Tensor): Tensor {
    const { numGroups, weight, bias, eps } = this;
    return F.groupNorm.direct(input, numGroups, weight, bias, eps);
  }

  override extraRepr(): string {
    return (
      `${this.numGroups}, ${this.numChannels}, eps=${py(this.eps)}, affine=${py(this.affine)}, ` +
      `bias=${py(this.bias !== null)}`
    );
  }
}

/**
 * Normalises groups of channels of each example.
 *
 * Source: Y. Wu, K. He, "Group normalization", ECCV 2018.
 *
 * @throws ArgumentError if the groups do not divide the channels.
 * @example
 * ```ts
 * nn.GroupNorm(3, 6)(randn(8, 6, 24, 24)).shape; // [8, 6, 24, 24]
 * ```
 */
export const GroupNorm = callable("GroupNorm", GroupNormLayer);
export type GroupNorm = GroupNormLayer;

/** What `LocalResponseNorm` takes. */
export interface LocalResponseSettings {
  /** How many neighbouring channels are summed. */
  size: number;
  /** Factor of the sum of squares, over `size`. @default 1e-4 */
  alpha?: number;
  /** Exponent of the divisor. @default 0.75 */
  beta?: number;
  /** Added to the sum. @default 1 */
  k?: number;
}

/**
 * Divides each element by (k + alpha / size * sum of squares over `size` neighbouring channels)^beta.
 *
 * Source: A. Krizhevsky, I. Sutskever, G. E. Hinton, "ImageNet classification with deep convolutional neural
 * networks", NIPS 2012, section 3.3.
 *
 * @example
 * ```ts
 * nn.LocalResponseNorm(5, { k: 2 })(randn(8, 96, 26, 26)).shape; // [8, 96, 26, 26]
 * ```
 */
export const LocalResponseNorm = defineLayer(
  parameterTable<LocalResponseSettings>("LocalResponseNorm")(
    ["size:integers|null", "alpha?:scalar", "beta?:number", "k?:number"],
    (size, alpha = 1e-4, beta = 0.75, k = 1) => ({ size, alpha, beta, k }),
  ),
  {
    forward: ({ size, alpha, beta, k }, input: Tensor) =>
      F.localResponseNorm.direct(input, size, alpha, beta, k),
    describe: (s) => `${s.size}, alpha=${py(s.alpha)}, beta=${py(s.beta)}, k=${pyFloat(s.k)}`,
  },
);
export type LocalResponseNorm = InstanceType<typeof LocalResponseNorm>;
