/** Normalisation within each example. */
import { bindArguments, signature } from "../../base/arguments.ts";
import { callable } from "../../base/callable.ts";
import type { DType } from "../../base/dtype.ts";
import { ArgumentError } from "../../base/errors.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import * as F from "../functional.ts";
import { filledValue, overwrite } from "../init/initial_values.ts";
import { defineLayer } from "../module/layer.ts";
import { countArgument, newParameter } from "../module/layer_parameters.ts";
import { Module } from "../module/module.ts";
import { py, pyFloat } from "../module/module_text.ts";
import type { ParameterTensor } from "../module/parameter.ts";

/** Weight 1 and bias 0, where there are any. */
function resetAffine(weight: ParameterTensor | null, bias: ParameterTensor | null): void {
  if (weight !== null) overwrite(weight, filledValue(weight.shape, weight.dtype, 1));
  if (bias !== null) overwrite(bias, filledValue(bias.shape, bias.dtype, 0));
}

interface LayerNormOptions {
  eps?: number;
  elementwiseAffine?: boolean;
  bias?: boolean;
  dtype?: DType;
}
type LayerNormArguments =
  | [normalizedShape: number | readonly number[], eps?: number, elementwiseAffine?: boolean, bias?: boolean]
  | [normalizedShape: number | readonly number[], options?: LayerNormOptions]
  | [normalizedShape: number | readonly number[], eps: number, options?: LayerNormOptions]
  | [options: LayerNormOptions & { normalizedShape: number | readonly number[] }];
const LAYER_NORM = signature("LayerNorm", [
  "normalizedShape",
  "eps?",
  "elementwiseAffine?",
  "bias?",
  "dtype?",
]);

/** See {@link LayerNorm}. */
export class LayerNormLayer extends Module {
  readonly normalizedShape: number[];
  /** Added to the variance, against division by 0. */
  readonly eps: number;
  readonly elementwiseAffine: boolean;
  /** What the layer multiplies by. */
  weight: ParameterTensor | null;
  /** What the layer adds; null without. */
  bias: ParameterTensor | null;

  constructor(...args: LayerNormArguments) {
    super();
    const bound = bindArguments(LAYER_NORM, args);
    const { normalizedShape, eps = 1e-5, elementwiseAffine = true, bias = true, dtype = "float32" } = bound;
    this.normalizedShape = Array.isArray(normalizedShape) ? [...normalizedShape] : [normalizedShape];
    for (const size of this.normalizedShape) countArgument("LayerNorm", "normalizedShape", size);
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
    return F.layerNorm(input, normalizedShape, { weight, bias, eps });
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

interface RMSNormOptions {
  eps?: number | null;
  elementwiseAffine?: boolean;
  dtype?: DType;
}
type RMSNormArguments =
  | [normalizedShape: number | readonly number[], eps?: number | null, elementwiseAffine?: boolean]
  | [normalizedShape: number | readonly number[], options?: RMSNormOptions]
  | [options: RMSNormOptions & { normalizedShape: number | readonly number[] }];
const RMS_NORM = signature("RMSNorm", [
  "normalizedShape",
  "eps?:number|null",
  "elementwiseAffine?",
  "dtype?",
]);

/** See {@link RMSNorm}. */
export class RMSNormLayer extends Module {
  readonly normalizedShape: number[];
  /** Added to the variance, against division by 0. */
  readonly eps: number | null;
  readonly elementwiseAffine: boolean;
  /** What the layer multiplies by. */
  weight: ParameterTensor | null;

  constructor(...args: RMSNormArguments) {
    super();
    const {
      normalizedShape,
      eps = null,
      elementwiseAffine = true,
      dtype = "float32",
    } = bindArguments(RMS_NORM, args);
    this.normalizedShape = Array.isArray(normalizedShape) ? [...normalizedShape] : [normalizedShape];
    for (const size of this.normalizedShape) countArgument("RMSNorm", "normalizedShape", size);
    this.eps = eps;
    this.elementwiseAffine = elementwiseAffine;
    this.weight = elementwiseAffine ? newParameter(this.normalizedShape, dtype, 1) : null;
  }

  resetParameters(): void {
    resetAffine(this.weight, null);
  }

  override forward(input: Tensor): Tensor {
    return F.rmsNorm(input, this.normalizedShape, { weight: this.weight, eps: this.eps });
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
 * @param eps - the smallest step of the dtype where it is null.
 * @example
 * ```ts
 * nn.RMSNorm(120)(randn(8, 10, 120)).shape; // [8, 10, 120]
 * ```
 */
export const RMSNorm = callable("RMSNorm", RMSNormLayer);
export type RMSNorm = RMSNormLayer;

interface GroupNormOptions {
  eps?: number;
  affine?: boolean;
  bias?: boolean;
  dtype?: DType;
}
type GroupNormArguments =
  | [numGroups: number, numChannels: number, eps?: number, affine?: boolean]
  | [numGroups: number, numChannels: number, options?: GroupNormOptions]
  | [options: GroupNormOptions & { numGroups: number; numChannels: number }];
const GROUP_NORM = signature("GroupNorm", ["numGroups", "numChannels", "eps?", "affine?", "bias?", "dtype?"]);

/** See {@link GroupNorm}. */
export class GroupNormLayer extends Module {
  readonly numGroups: number;
  readonly numChannels: number;
  /** Added to the variance, against division by 0. */
  readonly eps: number;
  /** Whether the layer has weight and bias. */
  readonly affine: boolean;
  /** What the layer multiplies by. */
  weight: ParameterTensor | null;
  /** What the layer adds; null without. */
  bias: ParameterTensor | null;

  constructor(...args: GroupNormArguments) {
    super();
    const bound = bindArguments(GROUP_NORM, args);
    const { numGroups, numChannels, eps = 1e-5, affine = true, bias = true, dtype = "float32" } = bound;
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
    return F.groupNorm(input, numGroups, { weight, bias, eps });
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
 * @throws ArgumentError where the groups do not divide the channels.
 * @example
 * ```ts
 * nn.GroupNorm(3, 6)(randn(8, 6, 24, 24)).shape; // [8, 6, 24, 24]
 * ```
 */
export const GroupNorm = callable("GroupNorm", GroupNormLayer);
export type GroupNorm = GroupNormLayer;

export interface LocalResponseSettings {
  size: number;
  alpha: number;
  beta: number;
  k: number;
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
export const LocalResponseNorm = defineLayer<
  | [size: number, alpha?: number, beta?: number, k?: number]
  | [size: number, options?: Partial<LocalResponseSettings>]
  | [options: Partial<LocalResponseSettings> & { size: number }],
  LocalResponseSettings
>("LocalResponseNorm", ["size", "alpha?", "beta?", "k?:number"], {
  defaults: { alpha: 1e-4, beta: 0.75, k: 1 },
  forward: ({ size, alpha, beta, k }, input: Tensor) => F.localResponseNorm(input, size, { alpha, beta, k }),
  describe: (s) => `${s.size}, alpha=${py(s.alpha)}, beta=${py(s.beta)}, k=${pyFloat(s.k)}`,
});
export type LocalResponseNorm = InstanceType<typeof LocalResponseNorm>;
