/** Normalisation by batch, layer, group, instance and neighbouring channels. */
import { ArgumentError, ConvoyantError, ShapeError } from "../../base/errors.ts";
import { formatShape, normalizeDim, numel, sameShape } from "../../base/shape.ts";
import type { Value } from "../../graph/node.ts";
import { emit } from "../../graph/node.ts";
import { constant, full } from "../../ops/creation.ts";
import { add, div, maximumOp, mul, pow, rsqrtOp } from "../../ops/elementwise.ts";
import { batchNormInference, batchNormTraining, standardize } from "../../ops/normalization.ts";
import { constantPad } from "../../ops/padding.ts";
import { avgPool2d } from "../../ops/pooling.ts";
import { mean } from "../../ops/reduction.ts";
import { expand, reshape } from "../../ops/shape_ops.ts";
import { noGrad } from "../autograd.ts";
import { defineFunction } from "../define.ts";
import { scalarValue } from "../operands.ts";
import { Tensor, valueOf } from "../tensor.ts";
import { floatingInput, named, optionalValue, sizes } from "./nn_arguments.ts";
import { vectorNorm } from "./nn_norm.ts";

export interface BatchNorm {
  (
    input: Tensor,
    runningMean: Tensor | null,
    runningVar: Tensor | null,
    weight?: Tensor | null,
    bias?: Tensor | null,
    training?: boolean,
    momentum?: number,
    eps?: number,
  ): Tensor;
  (
    input: Tensor,
    runningMean: Tensor | null,
    runningVar: Tensor | null,
    options: { weight?: Tensor | null; bias?: Tensor | null; training?: boolean; momentum?: number; eps?: number },
  ): Tensor;
}

/**
 * Batch normalisation: (x - mean) / sqrt(variance + eps) * weight + bias, per channel (dimension 1).
 *
 * In training, mean and biased variance are those of the batch, and the running ones are moved in place:
 * running = (1 - momentum) running + momentum new, with the unbiased variance. Otherwise the running ones are
 * used.
 *
 * @param input - [N, C, ...].
 * @throws ShapeError for a single value per channel in training: it has no variance.
 *
 * Source: S. Ioffe, C. Szegedy, "Batch normalization", ICML 2015.
 */
export const batchNorm = defineFunction<BatchNorm>(
  "batchNorm",
  ["input", "runningMean", "runningVar", "weight?", "bias?", "training?", "momentum?", "eps?"],
  ({ input, runningMean, runningVar, weight, bias, training = false, momentum = 0.1, eps = 1e-5 }) => {
    const of = "batchNorm";
    const x = floatingInput(of, input);
    const [w, b] = [optionalValue(of, weight, "weight"), optionalValue(of, bias, "bias")];
    if (training) return trainedBatchNorm(of, x, w, b, runningMean, runningVar, momentum, eps);
    const average = optionalValue(of, runningMean, "runningMean");
    const variance = optionalValue(of, runningVar, "runningVar");
    if (average === null || variance === null) {
      throw new ArgumentError(`${named(of)}: expected runningMean and runningVar where training is false, got none`);
    }
    return new Tensor(naming(of, () => batchNormInference(x, average, variance, w, b, eps)));
  },
);

function trainedBatchNorm(
  of: string,
  x: Value,
  weight: Value | null,
  bias: Value | null,
  runningMean: Tensor | null | undefined,
  runningVar: Tensor | null | undefined,
  momentum: number,
  eps: number,
): Tensor {
  if (x.shape.length < 2) throw new ShapeError(`${named(of)}: expected an input [N, C, ...], got ${formatShape(x.shape)}`);
  const channels = x.shape[1];
  const count = numel(x.shape) / Math.max(channels, 1);
  requireSeveral(of, "value per channel", count, x);
  const scale = weight ?? full([channels], 1, x.dtype);
  const shift = bias ?? full([channels], 0, x.dtype);
  const [y, average, variance] = naming(of, () => batchNormTraining(x, scale, shift, eps));
  moveRunning(of, runningMean, "runningMean", average, momentum);
  moveRunning(of, runningVar, "runningVar", variance, momentum, count);
  return new Tensor(y);
}

