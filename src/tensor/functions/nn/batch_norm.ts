/** Normalisation by the statistics of a batch or of each example, and the running statistics. */
import { isHalf } from "../../../base/dtype.ts";
import { ArgumentError, ShapeError } from "../../../base/errors.ts";
import { formatShape, numel } from "../../../base/shape.ts";
import type { Value } from "../../../graph/node.ts";
import { constant, full } from "../../../ops/creation.ts";
import { add, cast, mul } from "../../../ops/elementwise/elementwise.ts";
import { batchNormInference, batchNormTraining, standardize } from "../../../ops/nn/normalization.ts";
import { mean } from "../../../ops/reduction/reduction.ts";
import { reshape } from "../../../ops/shape/shape_ops.ts";
import { sliceDim } from "../../../ops/shape/slicing.ts";
import { noGrad } from "../../autograd.ts";
import { inWideNumbers } from "../../operands.ts";
import { defineCall, Tensor } from "../../tensor.ts";
import { floatingInput, inNameOf, named, optionalValue } from "./arguments.ts";
import { affine, moveRunning, requireChannels, requireSeveral } from "./normalization_parts.ts";

export interface BatchNormParameters {
  /** [N, C, ...]. */
  input: Tensor;
  /** [C], updated in training; null for none. */
  runningMean: Tensor | null;
  /** [C], updated in training; null for none. */
  runningVar: Tensor | null;
  /** Factor of each channel, [C]; null for none. */
  weight?: Tensor | null;
  /** Added to each channel, [C]; null for none. */
  bias?: Tensor | null;
  /** Whether this is training; in evaluation nothing is random and running statistics are used. @default false */
  training?: boolean;
  /** Weight of the new statistics in the running ones. @default 0.1 */
  momentum?: number;
  /** A small number that keeps the result finite. @default 1e-5 */
  eps?: number;
}

/**
 * Batch normalisation: (x - mean) / sqrt(variance + eps) * weight + bias, per channel (dimension 1).
 *
 * In training, mean and biased variance are those of the batch, and the running ones are moved in place:
 * running = (1 - momentum) running + momentum new, with the unbiased variance. Otherwise the running ones are
 * used.
 *
 * Source: S. Ioffe, C. Szegedy, "Batch normalization", ICML 2015.
 *
 * @param input - [N, C, ...].
 * @throws ShapeError for a single value per channel in training: it has no variance.
 * @example
 * ```ts
 * const [mean, variance] = [zeros(3), ones(3)];
 * nn.functional.batchNorm(randn(8, 3, 5, 5), mean, variance, { training: true }).shape; // [8, 3, 5, 5]
 * ```
 */
export const batchNorm = defineCall<BatchNormParameters>("batchNorm")(
  [
    "input",
    "runningMean",
    "runningVar",
    "weight?",
    "bias?",
    "training?:boolean",
    "momentum?:number|null",
    "eps?:number",
  ],
  (input, runningMean, runningVar, weight, bias, training = false, momentum = 0.1, eps = 1e-5) => {
    const of = "batchNorm";
    const x = floatingInput(of, input);
    const [w, b] = [optionalValue(of, weight, "weight"), optionalValue(of, bias, "bias")];
    if (training ? !(eps > 0) : !(eps >= 0)) {
      const range = training ? "above 0 in training" : "of at least 0";
      throw new ArgumentError(`${named(of)}: expected \`eps\` ${range}, got ${eps}`);
    }
    const unused = (runningMean ?? null) === null && (runningVar ?? null) === null;
    if (numel(x.shape) === 0 && (x.shape.length === 1 || (!training && unused)))
      return new Tensor(inNameOf(of, () => nothingNormalized(x, w, b)));
    if (training) return trainedBatchNorm(of, x, w, b, runningMean, runningVar, momentum, eps);
    const statistics = statisticsGiven(of, "training", runningMean, runningVar);
    return normalizedBy(of, x, statistics, w, b, eps);
  },
);

/** The running statistics. @throws ArgumentError if one is missing, which the flag that is false asks for. */
function statisticsGiven(
  of: string,
  flag: string,
  runningMean: unknown,
  runningVar: unknown,
): readonly [mean: Value, variance: Value] {
  const average = optionalValue(of, runningMean, "runningMean");
  const variance = optionalValue(of, runningVar, "runningVar");
  if (average !== null && variance !== null) return [average, variance];
  throw new ArgumentError(`${named(of)}: expected runningMean and runningVar if ${flag} is false, got none`);
}

