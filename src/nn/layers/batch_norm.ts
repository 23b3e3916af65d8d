/** Normalisation over the batch, with running statistics for use. */

import type { DType } from "../../base/dtype.ts";
import { ShapeError } from "../../base/errors.ts";
import { type ArgumentsOf, parameterTable } from "../../base/params/arguments.ts";
import { callable } from "../../base/params/callable.ts";
import { formatShape } from "../../base/shape.ts";
import { constantValue, currentLabel } from "../../graph/node.ts";
import { batchHint } from "../../ops/shape_hints.ts";
import { squeeze, unsqueeze } from "../../tensor/functions/shape/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import * as F from "../functional.ts";
import { filledValue, overwrite } from "../init/initial_values.ts";
import { countArgument, newBuffer, newParameter } from "../module/layer_parameters.ts";
import { Module } from "../module/module.ts";
import { py } from "../module/module_text.ts";
import type { ParameterTensor } from "../module/parameter.ts";

/** What the batch norm layers take. */
export interface BatchNormSettings {
  /** Channels of the input. */
  numFeatures: number;
  /** Added to the variance, against division by 0. @default 1e-5 */
  eps?: number;
  /** Weight of the newest batch in the running statistics; null averages all batches evenly. @default 0.1 */
  momentum?: number | null;
  /** Whether each channel has a weight (and a bias). @default true */
  affine?: boolean;
  /** Whether running statistics are kept; without them the batch's own are used always. @default true */
  trackRunningStats?: boolean;
  /** Whether there is a bias beside the weight. @default true */
  bias?: boolean;
  /** Dtype of the parameters. @default "float32" */
  dtype?: DType;
}

/** Order and kinds of what the layers with a number per channel take; their defaults differ. */
const CHANNEL_NORM = [
  "numFeatures",
  "eps?:number",
  "momentum?:number|null",
  "affine?:boolean",
  "trackRunningStats?:boolean",
  "bias?:boolean",
  "dtype?:dtype",
] as const;

export const batchNormTable = (name: string) =>
  parameterTable<BatchNormSettings>(name)(
    [...CHANNEL_NORM],
    (
      numFeatures,
      eps = 1e-5,
      momentum = 0.1,
      affine = true,
      trackRunningStats = true,
      bias = true,
      dtype = "float32",
    ) => ({ numFeatures, eps, momentum, affine, trackRunningStats, bias, dtype }),
  );
export const BATCH_NORM_1D = batchNormTable("BatchNorm1d");
export const BATCH_NORM_2D = batchNormTable("BatchNorm2d");
const BATCH_NORM_3D = batchNormTable("BatchNorm3d");

/** What the instance norm layers take. */
export interface InstanceNormSettings extends Omit<BatchNormSettings, "affine" | "trackRunningStats"> {
  /** Whether each channel has a weight (and a bias). @default false */
  affine?: boolean;
  /** Whether running statistics are kept, for use in place of the example's own. @default false */
  trackRunningStats?: boolean;
}

const instanceNormTable = (name: string) =>
  parameterTable<InstanceNormSettings>(name)(
    [...CHANNEL_NORM],
    (
      numFeatures,
      eps = 1e-5,
      momentum = 0.1,
      affine = false,
      trackRunningStats = false,
      bias = true,
      dtype = "float32",
    ) => ({ numFeatures, eps, momentum, affine, trackRunningStats, bias, dtype }),
  );
const INSTANCE_NORM_1D = instanceNormTable("InstanceNorm1d");
const INSTANCE_NORM_2D = instanceNormTable("InstanceNorm2d");

