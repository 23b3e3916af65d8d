/** SqueezeNet as torchvision ships it. */
import { parameterTable } from "../../base/params/arguments.ts";
import * as nn from "../../nn/index.ts";
import { cat, flatten } from "../../tensor/functions/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { pretrained } from "../pretrained/pretrained_network.ts";
import { imagenet1k } from "./weights.ts";

/** What `squeezenet1_1` takes. */
export interface SqueezeNetOptions {
  /** Size of the output. @default 1000 */
  numClasses?: number;
  /** Probability of dropout before the last convolution. @default 0.5 */
  dropout?: number;
}

/** A 1x1 convolution to few channels, then a 1x1 and a 3x3 one beside each other: section 3.2. */
class Fire extends nn.Module {
  /** @internal Passes depend on nothing but inputs, tensors and settings. */
  static readonly recordsAlike = true;
  squeeze: nn.Conv2d;
  squeezeActivation = nn.ReLU(true);
  expand1x1: nn.Conv2d;
  expand1x1Activation = nn.ReLU(true);
  expand3x3: nn.Conv2d;
  expand3x3Activation = nn.ReLU(true);

  constructor(inChannels: number, squeezed: number, expanded: number) {
    super();
    this.squeeze = nn.Conv2d(inChannels, squeezed, 1);
    this.expand1x1 = nn.Conv2d(squeezed, expanded, 1);
    this.expand3x3 = nn.Conv2d(squeezed, expanded, 3, { padding: 1 });
  }

  override forward(x: Tensor): Tensor {
    const squeezed = this.squeezeActivation(this.squeeze(x));
    const ones = this.expand1x1Activation(this.expand1x1(squeezed));
    return cat([ones, this.expand3x3Activation(this.expand3x3(squeezed))], 1);
  }
}

/** See {@link squeezenet1_1}. */
export class SqueezeNetModule extends nn.Module {
  /** @internal Passes depend on nothing but inputs, tensors and settings. */
  static readonly recordsAlike = true;
  features: nn.Sequential;
  classifier: nn.Sequential;

  constructor({ numClasses, dropout }: Required<SqueezeNetOptions>) {
    super();
    const pool = () => nn.MaxPool2d(3, { stride: 2, ceilMode: true });
    this.features = nn.Sequential(
      nn.Conv2d(3, 64, 3, { stride: 2 }),
      nn.ReLU(true),
      pool(),
      new Fire(64, 16, 64),
      new Fire(128, 16, 64),
      pool(),
      new Fire(128, 32, 128),
      new Fire(256, 32, 128),
      pool(),
      new Fire(256, 48, 192),
      new Fire(384, 48, 192),
      new Fire(384, 64, 256),
      new Fire(512, 64, 256),
    );
    const last = nn.Conv2d(512, numClasses, 1);
    this.classifier = nn.Sequential(nn.Dropout(dropout), last, nn.ReLU(true), nn.AdaptiveAvgPool2d([1, 1]));
    this.apply((module) => {
      if (!(module instanceof nn.Conv2d)) return;
      if (module === last) nn.init.normal_(module.weight, 0, 0.01);
      else nn.init.kaimingUniform_(module.weight);
      if (module.bias !== null) nn.init.zeros_(module.bias);
    });
  }

  override forward(x: Tensor): Tensor {
    return flatten(this.classifier(this.features(x)), 1);
  }
}

const SQUEEZENET = parameterTable<SqueezeNetOptions>("squeezenet1_1")(
  ["numClasses?:integer", "dropout?"],
  (numClasses = 1000, dropout = 0.5) => new SqueezeNetModule({ numClasses, dropout }),
);

/**
 * SqueezeNet 1.1 for ImageNet: [N, 3, H, W] (17x17 at least, 224x224 usually) to [N, 1000]; 1,235,496 parameters. With
 * less than half of version 1.0's operations. State-dict keys, shapes and initial values are torchvision's.
 * For `weights` see {@link resnet18}.
 *
 * Source: F. Iandola et al., "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and <0.5MB model size",
 * 2016, section 3; version 1.1 is the authors' later one.
 *
 * @example
 * ```ts
 * models.torchvision.squeezenet1_1({ numClasses: 10 })(randn(2, 3, 32, 32)).shape; // [2, 10]
 * ```
 */
export const squeezenet1_1 = pretrained("squeezenet1-1", SQUEEZENET, {
  IMAGENET1K_V1: imagenet1k("squeezenet1_1-b8a52dc0.pth", 4.729),
});
