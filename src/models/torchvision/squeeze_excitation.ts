/** Squeeze and excitation: each channel times a number that all channels decide. */
import { type ArgumentsOf, parameterTable } from "../../base/params/arguments.ts";
import { callable } from "../../base/params/callable.ts";
import * as nn from "../../nn/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** What `SqueezeExcitation` takes. */
export interface SqueezeExcitationSettings {
  /** Channels of the image. */
  inputChannels: number;
  /** Channels between the two convolutions. */
  squeezeChannels: number;
  /** Makes the activation between the two convolutions. @default () => nn.ReLU() */
  activation?: () => nn.Module;
  /** Makes the activation that gives the channels' factors. @default () => nn.Sigmoid() */
  scaleActivation?: () => nn.Module;
}

const SQUEEZE_EXCITATION = parameterTable<SqueezeExcitationSettings>("SqueezeExcitation")(
  ["inputChannels", "squeezeChannels", "activation?", "scaleActivation?"],
  (inputChannels, squeezeChannels, activation = () => nn.ReLU(), scaleActivation = () => nn.Sigmoid()) => ({
    inputChannels,
    squeezeChannels,
    activation,
    scaleActivation,
  }),
);

/** See {@link SqueezeExcitation}. */
export class SqueezeExcitationModule extends nn.Module {
  /** @internal Passes depend on nothing but inputs, tensors and settings. */
  static readonly recordsAlike = true;
  avgpool: nn.Module;
  fc1: nn.Conv2d;
  fc2: nn.Conv2d;
  activation: nn.Module;
  scaleActivation: nn.Module;

  constructor(...args: ArgumentsOf<typeof SQUEEZE_EXCITATION>) {
    super();
    const { inputChannels, squeezeChannels, activation, scaleActivation } = SQUEEZE_EXCITATION.bind(args);
    this.avgpool = nn.AdaptiveAvgPool2d(1);
    this.fc1 = nn.Conv2d(inputChannels, squeezeChannels, 1);
    this.fc2 = nn.Conv2d(squeezeChannels, inputChannels, 1);
    this.activation = activation();
    this.scaleActivation = scaleActivation();
  }

  override forward(input: Tensor): Tensor {
    const squeezed = this.activation(this.fc1(this.avgpool(input)));
    return this.scaleActivation(this.fc2(squeezed)).mul(input);
  }
}

/**
 * Multiplies each channel by scaleActivation(W2 activation(W1 m)), m the means of all channels: [N, C, H, W] to the
 * same shape.
 *
 * Source: J. Hu, L. Shen, G. Sun, "Squeeze-and-excitation networks", CVPR 2018, section 3.
 *
 * @example
 * ```ts
 * models.torchvision.SqueezeExcitation(16, 4)(randn(2, 16, 5, 5)).shape; // [2, 16, 5, 5]
 * ```
 */
export const SqueezeExcitation = callable("SqueezeExcitation", SqueezeExcitationModule);
export type SqueezeExcitation = SqueezeExcitationModule;