/** What the layers with a number per channel share. */
export abstract class ChannelNorm extends Module {
  /** Channels of the input. */
  numFeatures: number;
  /** Added to the variance, against division by 0. */
  readonly eps: number;
  /** Weight of the newest batch in the running statistics; null for plain means. */
  readonly momentum: number | null;
  /** Whether the layer has weight and bias. */
  readonly affine: boolean;
  /** Whether running statistics are kept. */
  readonly trackRunningStats: boolean;
  protected readonly hasBias: boolean;
  protected parameterDType: DType;
  /** What the layer multiplies by. */
  declare weight: ParameterTensor | null;
  /** What the layer adds; null without. */
  declare bias: ParameterTensor | null;
  /** Mean of each channel over the batches so far. */
  declare runningMean: Tensor | null;
  /** Variance of each channel over the batches so far. */
  declare runningVar: Tensor | null;
  /** How many batches the running statistics have seen. */
  declare numBatchesTracked: Tensor | null;

  constructor(of: string, settings: Required<BatchNormSettings>) {
    super();
    const { numFeatures, eps, momentum, affine, trackRunningStats, bias, dtype } = settings;
    this.numFeatures = countArgument(of, "numFeatures", numFeatures, 0);
    this.eps = eps;
    this.momentum = momentum;
    this.affine = affine;
    this.trackRunningStats = trackRunningStats;
    this.hasBias = affine && bias;
    this.parameterDType = dtype;
    if (!this.isLazy) this.makeParameters();
  }

  /** @internal Takes the number of the input's channels and makes the parameters. */
  setInputSize(size: number): void {
    this.numFeatures = size;
    this.makeParameters();
  }

  /** @internal Version 2 came with PyTorch 0.4.1. */
  override keysSinceVersion(version: number | undefined): readonly string[] {
    return this.trackRunningStats && (version === undefined || version < 2) ? ["num_batches_tracked"] : [];
  }

  protected makeParameters(): void {
    const { numFeatures, parameterDType: dtype } = this;
    this.weight = this.affine ? newParameter([numFeatures], dtype, 1) : null;
    this.bias = this.hasBias ? newParameter([numFeatures], dtype) : null;
    const track = this.trackRunningStats;
    this.registerBuffer("running_mean", track ? newBuffer([numFeatures], dtype) : null);
    this.registerBuffer("running_var", track ? newBuffer([numFeatures], dtype, 1) : null);
    this.registerBuffer("num_batches_tracked", track ? newBuffer([], "int64") : null);
  }

  /** @internal A lazy layer makes its parameters in this dtype. */
  override convertOwn(dtype: DType): void {
    super.convertOwn(dtype);
    this.parameterDType = dtype;
  }

  /** Running mean 0, running variance 1, no batches seen. */
  resetRunningStats(): void {
    const { runningMean, runningVar, numBatchesTracked } = this;
    if (runningMean !== null) overwrite(runningMean, filledValue(runningMean.shape, runningMean.dtype, 0));
    if (runningVar !== null) overwrite(runningVar, filledValue(runningVar.shape, runningVar.dtype, 1));
    if (numBatchesTracked !== null) overwrite(numBatchesTracked, filledValue([], "int64", 0));
  }

  /** Weight 1 and bias 0, and no statistics. */
  resetParameters(): void {
    this.resetRunningStats();
    if (this.weight !== null) overwrite(this.weight, filledValue(this.weight.shape, this.weight.dtype, 1));
    if (this.bias !== null) overwrite(this.bias, filledValue(this.bias.shape, this.bias.dtype, 0));
  }

  /** Which inputs fit, for the message: the numbers of dimensions and what they are. */
  protected abstract readonly expected: { readonly ranks: readonly number[]; readonly text: string };

  protected checkInput(input: Tensor): void {
    const { ranks, text } = this.expected;
    if (ranks.includes(input.ndim)) return;
    throw new ShapeError(
      `${this.constructor.name} (${currentLabel()}): expected an input ${text}, got ${formatShape(input.shape)}${this.#hint(input.shape)}`,
    );
  }

