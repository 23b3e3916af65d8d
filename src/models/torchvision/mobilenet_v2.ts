/** MobileNet V2 as torchvision ships it. */
import { parameterTable } from "../../base/params/arguments.ts";
import * as nn from "../../nn/index.ts";
import { flatten } from "../../tensor/functions/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { pretrained } from "../pretrained/pretrained_network.ts";
import { Conv2dNormActivation } from "./conv_norm_activation.ts";
import { divisibleChannels, drawMobileWeights } from "./mobile_channels.ts";
import { imagenet1k } from "./weights.ts";

/** What `mobilenetV2` takes. */
export interface MobileNetV2Options {
  /** Size of the output. @default 1000 */
  numClasses?: number;
  /** Factor of the numbers of channels. @default 1 */
  widthMult?: number;
  /** Probability of dropout before the last layer. @default 0.2 */
  dropout?: number;
}

/** Table 2 of the paper: expansion, channels, blocks, step of the first block. */
const STAGES = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

/** More channels, a depthwise convolution, fewer channels, beside a shortcut if shapes agree: figure 4d. */
class InvertedResidual extends nn.Module {
  /** @internal Passes depend on nothing but inputs, tensors and settings. */
  static readonly recordsAlike = true;
  private readonly isResidual: boolean;
  conv: nn.Sequential;

  constructor(inChannels: number, outChannels: number, stride: number, expansion: number) {
    super();
    this.isResidual = stride === 1 && inChannels === outChannels;
    const hidden = inChannels * expansion;
    const expand = Conv2dNormActivation(inChannels, hidden, 1, { activationLayer: nn.ReLU6 });
    this.conv = nn.Sequential(
      ...(expansion === 1 ? [] : [expand]),
      Conv2dNormActivation(hidden, hidden, { stride, groups: hidden, activationLayer: nn.ReLU6 }),
      nn.Conv2d(hidden, outChannels, 1, { bias: false }),
      nn.BatchNorm2d(outChannels),
    );
  }

  override forward(x: Tensor): Tensor {
    return this.isResidual ? x.add(this.conv(x)) : this.conv(x);
  }
}

/** See {@link mobilenetV2}. */
export class MobileNetV2Module extends nn.Module {
  /** @internal Passes depend on nothing but inputs, tensors and settings. */
  static readonly recordsAlike = true;
  features: nn.Sequential;
  classifier: nn.Sequential;

  constructor({ numClasses, widthMult, dropout }: Required<MobileNetV2Options>) {
    super();
    let channels = divisibleChannels(32 * widthMult);
    const layers: nn.Module[] = [Conv2dNormActivation(3, channels, { stride: 2, activationLayer: nn.ReLU6 })];
    for (const [expansion, width, count, stride] of STAGES) {
      const outChannels = divisibleChannels(width * widthMult);
      for (let i = 0; i < count; i++) {
        layers.push(new InvertedResidual(channels, outChannels, i === 0 ? stride : 1, expansion));
        channels = outChannels;
      }
    }
    const last = divisibleChannels(1280 * Math.max(1, widthMult));
    layers.push(Conv2dNormActivation(channels, last, 1, { activationLayer: nn.ReLU6 }));
    this.features = nn.Sequential(...layers);
    this.classifier = nn.Sequential(nn.Dropout(dropout), nn.Linear(last, numClasses));
    drawMobileWeights(this, (layer) => nn.init.normal_(layer.weight, 0, 0.01));
  }

  override forward(x: Tensor): Tensor {
    const pooled = nn.functional.adaptiveAvgPool2d(this.features(x), [1, 1]);
    return this.classifier(flatten(pooled, 1));
  }
}

const MOBILENET_V2 = parameterTable<MobileNetV2Options>("mobilenetV2")(
  ["numClasses?:integer", "widthMult?:number", "dropout?"],
  (numClasses = 1000, widthMult = 1, dropout = 0.2) =>
    new MobileNetV2Module({ numClasses, widthMult, dropout }),
);

/**
 * MobileNet V2 for ImageNet: [N, 3, H, W] (224x224 usually) to [N, 1000]; 3,504,872 parameters. State-dict keys, shapes
 * and initial values are torchvision's. For `weights` see
 * {@link resnet18}.
 *
 * Source: M. Sandler, A. Howard, M. Zhu, A. Zhmoginov, L.-C. Chen, "MobileNetV2: Inverted residuals and linear
 * bottlenecks", CVPR 2018, section 4 and table 2.
 *
 * @example
 * ```ts
 * models.torchvision.mobilenetV2({ numClasses: 10, widthMult: 0.25 })(randn(2, 3, 32, 32)).shape; // [2, 10]
 * ```
 */
export const mobilenetV2 = pretrained("mobilenet-v2", MOBILENET_V2, {
  IMAGENET1K_V1: imagenet1k("mobilenet_v2-b0353104.pth", 13.555),
  IMAGENET1K_V2: imagenet1k("mobilenet_v2-7ebf99e0.pth", 13.598, { resize: 232 }),
});
