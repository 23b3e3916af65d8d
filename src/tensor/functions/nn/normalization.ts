/** Normalisation by layer, group, neighbouring channels and length. */

import { isFloating } from "../../../base/dtype.ts";
import { ShapeError } from "../../../base/errors.ts";
import { formatShape, normalizeDim, numel, sameShape } from "../../../base/shape.ts";
import type { Value } from "../../../graph/node.ts";
import { emit } from "../../../graph/node.ts";
import { constant } from "../../../ops/creation.ts";
import { add, cast, div, maximumOp, mul, pow, rsqrtOp } from "../../../ops/elementwise/elementwise.ts";
import { standardize } from "../../../ops/nn/normalization.ts";
import { avgPool2d } from "../../../ops/nn/pooling.ts";
import { mean } from "../../../ops/reduction/reduction.ts";
import { constantPad } from "../../../ops/shape/padding.ts";
import { expand, reshape } from "../../../ops/shape/shape_ops.ts";
import type { InputParameter } from "../../input_parameter.ts";
import { inWideNumbers } from "../../operands.ts";
import { defineCall, Tensor } from "../../tensor.ts";
import { floatingInput, named, numericInput, optionalValue, overNumbers, sizes } from "./arguments.ts";
import { vectorNorm } from "./norm.ts";
import { affine, requireChannels, requireSeveral } from "./normalization_parts.ts";

export interface LayerNormParameters extends InputParameter {
  /** Sizes of those last dimensions. */
  normalizedShape: number | readonly number[];
  /** Factor of each element, of the normalised shape; null for none. */
  weight?: Tensor | null;
  /** Added to each element, of the normalised shape; null for none. */
  bias?: Tensor | null;
  /** A small number that keeps the result finite. @default 1e-5 */
  eps?: number;
}

/**
 * Mean 0 and variance 1 over the last dimensions, then element-wise weight and bias of their shape.
 *
 * Source: J. L. Ba et al., "Layer normalization", 2016.
 *
 * @param normalizedShape - sizes of those last dimensions.
 * @example
 * ```ts
 * nn.functional.layerNorm(tensor([[0.5, 1.5]]), [2]).tolist(); // [[-1.0000, 1.0000]]
 * ```
 */
export const layerNorm = defineCall<LayerNormParameters>("layerNorm")(
  ["input", "normalizedShape", "weight?", "bias?", "eps?:number"],
  (input, normalizedShape, weight, bias, eps = 1e-5) => {
    const x = floatingInput("layerNorm", input);
    const dims = lastDims("layerNorm", x, normalizedShape, [weight, bias]);
    return new Tensor(
      inWideNumbers(x, (wide) => affine("layerNorm", standardize(wide, dims, eps), weight, bias)),
    );
  },
);

export interface RmsNormParameters extends InputParameter {
  /** The last dimensions, over which the mean is taken. */
  normalizedShape: number | readonly number[];
  /** Factor of each element, of the normalised shape; null for none. */
  weight?: Tensor | null;
  /** A small number that keeps the result finite. @default null */
  eps?: number | null;
}

/**
 * x / sqrt(mean(x^2) + eps) * weight over the last dimensions; eps is by default the dtype's epsilon.
 *
 * @example
 * ```ts
 * nn.functional.rmsNorm(tensor([[1.5, -1.5]]), [2]).tolist(); // [[1.0000, -1.0000]]
 * ```
 */
export const rmsNorm = defineCall<RmsNormParameters>("rmsNorm")(
  ["input", "normalizedShape", "weight?", "eps?:number|null"],
  (input, normalizedShape, weight, eps = null) => {
    const x = floatingInput("rmsNorm", input);
    const dims = lastDims("rmsNorm", x, normalizedShape, [weight]);
    return new Tensor(
      inWideNumbers(x, (wide) => {
        const epsilon = constant(eps ?? (x.dtype === "float64" ? 2 ** -52 : 2 ** -23), wide.dtype);
        const scale = emit(rsqrtOp, [add(mean(mul(wide, wide), dims, true), epsilon)]);
        const factors = optionalValue("rmsNorm", weight, "weight");
        const normal = mul(wide, scale);
        return factors === null ? normal : mul(normal, cast(factors, wide.dtype));
      }),
    );
  },
);

function lastDims(of: string, x: Value, given: unknown, parameters: readonly unknown[]): number[] {
  const shape = Array.isArray(given) ? given : [given];
  const first = x.shape.length - shape.length;
  if (shape.length === 0 || first < 0 || !sameShape(x.shape.slice(first), shape)) {
    throw new ShapeError(
      `${named(of)}: expected an input whose last dimensions are ${formatShape(shape)} (normalizedShape), got ${formatShape(x.shape)}`,
    );
  }
  for (const parameter of parameters) {
    if (parameter instanceof Tensor && !sameShape(parameter.shape, shape)) {
      throw new ShapeError(
        `${named(of)}: expected weight and bias of shape ${formatShape(shape)} (normalizedShape), got ${formatShape(parameter.shape)}`,
      );
    }
  }
  return shape.map((_, i) => first + i);
}

export interface GroupNormParameters extends InputParameter {
  /** How many groups the channels are divided into. */
  numGroups: number;
  /** Factor of each channel, [C]; null for none. */
  weight?: Tensor | null;
  /** Added to each channel, [C]; null for none. */
  bias?: Tensor | null;
  /** A small number that keeps the result finite. @default 1e-5 */
  eps?: number;
}