/** running = (1 - momentum) running + momentum * fresh; `count` makes a biased variance unbiased. */
function moveRunning(
  of: string,
  running: Tensor | null | undefined,
  argument: string,
  fresh: Value,
  momentum: number,
  count?: number,
): void {
  if (running === null || running === undefined) return;
  const held = valueOf(running, argument, named(of));
  if (!sameShape(held.shape, fresh.shape)) {
    throw new ShapeError(
      `${named(of)}: expected ${argument} of shape ${formatShape(fresh.shape)}, one number per channel, got ${formatShape(held.shape)}`,
    );
  }
  noGrad(() => {
    const { dtype } = held;
    const unbiased = count === undefined ? fresh : mul(fresh, constant(count / (count - 1), dtype));
    const kept = mul(held, scalarValue(1 - momentum, dtype));
    running.assign(add(kept, mul(unbiased, scalarValue(momentum, dtype))));
  });
}

function requireSeveral(of: string, what: string, count: number, x: Value): void {
  if (count !== 1) return;
  throw new ShapeError(
    `${named(of)}: Expected more than 1 ${what} when training, got input size ${formatShape(x.shape)}; ` +
      "use a larger batch (dropLast for the last one) or eval()",
  );
}

/** Puts the function's name in front of errors that do not begin with it. */
function naming<T>(of: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (error instanceof ConvoyantError) {
      const text = error.message.replace(/^batchNormTraining( \([^)]*\))?: /, "");
      error.message = text.startsWith(of) ? text : `${named(of)}: ${text}`;
    }
    throw error;
  }
}

export interface LayerNorm {
  (input: Tensor, normalizedShape: number | readonly number[], weight?: Tensor | null, bias?: Tensor | null, eps?: number): Tensor;
  (input: Tensor, normalizedShape: number | readonly number[], options: { weight?: Tensor | null; bias?: Tensor | null; eps?: number }): Tensor;
}

/**
 * Mean 0 and variance 1 over the last dimensions, then element-wise weight and bias of their shape.
 *
 * @param normalizedShape - sizes of those last dimensions.
 *
 * Source: J. L. Ba et al., "Layer normalization", 2016.
 */
export const layerNorm = defineFunction<LayerNorm>(
  "layerNorm",
  ["input", "normalizedShape", "weight?", "bias?", "eps?"],
  ({ input, normalizedShape, weight, bias, eps = 1e-5 }) => {
    const x = floatingInput("layerNorm", input);
    const dims = lastDims("layerNorm", x, normalizedShape, [weight, bias]);
    return new Tensor(affine("layerNorm", standardize(x, dims, eps), weight, bias));
  },
);

export interface RmsNorm {
  (input: Tensor, normalizedShape: number | readonly number[], weight?: Tensor | null, eps?: number | null): Tensor;
  (input: Tensor, normalizedShape: number | readonly number[], options: { weight?: Tensor | null; eps?: number | null }): Tensor;
}

