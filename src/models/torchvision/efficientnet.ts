/** EfficientNet as torchvision ships it. */
import { parameterTable } from "../../base/params/arguments.ts";
import * as nn from "../../nn/index.ts";
import { flatten } from "../../tensor/functions/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { EFFICIENTNET_STAGES, type EfficientNetStage } from "../efficientnet_stages.ts";
import { pretrained } from "../pretrained/pretrained_network.ts";
import { Conv2dNormActivation } from "./conv_norm_activation.ts";
import { drawMobileWeights } from "./mobile_channels.ts";
import { SqueezeExcitation } from "./squeeze_excitation.ts";
import { StochasticDepth } from "./stochastic_depth.ts";
import { imagenet1k } from "./weights.ts";

/** What `efficientnetB0` takes. */
export interface EfficientNetOptions {
  /** Size of the output. @default 1000 */
  numClasses?: number;
  /** Probability of dropout before the last layer. @default 0.2 */
  dropout?: number;
  /** Probability with which the last residual branch is left out in training; earlier ones less often. @default 0.2 */
  stochasticDepthProb?: number;
}

/** MobileNet V2's block with SiLU, squeeze and excitation, and stochastic depth. */
class MBConv extends nn.Module {
  /** @internal Passes depend on nothing but inputs, tensors and settings. */
  static readonly recordsAlike = true;
  private readonly isResidual: boolean;
  block: nn.Sequential;
  stochasticDepth: nn.Module;

  constructor({ inChannels, outChannels, kernelSize, stride, expansion }: EfficientNetStage, drop: number) {
    super();
    this.isResidual = stride === 1 && inChannels === outChannels;
    const expanded = inChannels * expansion;
    const activationLayer = nn.SiLU;
    const expand = Conv2dNormActivation(inChannels, expanded, 1, { activationLayer });
    const squeezed = Math.max(1, Math.floor(inChannels / 4));
    this.block = nn.Sequential(
      ...(expansion === 1 ? [] : [expand]),
      Conv2dNormActivation(expanded, expanded, kernelSize, { stride, groups: expanded, activationLayer }),
      SqueezeExcitation(expanded, squeezed, { activation: () => nn.SiLU(true) }),
      Conv2dNormActivation(expanded, outChannels, 1, { activationLayer: null }),
    );
    this.stochasticDepth = StochasticDepth(drop, "row");
  }

  override forward(x: Tensor): Tensor {
    const y = this.block(x);
    return this.isResidual ? this.stochasticDepth(y).add(x) : y;
  }
}

/** See {@link efficientnetB0}. */
export class EfficientNetModule extends nn.Module {
  /** @internal Passes depend on nothing but inputs, tensors and settings. */
  static readonly recordsAlike = true;
  features: nn.Sequential;
  avgpool = nn.AdaptiveAvgPool2d(1);
  classifier: nn.Sequential;

  constructor(
    stages: readonly EfficientNetStage[],
    { numClasses, dropout, stochasticDepthProb }: Required<EfficientNetOptions>,
  ) {
    super();
    const layers: nn.Module[] = [
      Conv2dNormActivation(3, stages[0].inChannels, { stride: 2, activationLayer: nn.SiLU }),
    ];
    const total = stages.reduce((sum, { count }) => sum + count, 0);
    let done = 0;
    for (const stage of stages) {
      const drop = (i: number) => (stochasticDepthProb * (done + i)) / total;
      const others = { ...stage, inChannels: stage.outChannels, stride: 1 };
      const blocks = Array.from(
        { length: stage.count },
        (_, i) => new MBConv(i === 0 ? stage : others, drop(i)),
      );
      layers.push(nn.Sequential(...blocks));
      done += stage.count;
    }
    const { outChannels } = stages.at(-1) as EfficientNetStage;
    layers.push(Conv2dNormActivation(outChannels, 4 * outChannels, 1, { activationLayer: nn.SiLU }));
    this.features = nn.Sequential(...layers);
    this.classifier = nn.Sequential(
      nn.Dropout(dropout, { inplace: true }),
      nn.Linear(4 * outChannels, numClasses),
    );
    const bound = 1 / Math.sqrt(numClasses);
    drawMobileWeights(this, (layer) => nn.init.uniform_(layer.weight, -bound, bound));
  }

  override forward(x: Tensor): Tensor {
    return this.classifier(flatten(this.avgpool(this.features(x)), 1));
  }
}

const EFFICIENTNET_B0 = parameterTable<EfficientNetOptions>("efficientnetB0")(
  ["numClasses?:integer", "dropout?", "stochasticDepthProb?:number"],
  (numClasses = 1000, dropout = 0.2, stochasticDepthProb = 0.2) =>
    new EfficientNetModule(EFFICIENTNET_STAGES, { numClasses, dropout, stochasticDepthProb }),
);

/**
 * EfficientNet-B0 for ImageNet: [N, 3, H, W] (224x224 usually) to [N, 1000]; 5,288,548 parameters. State-dict keys,
 * shapes and initial values are torchvision's. For `weights` see
 * {@link resnet18}.
 *
 * Source: M. Tan, Q. V. Le, "EfficientNet: Rethinking model scaling for convolutional neural networks", ICML 2019,
 * section 4 and table 1.
 *
 * @example
 * ```ts
 * models.torchvision.efficientnetB0({ numClasses: 10 })(randn(2, 3, 32, 32)).shape; // [2, 10]
 * ```
 */
export const efficientnetB0 = pretrained("efficientnet-b0", EFFICIENTNET_B0, {
  IMAGENET1K_V1: imagenet1k("efficientnet_b0_rwightman-7f5810bc.pth", 20.451, { interpolation: "bicubic" }),
});