/**
 * Mean 0 and variance 1 over each example's groups of channels, then weight and bias per channel.
 *
 * Source: Y. Wu, K. He, "Group normalization", 2018.
 *
 * @example
 * ```ts
 * nn.functional.groupNorm(randn(8, 6, 5, 5), 3).shape; // [8, 6, 5, 5]
 * ```
 */
export const groupNorm = defineCall<GroupNormParameters>("groupNorm")(
  ["input", "numGroups", "weight?", "bias?", "eps?:number"],
  (input, numGroups, weight, bias, eps = 1e-5) => {
    const of = "groupNorm";
    const x = floatingInput(of, input);
    const [groups] = sizes(of, "numGroups", numGroups, 1, 1);
    if (x.shape.length < 2)
      throw new ShapeError(`${named(of)}: expected an input [N, C, ...], got ${formatShape(x.shape)}`);
    const [batch, channels, ...rest] = x.shape;
    if (channels % groups !== 0) {
      throw new ShapeError(
        `${named(of)}: Expected number of channels in input to be divisible by num_groups, got ${channels} channels in ${formatShape(x.shape)} and ${groups} groups`,
      );
    }
    if (channels === 0 || numel(rest) === 0) {
      throw new ShapeError(
        `${named(of)}: expected an input without empty dimensions but for the batch, got ${formatShape(x.shape)}`,
      );
    }
    requireSeveral(of, "value per channel", (batch * channels * numel(rest)) / groups, x);
    requireChannels(of, x, [weight, bias]);
    const grouped = reshape(x, [batch, groups, channels / groups, ...rest]);
    const perChannel = [1, groups, channels / groups, ...rest.map(() => 1)];
    const y = inWideNumbers(grouped, (wide) => {
      const standard = standardize(wide, wide.shape.map((_, d) => d).slice(2), eps);
      return affine(of, standard, weight, bias, perChannel);
    });
    return new Tensor(reshape(y, x.shape));
  },
);

export interface LocalResponseNormParameters extends InputParameter {
  /** How many neighbouring channels are added up. */
  size: number;
  /** Factor of the sum of squares. @default 1e-4 */
  alpha?: number;
  /** Exponent. @default 0.75 */
  beta?: number;
  /** Added to the sum. @default 1 */
  k?: number;
}

/**
 * x_c / (k + alpha / size * sum of x^2 over the `size` channels around c)^beta.
 *
 * Source: A. Krizhevsky et al., "ImageNet classification with deep convolutional neural networks", 2012,
 * section 3.3 (there without the division by size).
 *
 * @example
 * ```ts
 * nn.functional.localResponseNorm(randn(8, 96, 26, 26), 5, { k: 2 }).shape; // [8, 96, 26, 26]
 * ```
 */
export const localResponseNorm = defineCall<LocalResponseNormParameters>("localResponseNorm")(
  ["input", "size:integers|null", "alpha?:scalar", "beta?:number", "k?:number"],
  (input, size, alpha = 1e-4, beta = 0.75, k = 1) => {
    const of = "localResponseNorm";
    const given = numericInput(of, input);
    const x = isFloating(given.dtype) ? given : cast(given, "float32");
    const [width] = sizes(of, "size", size, 1, 1);
    if (x.shape.length < 3) {
      throw new ShapeError(
        `${named(of)}: expected an input of at least 3 dimensions, got ${formatShape(x.shape)}`,
      );
    }
    if (numel(x.shape) === 0) return new Tensor(mul(given, constant(1, given.dtype)));
    const [batch, channels, ...rest] = x.shape;
    const squares = reshape(mul(given, given), [batch, 1, channels, numel(rest)]);
    const before = Math.floor(width / 2);
    const padded = constantPad(
      squares,
      [
        [0, 0],
        [0, 0],
        [before, width - 1 - before],
        [0, 0],
      ],
      0,
    );
    const plain = { padding: [0, 0], ceilMode: false, countIncludePad: true, divisorOverride: null };
    const pooling = { kernelSize: [width, 1], stride: [1, 1], ...plain };
    const [pooled] = overNumbers(of, [padded], ([squared]) => [avgPool2d(squared as Value, pooling)]);
    const means = cast(reshape(pooled, x.shape), x.dtype);
    const scaled = add(mul(means, constant(alpha, x.dtype)), constant(k, x.dtype));
    return new Tensor(div(x, pow(scaled, constant(beta, x.dtype))));
  },
);

export interface NormalizeParameters extends InputParameter {
  /** Exponent of the norm. @default 2 */
  p?: number;
  /** The dimension. @default 1 */
  dim?: number | readonly number[];
  /** A small number that keeps the result finite. @default 1e-12 */
  eps?: number;
}

/**
 * x / max(norm, eps), the p-norm taken along `dim`.
 *
 * @example
 * ```ts
 * nn.functional.normalize(tensor([[1.5, 2]])).tolist(); // [[0.6, 0.8]]
 * ```
 */
export const normalize = defineCall<NormalizeParameters>("normalize")(
  ["input", "p?:number", "dim?", "eps?:number"],
  (input, p = 2, dim = 1, eps = 1e-12) => {
    const x = floatingInput("normalize", input);
    const given = Array.isArray(dim) ? dim : [dim];
    const dims = given
      .map((d: number) => normalizeDim(d, x.shape.length, named("normalize")))
      .sort((a, b) => a - b);
    const norm = vectorNorm(x, p, x.shape.length === 0 ? [] : dims, true);
    const length = emit(maximumOp, [norm, constant(eps, x.dtype)]);
    return new Tensor(div(x, expand(length, x.shape)));
  },
);