/** x / sqrt(mean(x^2) + eps) * weight over the last dimensions; eps is by default the dtype's epsilon. */
export const rmsNorm = defineFunction<RmsNorm>(
  "rmsNorm",
  ["input", "normalizedShape", "weight?", "eps?"],
  ({ input, normalizedShape, weight, eps = null }) => {
    const x = floatingInput("rmsNorm", input);
    const dims = lastDims("rmsNorm", x, normalizedShape, [weight]);
    const epsilon = constant(eps ?? (x.dtype === "float64" ? 2 ** -52 : 2 ** -23), x.dtype);
    const scale = emit(rsqrtOp, [add(mean(mul(x, x), dims, true), epsilon)]);
    return new Tensor(affine("rmsNorm", mul(x, scale), weight, null));
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

function affine(of: string, x: Value, weight: unknown, bias: unknown, shape?: readonly number[]): Value {
  const [w, b] = [optionalValue(of, weight, "weight"), optionalValue(of, bias, "bias")];
  const placed = (v: Value): Value => (shape === undefined ? v : reshape(v, shape));
  const scaled = w === null ? x : mul(x, placed(w));
  return b === null ? scaled : add(scaled, placed(b));
}

export interface GroupNorm {
  (input: Tensor, numGroups: number, weight?: Tensor | null, bias?: Tensor | null, eps?: number): Tensor;
  (input: Tensor, numGroups: number, options: { weight?: Tensor | null; bias?: Tensor | null; eps?: number }): Tensor;
}

/**
 * Mean 0 and variance 1 over each example's groups of channels, then weight and bias per channel.
 *
 * Source: Y. Wu, K. He, "Group normalization", 2018.
 */
export const groupNorm = defineFunction<GroupNorm>(
  "groupNorm",
  ["input", "numGroups", "weight?", "bias?", "eps?"],
  ({ input, numGroups, weight, bias, eps = 1e-5 }) => {
    const of = "groupNorm";
    const x = floatingInput(of, input);
    const [groups] = sizes(of, "numGroups", numGroups, 1, 1);
    if (x.shape.length < 2) throw new ShapeError(`${named(of)}: expected an input [N, C, ...], got ${formatShape(x.shape)}`);
    const [batch, channels, ...rest] = x.shape;
    if (channels % groups !== 0) {
      throw new ShapeError(
        `${named(of)}: Expected number of channels in input to be divisible by num_groups, got ${channels} channels in ${formatShape(x.shape)} and ${groups} groups`,
      );
    }
    requireSeveral(of, "value per channel", (batch * channels * numel(rest)) / groups, x);
    requireChannels(of, x, [weight, bias]);
    const grouped = reshape(x, [batch, groups, channels / groups, ...rest]);
    const y = standardize(grouped, grouped.shape.map((_, d) => d).slice(2), eps);
    const perChannel = [1, groups, channels / groups, ...rest.map(() => 1)];
    return new Tensor(reshape(affine(of, y, weight, bias, perChannel), x.shape));
  },
);

function requireChannels(of: string, x: Value, parameters: readonly unknown[]): void {
  for (const parameter of parameters) {
    if (parameter instanceof Tensor && !sameShape(parameter.shape, [x.shape[1]])) {
      throw new ShapeError(
        `${named(of)}: expected weight and bias of shape [${x.shape[1]}], one number per channel of ${formatShape(x.shape)}, got ${formatShape(parameter.shape)}`,
      );
    }
  }
}

export interface InstanceNorm {
  (
    input: Tensor,
    runningMean?: Tensor | null,
    runningVar?: Tensor | null,
    weight?: Tensor | null,
    bias?: Tensor | null,
    useInputStats?: boolean,
    momentum?: number,
    eps?: number,
  ): Tensor;
  (
    input: Tensor,
    options: {
      runningMean?: Tensor | null;
      runningVar?: Tensor | null;
      weight?: Tensor | null;
      bias?: Tensor | null;
      useInputStats?: boolean;
      momentum?: number;
      eps?: number;
    },
  ): Tensor;
}

/**
 * Mean 0 and variance 1 over each channel of each example; running statistics, where given, are moved towards
 * the mean over the batch of what each example had.
 *
 * @param input - [N, C, ...].
 */
export const instanceNorm = defineFunction<InstanceNorm>(
  "instanceNorm",
  ["input", "runningMean?", "runningVar?", "weight?", "bias?", "useInputStats?", "momentum?", "eps?"],
  (args) => {
    const { runningMean, runningVar, weight, bias, useInputStats = true, momentum = 0.1, eps = 1e-5 } = args;
    const of = "instanceNorm";
    const x = floatingInput(of, args.input);
    if (x.shape.length < 2) throw new ShapeError(`${named(of)}: expected an input [N, C, ...], got ${formatShape(x.shape)}`);
    requireChannels(of, x, [weight, bias]);
    const [w, b] = [optionalValue(of, weight, "weight"), optionalValue(of, bias, "bias")];
    if (!useInputStats) {
      const average = optionalValue(of, runningMean, "runningMean");
      const variance = optionalValue(of, runningVar, "runningVar");
      if (average === null || variance === null) {
        throw new ArgumentError(`${named(of)}: expected runningMean and runningVar where useInputStats is false, got none`);
      }
      return new Tensor(naming(of, () => batchNormInference(x, average, variance, w, b, eps)));
    }
    const count = numel(x.shape.slice(2));
    requireSeveral(of, "spatial element", count, x);
    const dims = x.shape.map((_, d) => d).slice(2);
    if (runningMean || runningVar) moveByInstance(of, x, dims, runningMean, runningVar, momentum);
    const perChannel = x.shape.map((size, d) => (d === 1 ? size : 1));
    return new Tensor(affine(of, standardize(x, dims, eps), weight, bias, perChannel));
  },
);

function moveByInstance(
  of: string,
  x: Value,
  dims: readonly number[],
  runningMean: Tensor | null | undefined,
  runningVar: Tensor | null | undefined,
  momentum: number,
): void {
  noGrad(() => {
    const average = mean(x, dims, true);
    const centred = add(x, mul(average, constant(-1, x.dtype)));
    const variance = mean(mul(centred, centred), dims, true);
    const overBatch = (v: Value): Value => reshape(mean(v, [0]), [x.shape[1]]);
    moveRunning(of, runningMean, "runningMean", overBatch(average), momentum);
    moveRunning(of, runningVar, "runningVar", overBatch(variance), momentum, numel(x.shape.slice(2)));
  });
}

export interface LocalResponseNorm {
  (input: Tensor, size: number, alpha?: number, beta?: number, k?: number): Tensor;
  (input: Tensor, size: number, options: { alpha?: number; beta?: number; k?: number }): Tensor;
}

/**
 * x_c / (k + alpha / size * sum of x^2 over the `size` channels around c)^beta.
 *
 * Source: A. Krizhevsky et al., "ImageNet classification with deep convolutional neural networks", 2012,
 * section 3.3 (there without the division by size).
 */
export const localResponseNorm = defineFunction<LocalResponseNorm>(
  "localResponseNorm",
  ["input", "size", "alpha?", "beta?", "k?"],
  ({ input, size, alpha = 1e-4, beta = 0.75, k = 1 }) => {
    const of = "localResponseNorm";
    const x = floatingInput(of, input);
    const [width] = sizes(of, "size", size, 1, 1);
    if (x.shape.length < 3) {
      throw new ShapeError(`${named(of)}: expected an input of at least 3 dimensions, got ${formatShape(x.shape)}`);
    }
    if (numel(x.shape) === 0) return new Tensor(mul(x, constant(1, x.dtype)));
    const [batch, channels, ...rest] = x.shape;
    const squares = reshape(mul(x, x), [batch, 1, channels, numel(rest)]);
    const before = Math.floor(width / 2);
    const padded = constantPad(squares, [[0, 0], [0, 0], [before, width - 1 - before], [0, 0]], 0);
    const plain = { padding: [0, 0], ceilMode: false, countIncludePad: true, divisorOverride: null };
    const means = avgPool2d(padded, { kernelSize: [width, 1], stride: [1, 1], ...plain });
    const scaled = add(mul(reshape(means, x.shape), constant(alpha, x.dtype)), constant(k, x.dtype));
    return new Tensor(div(x, pow(scaled, constant(beta, x.dtype))));
  },
);

export interface Normalize {
  (input: Tensor, p?: number, dim?: number | readonly number[], eps?: number): Tensor;
  (input: Tensor, options: { p?: number; dim?: number | readonly number[]; eps?: number }): Tensor;
}

/** x / max(norm, eps), the p-norm taken along `dim`. */
export const normalize = defineFunction<Normalize>(
  "normalize",
  ["input", "p?", "dim?", "eps?"],
  ({ input, p = 2, dim = 1, eps = 1e-12 }) => {
    const x = floatingInput("normalize", input);
    const given = Array.isArray(dim) ? dim : [dim];
    const dims = given.map((d: number) => normalizeDim(d, x.shape.length, named("normalize"))).sort((a, b) => a - b);
    const norm = vectorNorm(x, p, x.shape.length === 0 ? [] : dims, true);
    const length = emit(maximumOp, [norm, constant(eps, x.dtype)]);
    return new Tensor(div(x, expand(length, x.shape)));
  },
);
