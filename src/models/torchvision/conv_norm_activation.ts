/** Convolution, normalisation and activation in a row, the block of torchvision's mobile networks. */
import { type ArgumentsOf, parameterTable } from "../../base/params/arguments.ts";
import { callable } from "../../base/params/callable.ts";
import * as nn from "../../nn/index.ts";
import { SequentialLayer } from "../../nn/module/containers.ts";

/** What `Conv2dNormActivation` takes. */
export interface Conv2dNormActivationSettings {
  /** Channels of the input. */
  inChannels: number;
  /** Channels of the output. */
  outChannels: number;
  /** Size of the kernel in pixels. @default 3 */
  kernelSize?: number;
  /** Step of the kernel in pixels. @default 1 */
  stride?: number;
  /** Zeros on each side in pixels; null for those that keep the size with stride 1. @default null */
  padding?: number | null;
  /** Groups of channels that do not see each other. @default 1 */
  groups?: number;
  /** Makes the normalisation of this many channels; null for none. @default (channels) => nn.BatchNorm2d(channels) */
  normLayer?: ((channels: number) => nn.Module) | null;
  /** Makes the activation; null for none. @default (inplace) => nn.ReLU(inplace) */
  activationLayer?: ((inplace: boolean) => nn.Module) | null;
  /** Distance between the kernel's elements in pixels. @default 1 */
  dilation?: number;
  /** Passed to `activationLayer`. @default true */
  inplace?: boolean;
  /** Whether the convolution has a bias; null for only without normalisation. @default null */
  bias?: boolean | null;
}

const CONV_NORM_ACTIVATION = parameterTable<Conv2dNormActivationSettings>("Conv2dNormActivation")(
  [
    "inChannels",
    "outChannels",
    "kernelSize?:integer",
    "stride?:integer",
    "padding?:integer|null",
    "groups?:integer",
    "normLayer?",
    "activationLayer?",
    "dilation?:integer",
    "inplace?:boolean",
    "bias?",
  ],
  (
    inChannels,
    outChannels,
    kernelSize = 3,
    stride = 1,
    padding = null,
    groups = 1,
    normLayer = (channels) => nn.BatchNorm2d(channels),
    activationLayer = (inplace) => nn.ReLU(inplace),
    dilation = 1,
    inplace = true,
    bias = null,
  ) => {
    const layers: nn.Module[] = [
      nn.Conv2d(inChannels, outChannels, kernelSize, {
        stride,
        padding: padding ?? Math.floor((kernelSize - 1) / 2) * dilation,
        dilation,
        groups,
        bias: bias ?? normLayer === null,
      }),
    ];
    if (normLayer !== null) layers.push(normLayer(outChannels));
    if (activationLayer !== null) layers.push(activationLayer(inplace));
    return layers;
  },
);

/** See {@link Conv2dNormActivation}. */
export class Conv2dNormActivationModule extends SequentialLayer {
  /** @internal Passes depend on nothing but inputs, tensors and settings. */
  static readonly recordsAlike = true;
  constructor(...args: ArgumentsOf<typeof CONV_NORM_ACTIVATION>) {
    super(...CONV_NORM_ACTIVATION.bind(args));
  }
}

/**
 * A convolution with the modules that usually follow it: normalisation and activation, under the names 0, 1, 2.
 *
 * @example
 * ```ts
 * const block = models.torchvision.Conv2dNormActivation(8, 8, { groups: 8, activationLayer: nn.ReLU6 });
 * block(randn(2, 8, 10, 10)).shape; // [2, 8, 10, 10]
 * ```
 */
export const Conv2dNormActivation = callable("Conv2dNormActivation", Conv2dNormActivationModule);
export type Conv2dNormActivation = Conv2dNormActivationModule;
