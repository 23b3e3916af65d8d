/** MobileNet V3 as torchvision ships it. */
import { parameterTable } from "../../base/params/arguments.ts";
import * as nn from "../../nn/index.ts";
import { flatten } from "../../tensor/functions/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { pretrained } from "../pretrained/pretrained_network.ts";
import { Conv2dNormActivation } from "./conv_norm_activation.ts";
import { divisibleChannels, drawMobileWeights } from "./mobile_channels.ts";
import { SqueezeExcitation } from "./squeeze_excitation.ts";
import { imagenet1k } from "./weights.ts";

/** What `mobilenetV3Small` takes. */
export interface MobileNetV3Options {
  /** Size of the output. @default 1000 */
  numClasses?: number;
  /** Probability of dropout before the last layer. @default 0.2 */
  dropout?: number;
}

interface BlockSettings {
  readonly inChannels: number;
  readonly kernelSize: number;
  readonly expanded: number;
  readonly outChannels: number;
  /** Whether there is squeeze and excitation. */
  readonly squeeze: boolean;
  /** Hardswish ("HS") or ReLU ("RE"). */
  readonly activation: "HS" | "RE";
  readonly stride: number;
}

/** Table 2 of the paper, for the small network: input, kernel, expanded, output, squeeze, activation, step. */
const SMALL = [
  [16, 3, 16, 16, true, "RE", 2],
  [16, 3, 72, 24, false, "RE", 2],
  [24, 3, 88, 24, false, "RE", 1],
  [24, 5, 96, 40, true, "HS", 2],
  [40, 5, 240, 40, true, "HS", 1],
  [40, 5, 240, 40, true, "HS", 1],
  [40, 5, 120, 48, true, "HS", 1],
  [48, 5, 144, 48, true, "HS", 1],
  [48, 5, 288, 96, true, "HS", 2],
  [96, 5, 576, 96, true, "HS", 1],
  [96, 5, 576, 96, true, "HS", 1],
] as const;

const norm = (channels: number) => nn.BatchNorm2d(channels, { eps: 0.001, momentum: 0.01 });

/** MobileNet V2's block with squeeze and excitation behind the depthwise convolution: figure 4. */
class InvertedResidual extends nn.Module {
  /** @internal Passes depend on nothing but inputs, tensors and settings. */
  static readonly recordsAlike = true;
  private readonly isResidual: boolean;
  block: nn.Sequential;

  constructor(settings: BlockSettings) {
    super();
    const { inChannels, kernelSize, expanded, outChannels, squeeze, activation, stride } = settings;
    this.isResidual = stride === 1 && inChannels === outChannels;
    const common = { normLayer: norm, activationLayer: activation === "HS" ? nn.Hardswish : nn.ReLU };
    const layers: nn.Module[] = [];
    if (expanded !== inChannels) layers.push(Conv2dNormActivation(inChannels, expanded, 1, common));
    layers.push(
      Conv2dNormActivation(expanded, expanded, kernelSize, { stride, groups: expanded, ...common }),
    );
    if (squeeze) {
      const squeezed = divisibleChannels(Math.floor(expanded / 4));
      layers.push(SqueezeExcitation(expanded, squeezed, { scaleActivation: () => nn.Hardsigmoid() }));
    }
    layers.push(Conv2dNormActivation(expanded, outChannels, 1, { normLayer: norm, activationLayer: null }));
    this.block = nn.Sequential(...layers);
  }

  override forward(x: Tensor): Tensor {
    return this.isResidual ? this.block(x).add(x) : this.block(x);
  }
}

/** See {@link mobilenetV3Small}. */
export class MobileNetV3Module extends nn.Module {
  /** @internal Passes depend on nothing but inputs, tensors and settings. */
  static readonly recordsAlike = true;
  features: nn.Sequential;
  avgpool = nn.AdaptiveAvgPool2d(1);
  classifier: nn.Sequential;

  constructor(
    blocks: readonly BlockSettings[],
    hidden: number,
    { numClasses, dropout }: Required<MobileNetV3Options>,
  ) {
    super();
    const first = blocks[0].inChannels;
    const last = (blocks.at(-1) as BlockSettings).outChannels;
    const common = { normLayer: norm, activationLayer: nn.Hardswish };
    this.features = nn.Sequential(
      Conv2dNormActivation(3, first, { stride: 2, ...common }),
      ...blocks.map((settings) => new InvertedResidual(settings)),
      Conv2dNormActivation(last, 6 * last, 1, common),
    );
    this.classifier = nn.Sequential(
      nn.Linear(6 * last, hidden),
      nn.Hardswish(true),
      nn.Dropout(dropout, { inplace: true }),
      nn.Linear(hidden, numClasses),
    );
    drawMobileWeights(this, (layer) => nn.init.normal_(layer.weight, 0, 0.01));
  }

  override forward(x: Tensor): Tensor {
    return this.classifier(flatten(this.avgpool(this.features(x)), 1));
  }
}

const MOBILENET_V3_SMALL = parameterTable<MobileNetV3Options>("mobilenetV3Small")(
  ["numClasses?:integer", "dropout?"],
  (numClasses = 1000, dropout = 0.2) => {
    const blocks = SMALL.map(
      ([inChannels, kernelSize, expanded, outChannels, squeeze, activation, stride]): BlockSettings => ({
        inChannels,
        kernelSize,
        expanded,
        outChannels,
        squeeze,
        activation,
        stride,
      }),
    );
    return new MobileNetV3Module(blocks, 1024, { numClasses, dropout });
  },
);

/**
 * The small MobileNet V3 for ImageNet: [N, 3, H, W] (224x224 usually) to [N, 1000]; 2,542,856 parameters. State-dict
 * keys, shapes and initial values are torchvision's. For `weights` see
 * {@link resnet18}.
 *
 * Source: A. Howard et al., "Searching for MobileNetV3", ICCV 2019, section 5 and table 2.
 *
 * @example
 * ```ts
 * models.torchvision.mobilenetV3Small({ numClasses: 10 })(randn(2, 3, 32, 32)).shape; // [2, 10]
 * ```
 */
export const mobilenetV3Small = pretrained("mobilenet-v3-small", MOBILENET_V3_SMALL, {
  IMAGENET1K_V1: imagenet1k("mobilenet_v3_small-047dcff4.pth", 9.829),
});
