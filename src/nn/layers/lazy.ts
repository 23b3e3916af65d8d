/** Layers that learn the size of their input from the first one they see. */
import { type ArgumentsOf, bindArguments, signature, withFirst } from "../../base/arguments.ts";
import { callable } from "../../base/callable.ts";
import type { DType } from "../../base/dtype.ts";
import { AutogradError, ShapeError } from "../../base/errors.ts";
import { formatShape } from "../../base/shape.ts";
import { Tensor } from "../../tensor/tensor.ts";
import type { Module } from "../module/module.ts";
import { joinPath } from "../module/names.ts";
import { entryOf, type StateDict } from "../module/state_dict.ts";
import { BatchNorm1dLayer, BatchNorm2dLayer, type BatchNormOptions } from "./batch_norm.ts";
import { CONV2D, Conv2dLayer, ConvTranspose2dLayer, TRANSPOSED2D } from "./convolution.ts";
import type { TransposedConvolutionSettings } from "./convolution_base.ts";
import { LinearLayer } from "./linear.ts";

/** The error of somebody who asks for parameters that do not exist yet. */
function noParametersYet(module: Module, path: string): AutogradError {
  const where = path === "" ? "" : ` (${path})`;
  return new AutogradError(
    `${module.constructor.name}${where} has no parameters yet: call the network once with an example batch, ` +
      "so that its lazy layers learn their sizes, before asking for parameters or making an optimiser",
  );
}

/** Size of dimension `dim` of the first input. */
function sizeOf(module: Module, inputs: readonly unknown[], dim: (rank: number) => number): number {
  const [input] = inputs;
  const size = input instanceof Tensor ? input.shape[dim(input.ndim)] : undefined;
  if (size === undefined) {
    const got = input instanceof Tensor ? formatShape(input.shape) : String(input);
    throw new ShapeError(
      `${module.constructor.name}: expected an input with channels to learn the layer's size from, got ${got}`,
    );
  }
  return size;
}

/** A dimension of a tensor that is about to be loaded. */
function loadedSize(stateDict: StateDict, key: string, dim: number): number | undefined {
  const tensor = entryOf(stateDict, key);
  return tensor instanceof Tensor ? tensor.shape[dim] : undefined;
}

/** From here on the layer is an ordinary one. */
function become(module: Module, layer: { readonly prototype: object }): void {
  Object.setPrototypeOf(module, layer.prototype);
}

const LINEAR = signature("LazyLinear", ["outFeatures", "bias?", "dtype?"]);
type LazyLinearArguments =
  | [outFeatures: number, bias?: boolean]
  | [outFeatures: number, options?: { bias?: boolean; dtype?: DType }]
  | [options: { outFeatures: number; bias?: boolean; dtype?: DType }];

/** See {@link LazyLinear}. */
export class LazyLinearLayer extends LinearLayer {
  constructor(...args: LazyLinearArguments) {
    super({ inFeatures: 0, ...(bindArguments(LINEAR, args) as { outFeatures: number }) });
  }

  override get isLazy(): boolean {
    return true;
  }

  /** @internal */
  override materialize(inputs: readonly unknown[]): void {
    this.#setSize(sizeOf(this, inputs, (rank) => rank - 1));
  }

  /** @internal */
  override materializeFrom(stateDict: StateDict, path: string): void {
    const size = loadedSize(stateDict, joinPath(path, "weight"), 1);
    if (size !== undefined) this.#setSize(size);
  }

  #setSize(inFeatures: number): void {
    this.inFeatures = inFeatures;
    this.makeParameters(this.bias !== null, this.weight.dtype);
    become(this, LinearLayer);
  }

  /** @internal */
  override requireParameters(path: string): void {
    throw noParametersYet(this, path);
  }
}

/**
 * A `Linear` layer that learns `inFeatures` from its first input.
 *
 * @example
 * ```ts
 * const layer = nn.LazyLinear(120);
 * layer(randn(8, 400)).shape; // [8, 120]
 * layer.weight.shape; // [120, 400]
 * ```
 */
export const LazyLinear = callable("LazyLinear", LazyLinearLayer);
export type LazyLinear = LazyLinearLayer;

const LAZY_CONV2D = withFirst(CONV2D, "LazyConv2d", 0);

/** Channels stand third from last, with a batch or without. */
const channelsOf = (rank: number) => rank - 3;

/** See {@link LazyConv2d}. */
export class LazyConv2dLayer extends Conv2dLayer {
  constructor(...args: ArgumentsOf<typeof LAZY_CONV2D>) {
    super(LAZY_CONV2D.bind(args));
  }

  override get isLazy(): boolean {
    return true;
  }

  /** @internal */
  override materialize(inputs: readonly unknown[]): void {
    this.#setSize(sizeOf(this, inputs, channelsOf));
  }

  /** @internal */
  override materializeFrom(stateDict: StateDict, path: string): void {
    const size = loadedSize(stateDict, joinPath(path, "weight"), 1);
    if (size !== undefined) this.#setSize(size * this.groups);
  }

  #setSize(inChannels: number): void {
    this.inChannels = inChannels;
    this.check();
    this.makeParameters(this.bias !== null, this.weight.dtype);
    become(this, Conv2dLayer);
  }

  /** @internal */
  override requireParameters(path: string): void {
    throw noParametersYet(this, path);
  }
}