  /** What the input was most likely meant to be, if its sizes fit the guess. */
  #hint(shape: readonly number[]): string {
    const { ranks } = this.expected;
    if (ranks.includes(shape.length + 1)) return batchHint(shape, this.numFeatures);
    const [family] = /^[A-Za-z]+/.exec(this.constructor.name) ?? [];
    const spatial = Math.max(shape.length - 2, 1);
    return shape[1] === this.numFeatures && spatial <= 3 && shape.length > 1
      ? `; did you mean ${family}${spatial}d?`
      : "";
  }

  override extraRepr(): string {
    return (
      `${this.numFeatures}, eps=${py(this.eps)}, momentum=${py(this.momentum)}, affine=${py(this.affine)}, ` +
      `bias=${py(this.hasBias)}, track_running_stats=${py(this.trackRunningStats)}`
    );
  }
}

/** By what a batch is normalised. */
export interface BatchStatistics {
  readonly runningMean: Tensor | null;
  readonly runningVar: Tensor | null;
  /** Whether by its own mean and variance. */
  readonly ownStatistics: boolean;
  /** Weight of its own in the running ones. */
  readonly momentum: number;
}

/** Batch norm over inputs of any number of dimensions; the layers differ in those they take. */
export abstract class BatchNormBase extends ChannelNorm {
  override forward(input: Tensor): Tensor {
    this.checkInput(input);
    const { training } = this;
    const track = training && this.trackRunningStats;
    const factor = track ? this.#countBatch() : (this.momentum ?? 0);
    // In training without running statistics, and without any at all, the batch's own are used.
    const ownStatistics = training || this.runningMean === null;
    const running = !training || this.trackRunningStats;
    const [mean, variance] = running ? [this.runningMean, this.runningVar] : [null, null];
    return this.normalized(input, {
      runningMean: mean,
      runningVar: variance,
      ownStatistics,
      momentum: factor,
    });
  }

  /** @internal By the batch's own statistics, towards which the running ones are moved, or by the running ones. */
  normalized(input: Tensor, statistics: BatchStatistics): Tensor {
    const { runningMean, runningVar, ownStatistics, momentum } = statistics;
    const { weight, bias, eps } = this;
    return F.batchNorm.direct(input, runningMean, runningVar, weight, bias, ownStatistics, momentum, eps);
  }

  /** Counts the batch and returns the weight of its statistics. */
  #countBatch(): number {
    const counter = this.numBatchesTracked;
    if (counter === null) return this.momentum ?? 0;
    const { data } = counter.value;
    if (data === null) {
      counter.assign(counter.add(1).value);
      return this.momentum ?? 0;
    }
    const batches = data[0] + 1;
    overwrite(counter, constantValue(Float64Array.of(batches), [], "int64"));
    return this.momentum ?? 1 / batches;
  }
}

/** See {@link BatchNorm1d}. */
export class BatchNorm1dLayer extends BatchNormBase {
  protected override get expected() {
    return { ranks: [2, 3], text: "[N, C] or [N, C, L]" };
  }

  constructor(...args: ArgumentsOf<typeof BATCH_NORM_1D>) {
    super("BatchNorm1d", BATCH_NORM_1D.bind(args));
  }
}

/** See {@link BatchNorm2d}. */
export class BatchNorm2dLayer extends BatchNormBase {
  protected override get expected() {
    return { ranks: [4], text: "[N, C, H, W]" };
  }

  constructor(...args: ArgumentsOf<typeof BATCH_NORM_2D>) {
    super("BatchNorm2d", BATCH_NORM_2D.bind(args));
  }
}

/**
 * Normalises each feature of [N, C] or [N, C, L] over the batch; see {@link BatchNorm2d}.
 *
 * @throws ShapeError in training with one value per feature, whose variance is 0.
 * @example
 * ```ts
 * nn.BatchNorm1d(120)(randn(8, 120)).shape; // [8, 120]
 * ```
 */
export const BatchNorm1d = callable("BatchNorm1d", BatchNorm1dLayer);
export type BatchNorm1d = BatchNorm1dLayer;

