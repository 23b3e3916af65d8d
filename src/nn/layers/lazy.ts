/** Layers that learn the size of their input from the first one they see. */

import { AutogradError, ShapeError } from "../../base/errors.ts";
import { type ArgumentsOf, withFirst } from "../../base/params/arguments.ts";
import { callable } from "../../base/params/callable.ts";
import { formatShape } from "../../base/shape.ts";
import { Tensor } from "../../tensor/tensor.ts";
import type { Module } from "../module/module.ts";
import { joinPath } from "../module/names.ts";
import { entryOf, type StateDict } from "../module/state_dict.ts";
import { BATCH_NORM_1D, BATCH_NORM_2D, BatchNorm1dLayer, BatchNorm2dLayer } from "./batch_norm.ts";
import { CONV2D, Conv2dLayer, ConvTranspose2dLayer, TRANSPOSED2D } from "./convolution.ts";
import { LINEAR, LinearLayer } from "./linear.ts";

/** The error for asking for parameters that do not exist yet. */
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

/** A layer whose parameters depend on the size of its input. */
interface SizedLayer extends Module {
  /** @internal Takes the size of the input and makes the parameters. */
  setInputSize(size: number): void;
}

/** Where the size of a layer's input can be seen. */
interface LazyRule<L> {
  /** The dimension of an input of rank `rank`. */
  dimOfInput(rank: number): number;
  /** In a state dict: an entry, a dimension of it, and what that is to be multiplied by; null without parameters. */
  inState(layer: L): { readonly key: string; readonly dim: number; readonly times?: number } | null;
}

/** A layer that is of the class `eager` as soon as it knows the size of its input. */
function sizedByInput<C extends new (...args: any[]) => SizedLayer>(
  eager: C,
  rule: LazyRule<InstanceType<C>>,
): C {
  return class extends eager {
    override get isLazy(): boolean {
      return true;
    }

    /** @internal */
    override materialize(inputs: readonly unknown[]): void {
      become(this, eager, sizeOf(this, inputs, rule.dimOfInput));
    }

    /** @internal */
    override materializeFrom(stateDict: StateDict, path: string): void {
      const place = rule.inState(this as InstanceType<C>);
      if (place === null) return;
      const tensor = entryOf(stateDict, joinPath(path, place.key));
      const size = tensor instanceof Tensor ? tensor.shape[place.dim] : undefined;
      if (size !== undefined) become(this, eager, size * (place.times ?? 1));
    }

    /** @internal */
    override requireParameters(path: string): void {
      if (rule.inState(this as InstanceType<C>) !== null) throw noParametersYet(this, path);
    }
  };
}

/** From here on the layer is an ordinary one. */
function become(layer: SizedLayer, eager: { readonly prototype: object }, size: number): void {
  layer.setInputSize(size);
  Object.setPrototypeOf(layer, eager.prototype);
}

/** Channels stand third from last, with a batch or without. */
const channelsOf = (rank: number) => rank - 3;

/** The input's size, and where a batch norm's state dict shows it. */
const normalized = {
  dimOfInput: () => 1,
  inState: (layer: BatchNorm1dLayer | BatchNorm2dLayer) => {
    if (layer.affine) return { key: "weight", dim: 0 };
    return layer.trackRunningStats ? { key: "running_mean", dim: 0 } : null;
  },
};

const LAZY_LINEAR = withFirst(LINEAR, "LazyLinear", 0);

/** See {@link LazyLinear}. */
export class LazyLinearLayer extends sizedByInput(LinearLayer, {
  dimOfInput: (rank) => rank - 1,
  inState: () => ({ key: "weight", dim: 1 }),
}) {
  constructor(...args: ArgumentsOf<typeof LAZY_LINEAR>) {
    super(LAZY_LINEAR.bind(args));
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

/** See {@link LazyConv2d}. */
export class LazyConv2dLayer extends sizedByInput(Conv2dLayer, {
  dimOfInput: channelsOf,
  inState: ({ groups }) => ({ key: "weight", dim: 1, times: groups }),
}) {
  constructor(...args: ArgumentsOf<typeof LAZY_CONV2D>) {
    super(LAZY_CONV2D.bind(args));
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
export class LazyConvTranspose2dLayer extends sizedByInput(ConvTranspose2dLayer, {
  dimOfInput: channelsOf,
  inState: () => ({ key: "weight", dim: 0 }),
}) {
  constructor(...args: ArgumentsOf<typeof LAZY_TRANSPOSED2D>) {
    super(LAZY_TRANSPOSED2D.bind(args));
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

const LAZY_BATCH_NORM_1D = withFirst(BATCH_NORM_1D, "LazyBatchNorm1d", 0);

/** See {@link LazyBatchNorm1d}. */
export class LazyBatchNorm1dLayer extends sizedByInput(BatchNorm1dLayer, normalized) {
  constructor(...args: ArgumentsOf<typeof LAZY_BATCH_NORM_1D>) {
    super(LAZY_BATCH_NORM_1D.bind(args));
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

const LAZY_BATCH_NORM_2D = withFirst(BATCH_NORM_2D, "LazyBatchNorm2d", 0);

/** See {@link LazyBatchNorm2d}. */
export class LazyBatchNorm2dLayer extends sizedByInput(BatchNorm2dLayer, normalized) {
  constructor(...args: ArgumentsOf<typeof LAZY_BATCH_NORM_2D>) {
    super(LAZY_BATCH_NORM_2D.bind(args));
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