/**
 * A `Conv2d` layer that learns `inChannels` from its first input.
 *
 * @example
 * ```ts
 * nn.LazyConv2d(6, { kernelSize: 5 })(randn(8, 3, 28, 28)).shape; // [8, 6, 24, 24]
 * ```
 */
export const LazyConv2d = callable("LazyConv2d", LazyConv2dLayer);
export type LazyConv2d = LazyConv2dLayer;

const LAZY_TRANSPOSED2D = withFirst(TRANSPOSED2D, "LazyConvTranspose2d", 0);

/** See {@link LazyConvTranspose2d}. */
export class LazyConvTranspose2dLayer extends ConvTranspose2dLayer {
  constructor(...args: ArgumentsOf<typeof LAZY_TRANSPOSED2D>) {
    super(LAZY_TRANSPOSED2D.bind(args) as TransposedConvolutionSettings);
  }

  override get isLazy(): boolean {
    return true;
  }

  /** @internal */
  override materialize(inputs: readonly unknown[]): void {
    this.#setSize(sizeOf(this, inputs, channelsOf));
  }

  /** @internal */
  override materializeFrom(stateDict: StateDict, path: string): void {
    const size = loadedSize(stateDict, joinPath(path, "weight"), 0);
    if (size !== undefined) this.#setSize(size);
  }

  #setSize(inChannels: number): void {
    this.inChannels = inChannels;
    this.check();
    this.makeParameters(this.bias !== null, this.weight.dtype);
    become(this, ConvTranspose2dLayer);
  }

  /** @internal */
  override requireParameters(path: string): void {
    throw noParametersYet(this, path);
  }
}

/**
 * A `ConvTranspose2d` layer that learns `inChannels` from its first input.
 *
 * @example
 * ```ts
 * nn.LazyConvTranspose2d(6, 2, { stride: 2 })(randn(8, 3, 14, 14)).shape; // [8, 6, 28, 28]
 * ```
 */
export const LazyConvTranspose2d = callable("LazyConvTranspose2d", LazyConvTranspose2dLayer);
export type LazyConvTranspose2d = LazyConvTranspose2dLayer;

type LazyBatchNormArguments =
  | [eps?: number, momentum?: number | null, affine?: boolean, trackRunningStats?: boolean]
  | [options: BatchNormOptions];
const BATCH_NORM = ["eps?", "momentum?", "affine?", "trackRunningStats?", "bias?", "dtype?"];
const BATCH_NORM_1D = signature("LazyBatchNorm1d", BATCH_NORM);
const BATCH_NORM_2D = signature("LazyBatchNorm2d", BATCH_NORM);

/** See {@link LazyBatchNorm1d}. */
export class LazyBatchNorm1dLayer extends BatchNorm1dLayer {
  constructor(...args: LazyBatchNormArguments) {
    super({ numFeatures: 0, ...bindArguments(BATCH_NORM_1D, args) });
  }

  override get isLazy(): boolean {
    return true;
  }

  /** @internal */
  override materialize(inputs: readonly unknown[]): void {
    this.#setSize(sizeOf(this, inputs, () => 1));
  }

  /** @internal */
  override materializeFrom(stateDict: StateDict, path: string): void {
    const size = loadedSize(stateDict, joinPath(path, this.affine ? "weight" : "running_mean"), 0);
    if (size !== undefined) this.#setSize(size);
  }

  #setSize(numFeatures: number): void {
    this.numFeatures = numFeatures;
    this.makeParameters();
    become(this, BatchNorm1dLayer);
  }

  /** @internal */
  override requireParameters(path: string): void {
    if (this.affine || this.trackRunningStats) throw noParametersYet(this, path);
  }
}

/**
 * A `BatchNorm1d` layer that learns `numFeatures` from its first input.
 *
 * @example
 * ```ts
 * nn.LazyBatchNorm1d()(randn(8, 120)).shape; // [8, 120]
 * ```
 */
export const LazyBatchNorm1d = callable("LazyBatchNorm1d", LazyBatchNorm1dLayer);
export type LazyBatchNorm1d = LazyBatchNorm1dLayer;

/** See {@link LazyBatchNorm2d}. */
export class LazyBatchNorm2dLayer extends BatchNorm2dLayer {
  constructor(...args: LazyBatchNormArguments) {
    super({ numFeatures: 0, ...bindArguments(BATCH_NORM_2D, args) });
  }

  override get isLazy(): boolean {
    return true;
  }

  /** @internal */
  override materialize(inputs: readonly unknown[]): void {
    this.#setSize(sizeOf(this, inputs, () => 1));
  }

  /** @internal */
  override materializeFrom(stateDict: StateDict, path: string): void {
    const size = loadedSize(stateDict, joinPath(path, this.affine ? "weight" : "running_mean"), 0);
    if (size !== undefined) this.#setSize(size);
  }

  #setSize(numFeatures: number): void {
    this.numFeatures = numFeatures;
    this.makeParameters();
    become(this, BatchNorm2dLayer);
  }

  /** @internal */
  override requireParameters(path: string): void {
    if (this.affine || this.trackRunningStats) throw noParametersYet(this, path);
  }
}

/**
 * A `BatchNorm2d` layer that learns `numFeatures` from its first input.
 *
 * @example
 * ```ts
 * nn.LazyBatchNorm2d()(randn(8, 6, 24, 24)).shape; // [8, 6, 24, 24]
 * ```
 */
export const LazyBatchNorm2d = callable("LazyBatchNorm2d", LazyBatchNorm2dLayer);
export type LazyBatchNorm2d = LazyBatchNorm2dLayer;