/**
 * y = (x - mean) / sqrt(variance + eps) * weight + bias for each channel of [N, C, H, W]: in training with mean
 * and variance of the batch, in use (`eval()`) with the running ones.
 *
 * running = (1 - momentum) running + momentum batch; the running variance takes the unbiased one.
 *
 * Source: S. Ioffe, C. Szegedy, "Batch normalization", ICML 2015.
 *
 * @param momentum - weight of the newest batch; null averages all batches evenly.
 * @param affine - whether weight and bias are learned.
 * @param trackRunningStats - without running statistics the batch's own are used always.
 * @throws ShapeError in training with one value per channel, whose variance is 0.
 * @example
 * ```ts
 * nn.BatchNorm2d(6)(randn(8, 6, 24, 24)).shape; // [8, 6, 24, 24]
 * ```
 */
export const BatchNorm2d = callable("BatchNorm2d", BatchNorm2dLayer);
export type BatchNorm2d = BatchNorm2dLayer;

/** See {@link BatchNorm3d}. */
export class BatchNorm3dLayer extends BatchNormBase {
  protected override get expected() {
    return { ranks: [5], text: "[N, C, D, H, W]" };
  }

  constructor(...args: ArgumentsOf<typeof BATCH_NORM_3D>) {
    super("BatchNorm3d", BATCH_NORM_3D.bind(args));
  }
}

/**
 * Batch norm over volumes [N, C, D, H, W]; see {@link BatchNorm2d}.
 *
 * @example
 * ```ts
 * nn.BatchNorm3d(6)(randn(8, 6, 4, 5, 5)).shape; // [8, 6, 4, 5, 5]
 * ```
 */
export const BatchNorm3d = callable("BatchNorm3d", BatchNorm3dLayer);
export type BatchNorm3d = BatchNorm3dLayer;

/** Normalisation of each channel of each example by itself. */
abstract class InstanceNormBase extends ChannelNorm {
  override forward(input: Tensor): Tensor {
    this.checkInput(input);
    const { weight, bias, eps, runningMean, runningVar } = this;
    const useInputStats = this.training || !this.trackRunningStats;
    const batched = this.expected.ranks.indexOf(input.ndim) === 0 ? input : unsqueeze(input, 0);
    const momentum = this.momentum ?? 0;
    const out = F.instanceNorm.direct(
      batched,
      runningMean,
      runningVar,
      weight,
      bias,
      useInputStats,
      momentum,
      eps,
    );
    return batched === input ? out : squeeze(out, 0);
  }
}

/** See {@link InstanceNorm1d}. */
export class InstanceNorm1dLayer extends InstanceNormBase {
  protected override get expected() {
    return { ranks: [3, 2], text: "[N, C, L] or [C, L]" };
  }

  constructor(...args: ArgumentsOf<typeof INSTANCE_NORM_1D>) {
    super("InstanceNorm1d", INSTANCE_NORM_1D.bind(args));
  }
}

/**
 * Normalises each channel of each sequence by itself.
 *
 * @example
 * ```ts
 * nn.InstanceNorm1d(6)(randn(8, 6, 10)).shape; // [8, 6, 10]
 * ```
 */
export const InstanceNorm1d = callable("InstanceNorm1d", InstanceNorm1dLayer);
export type InstanceNorm1d = InstanceNorm1dLayer;

/** See {@link InstanceNorm2d}. */
export class InstanceNorm2dLayer extends InstanceNormBase {
  protected override get expected() {
    return { ranks: [4, 3], text: "[N, C, H, W] or [C, H, W]" };
  }

  constructor(...args: ArgumentsOf<typeof INSTANCE_NORM_2D>) {
    super("InstanceNorm2d", INSTANCE_NORM_2D.bind(args));
  }
}

/**
 * Normalises each channel of each image by itself.
 *
 * @example
 * ```ts
 * nn.InstanceNorm2d(6)(randn(8, 6, 24, 24)).shape; // [8, 6, 24, 24]
 * ```
 */
export const InstanceNorm2d = callable("InstanceNorm2d", InstanceNorm2dLayer);
export type InstanceNorm2d = InstanceNorm2dLayer;