function normalizedBy(
  of: string,
  x: Value,
  [average, variance]: readonly [mean: Value, variance: Value],
  w: Value | null,
  b: Value | null,
  eps: number,
): Tensor {
  const perChannel = [widened(average), widened(variance), w && widened(w), b && widened(b)] as const;
  return new Tensor(inNameOf(of, () => batchNormInference(x, ...perChannel, eps)));
}

/** Without elements there is nothing to normalise, and PyTorch asks neither for channels nor for statistics. */
function nothingNormalized(x: Value, weight: Value | null, bias: Value | null): Value {
  const first = (of: Value | null): Value | null =>
    of === null || numel(of.shape) === 0 ? null : cast(reshape(sliceDim(of, 0, 0, 1), []), x.dtype);
  const [scale, shift] = [first(weight), first(bias)];
  const scaled = mul(x, scale ?? constant(1, x.dtype));
  return shift === null ? scaled : add(scaled, shift);
}

/** One number per channel costs nothing in 32 bits. */
function widened(parameter: Value): Value {
  return isHalf(parameter.dtype) ? cast(parameter, "float32") : parameter;
}

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
  if (x.shape.length < 2)
    throw new ShapeError(`${named(of)}: expected an input [N, C, ...], got ${formatShape(x.shape)}`);
  const channels = x.shape[1];
  const count = x.shape.reduce((product, size, d) => (d === 1 ? product : product * size), 1);
  requireSeveral(of, "value per channel", count, x);
  const dtype = (weight ?? bias)?.dtype ?? (isHalf(x.dtype) ? "float32" : x.dtype);
  const scale = weight ?? full([channels], 1, dtype);
  const shift = bias ?? full([channels], 0, dtype);
  const [y, average, variance] = inNameOf(of, () => batchNormTraining(x, scale, shift, eps));
  // A batch without examples has no mean and variance.
  if (numel(x.shape) > 0) {
    moveRunning(of, runningMean, "runningMean", average, momentum);
    moveRunning(of, runningVar, "runningVar", variance, momentum, count);
  }
  return new Tensor(y);
}

export interface InstanceNormParameters {
  /** [N, C, ...]. */
  input: Tensor;
  /** [C], moved towards the input's; null for none. @default null */
  runningMean?: Tensor | null;
  /** [C], moved towards the input's; null for none. @default null */
  runningVar?: Tensor | null;
  /** Factor of each channel, [C]; null for none. @default null */
  weight?: Tensor | null;
  /** Added to each channel, [C]; null for none. @default null */
  bias?: Tensor | null;
  /** Whether the input's statistics are used, or the running ones. @default true */
  useInputStats?: boolean;
  /** Weight of the new statistics in the running ones. @default 0.1 */
  momentum?: number;
  /** A small number that keeps the result finite. @default 1e-5 */
  eps?: number;
}

/**
 * Mean 0 and variance 1 over each channel of each example; running statistics, if given, are moved towards
 * the mean over the batch of what each example had.
 *
 * @param input - [N, C, ...].
 * @example
 * ```ts
 * nn.functional.instanceNorm(randn(8, 3, 5, 5)).shape; // [8, 3, 5, 5]
 * ```
 */
export const instanceNorm = defineCall<InstanceNormParameters>("instanceNorm")(
  [
    "input",
    "runningMean?",
    "runningVar?",
    "weight?",
    "bias?",
    "useInputStats?:boolean",
    "momentum?:number|null",
    "eps?:number",
  ],
  (
    input,
    runningMean = null,
    runningVar = null,
    weight = null,
    bias = null,
    useInputStats = true,
    momentum = 0.1,
    eps = 1e-5,
  ) => {
    const of = "instanceNorm";
    const x = floatingInput(of, input);
    if (x.shape.length < 2)
      throw new ShapeError(`${named(of)}: expected an input [N, C, ...], got ${formatShape(x.shape)}`);
    requireChannels(of, x, [weight, bias]);
    const [w, b] = [optionalValue(of, weight, "weight"), optionalValue(of, bias, "bias")];
    if (!useInputStats) {
      const statistics = statisticsGiven(of, "useInputStats", runningMean, runningVar);
      return normalizedBy(of, x, statistics, w, b, eps);
    }
    const count = numel(x.shape.slice(2));
    requireSeveral(of, "spatial element", count, x);
    const dims = x.shape.map((_, d) => d).slice(2);
    if (runningMean || runningVar) moveByInstance(of, x, dims, runningMean, runningVar, momentum);
    const perChannel = x.shape.map((size, d) => (d === 1 ? size : 1));
    return new Tensor(
      inWideNumbers(x, (wide) => affine(of, standardize(wide, dims, eps), weight, bias, perChannel)),
    );
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
