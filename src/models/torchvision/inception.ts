/** The parts of GoogLeNet as torchvision ships it: convolution with batch norm, Inception block, auxiliary head. */
import { callable } from "../../base/params/callable.ts";
import * as nn from "../../nn/index.ts";
import { cat, flatten, relu } from "../../tensor/functions/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";

interface ConvolutionSettings {
  /** Size of the kernel in pixels. */
  kernelSize: number;
  /** Step of the kernel in pixels. @default 1 */
  stride?: number;
  /** Zeros on each side, in pixels. @default 0 */
  padding?: number;
}

/** See {@link BasicConv2d}. */
export class BasicConv2dModule extends nn.Module {
  /** @internal Passes depend on nothing but inputs, tensors and settings. */
  static readonly recordsAlike = true;
  conv: nn.Conv2d;
  bn: nn.BatchNorm2d;

  constructor(inChannels: number, outChannels: number, settings: ConvolutionSettings) {
    super();
    this.conv = nn.Conv2d(inChannels, outChannels, { ...settings, bias: false });
    this.bn = nn.BatchNorm2d(outChannels, { eps: 0.001 });
  }

  override forward(x: Tensor): Tensor {
    return relu(this.bn(this.conv(x)));
  }
}

/**
 * Convolution without bias, batch normalisation, ReLU.
 *
 * @example
 * ```ts
 * models.torchvision.BasicConv2d(3, 8, { kernelSize: 3 })(randn(2, 3, 10, 10)).shape; // [2, 8, 8, 8]
 * ```
 */
export const BasicConv2d = callable("BasicConv2d", BasicConv2dModule);
export type BasicConv2d = BasicConv2dModule;

/** See {@link Inception}. */
export class InceptionModule extends nn.Module {
  /** @internal Passes depend on nothing but inputs, tensors and settings. */
  static readonly recordsAlike = true;
  branch1: BasicConv2d;
  branch2: nn.Sequential;
  branch3: nn.Sequential;
  branch4: nn.Sequential;

  constructor(
    inChannels: number,
    ch1x1: number,
    ch3x3red: number,
    ch3x3: number,
    ch5x5red: number,
    ch5x5: number,
    poolProj: number,
  ) {
    super();
    this.branch1 = BasicConv2d(inChannels, ch1x1, { kernelSize: 1 });
    this.branch2 = nn.Sequential(
      BasicConv2d(inChannels, ch3x3red, { kernelSize: 1 }),
      BasicConv2d(ch3x3red, ch3x3, { kernelSize: 3, padding: 1 }),
    );
    this.branch3 = nn.Sequential(
      BasicConv2d(inChannels, ch5x5red, { kernelSize: 1 }),
      // 3x3, although the paper has 5x5 here: so are the published weights.
      BasicConv2d(ch5x5red, ch5x5, { kernelSize: 3, padding: 1 }),
    );
    this.branch4 = nn.Sequential(
      nn.MaxPool2d(3, { stride: 1, padding: 1, ceilMode: true }),
      BasicConv2d(inChannels, poolProj, { kernelSize: 1 }),
    );
  }

  override forward(x: Tensor): Tensor {
    return cat([this.branch1(x), this.branch2(x), this.branch3(x), this.branch4(x)], 1);
  }
}

/**
 * torchvision's Inception block; the book's is `models.Inception`.
 *
 * @example
 * ```ts
 * models.torchvision.Inception(192, 64, 96, 128, 16, 32, 32)(randn(2, 192, 8, 8)).shape; // [2, 256, 8, 8]
 * ```
 */
export const Inception = callable("Inception", InceptionModule);
export type Inception = InceptionModule;

/** See {@link InceptionAux}. */
export class InceptionAuxModule extends nn.Module {
  /** @internal Passes depend on nothing but inputs, tensors and settings. */
  static readonly recordsAlike = true;
  conv: BasicConv2d;
  fc1: nn.Linear;
  fc2: nn.Linear;
  dropout: nn.Module;

  constructor(inChannels: number, numClasses: number, dropout = 0.7) {
    super();
    this.conv = BasicConv2d(inChannels, 128, { kernelSize: 1 });
    this.fc1 = nn.Linear(2048, 1024);
    this.fc2 = nn.Linear(1024, numClasses);
    this.dropout = nn.Dropout(dropout);
  }

  override forward(x: Tensor): Tensor {
    const pooled = nn.functional.adaptiveAvgPool2d(x, [4, 4]);
    const features = flatten(this.conv(pooled), 1);
    return this.fc2(this.dropout(relu(this.fc1(features))));
  }
}

/**
 * A classifier in the middle of the network, which brings gradients to its lower layers in training.
 *
 * @example
 * ```ts no-run
 * models.torchvision.InceptionAux(512, 1000);
 * ```
 */
export const InceptionAux = callable("InceptionAux", InceptionAuxModule);
export type InceptionAux = InceptionAuxModule;
