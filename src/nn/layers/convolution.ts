/** Convolution layers. */

import { ArgumentError } from "../../base/errors.ts";
import type { ArgumentsOf } from "../../base/params/arguments.ts";
import { callable } from "../../base/params/callable.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import * as F from "../functional.ts";
import {
  type CompleteSettings,
  ConvolutionBase,
  convolutionTable,
  transposedTable,
} from "./convolution_base.ts";

/** A convolution over one or two dimensions. */
abstract class Convolution extends ConvolutionBase {
  constructor(of: string, spatial: 1 | 2, settings: CompleteSettings) {
    super(of, spatial, settings);
    this.makeParameters(settings.bias, settings.dtype);
  }

  override forward(x: Tensor): Tensor {
    const { weight, bias, stride, dilation, groups } = this;
    const { input, padding } = this.#bordered(x);
    const convolve = this.kernelSize.length === 1 ? F.conv1d : F.conv2d;
    return convolve.direct(input, weight, bias, stride, padding, dilation, groups);
  }

  protected override channelsOfWeight(): [number, number] {
    return [this.outChannels, this.inChannels / this.groups];
  }

  /** The input with its border, if that is not of zeros, and the padding that is left to do. */
  #bordered(input: Tensor): { input: Tensor; padding: number[] | "same" | "valid" } {
    const { padding, paddingMode } = this;
    if (paddingMode === "zeros") return { input, padding };
    return {
      input: F.pad.direct(input, this.#border(), paddingMode),
      padding: this.kernelSize.map(() => 0),
    };
  }

  /** Before and behind each dimension, the last one first: left, right, top, bottom. */
  #border(): number[] {
    const { padding, dilation, kernelSize } = this;
    return kernelSize
      .map((size, d) => {
        if (padding === "valid") return [0, 0];
        if (padding !== "same") return [padding[d], padding[d]];
        const total = dilation[d] * (size - 1);
        return [Math.floor(total / 2), total - Math.floor(total / 2)];
      })
      .reverse()
      .flat();
  }
}

const CONV1D = convolutionTable("Conv1d");
export const CONV2D = convolutionTable("Conv2d");

/** See {@link Conv1d}. */
export class Conv1dLayer extends Convolution {
  constructor(...args: ArgumentsOf<typeof CONV1D>) {
    super("Conv1d", 1, CONV1D.bind(args));
  }
}

/**
 * Convolution over sequences [N, C, L]; see {@link Conv2d}.
 *
 * @example
 * ```ts
 * nn.Conv1d(4, 6, 5, { padding: "same" })(randn(8, 4, 100)).shape; // [8, 6, 100]
 * ```
 */
export const Conv1d = callable("Conv1d", Conv1dLayer);
export type Conv1d = Conv1dLayer;

/** See {@link Conv2d}. */
export class Conv2dLayer extends Convolution {
  constructor(...args: ArgumentsOf<typeof CONV2D>) {
    super("Conv2d", 2, CONV2D.bind(args));
  }
}

/**
 * Two-dimensional convolution; see `nn.functional.conv2d`. Weight [outChannels, inChannels / groups, kh, kw].
 *
 * @param kernelSize - one number or (height, width), as `stride`, `padding` and `dilation`.
 * @param padding - border of zeros, or `"same"` to keep the image's size.
 * @param groups - splits channels into groups that do not see each other.
 * @param paddingMode - `"zeros"`, `"reflect"`, `"replicate"` or `"circular"`.
 * @example
 * ```ts
 * const images = randn(8, 1, 224, 224);
 * nn.Conv2d(1, 96, { kernelSize: 11, stride: 4, padding: 1 })(images).shape; // [8, 96, 54, 54]
 * ```
 */
export const Conv2d = callable("Conv2d", Conv2dLayer);
export type Conv2d = Conv2dLayer;

/** A transposed convolution over one or two dimensions. */
abstract class TransposedConvolution extends ConvolutionBase {
  constructor(of: string, spatial: 1 | 2, settings: CompleteSettings) {
    if (settings.paddingMode !== "zeros") {
      throw new ArgumentError(`${of}: only paddingMode "zeros" exists, got "${settings.paddingMode}"`);
    }
    super(of, spatial, settings);
    this.makeParameters(settings.bias, settings.dtype);
  }

  override forward(input: Tensor): Tensor {
    const { weight, bias, stride, outputPadding, dilation, groups } = this;
    const padding = this.padding as number[];
    const convolve = this.kernelSize.length === 1 ? F.convTranspose1d : F.convTranspose2d;
    return convolve.direct(input, weight, bias, stride, padding, outputPadding, groups, dilation);
  }

  protected override channelsOfWeight(): [number, number] {
    return [this.inChannels, this.outChannels / this.groups];
  }
}

const TRANSPOSED1D = transposedTable("ConvTranspose1d");
export const TRANSPOSED2D = transposedTable("ConvTranspose2d");

/** See {@link ConvTranspose1d}. */
export class ConvTranspose1dLayer extends TransposedConvolution {
  constructor(...args: ArgumentsOf<typeof TRANSPOSED1D>) {
    super("ConvTranspose1d", 1, TRANSPOSED1D.bind(args));
  }
}

/**
 * Transposed convolution over sequences [N, C, L]; see {@link ConvTranspose2d}.
 *
 * @example
 * ```ts
 * nn.ConvTranspose1d(4, 6, 2, { stride: 2 })(randn(8, 4, 50)).shape; // [8, 6, 100]
 * ```
 */
export const ConvTranspose1d = callable("ConvTranspose1d", ConvTranspose1dLayer);
export type ConvTranspose1d = ConvTranspose1dLayer;

/** See {@link ConvTranspose2d}. */
export class ConvTranspose2dLayer extends TransposedConvolution {
  constructor(...args: ArgumentsOf<typeof TRANSPOSED2D>) {
    super("ConvTranspose2d", 2, TRANSPOSED2D.bind(args));
  }
}

/**
 * Transposed convolution: the gradient of a convolution by its input, used to make images larger. Weight
 * [inChannels, outChannels / groups, kh, kw].
 *
 * @param outputPadding - rows and columns added at one side of the output.
 * @example
 * ```ts
 * nn.ConvTranspose2d(16, 6, 2, { stride: 2 })(randn(8, 16, 7, 7)).shape; // [8, 6, 14, 14]
 * ```
 */
export const ConvTranspose2d = callable("ConvTranspose2d", ConvTranspose2dLayer);
export type ConvTranspose2d = ConvTranspose2dLayer;
