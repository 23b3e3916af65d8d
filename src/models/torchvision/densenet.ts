/** Densely connected networks as torchvision ships them. */
import { parameterTable } from "../../base/params/arguments.ts";
import * as nn from "../../nn/index.ts";
import { ModuleDictLayer } from "../../nn/module/containers.ts";
import { cat, flatten, relu } from "../../tensor/functions/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { pretrained } from "../pretrained/pretrained_network.ts";
import { imagenet1k } from "./weights.ts";

/** What `densenet121` takes. */
export interface DenseNetOptions {
  /** Size of the output. @default 1000 */
  numClasses?: number;
  /** Probability of dropout behind each dense layer. @default 0 */
  dropRate?: number;
}

/** Channels that each layer adds: k in the paper. */
const GROWTH = 32;
/** Channels between a layer's two convolutions. */
const BOTTLENECK = 4 * GROWTH;
const FIRST = 64;

/** Normalisation, ReLU and convolution twice, over what all the layers before it gave: H in section 3. */
class DenseLayer extends nn.Module {
  /** @internal Passes depend on nothing but inputs, tensors and settings. */
  static readonly recordsAlike = true;
  norm1: nn.BatchNorm2d;
  relu1 = nn.ReLU(true);
  conv1: nn.Conv2d;
  norm2 = nn.BatchNorm2d(BOTTLENECK);
  relu2 = nn.ReLU(true);
  conv2 = nn.Conv2d(BOTTLENECK, GROWTH, 3, { padding: 1, bias: false });
  private readonly dropRate: number;

  constructor(inChannels: number, dropRate: number) {
    super();
    this.norm1 = nn.BatchNorm2d(inChannels);
    this.conv1 = nn.Conv2d(inChannels, BOTTLENECK, 1, { bias: false });
    this.dropRate = dropRate;
  }

  override forward(features: readonly Tensor[]): Tensor {
    const narrow = this.conv1(this.relu1(this.norm1(cat([...features], 1))));
    const added = this.conv2(this.relu2(this.norm2(narrow)));
    return this.dropRate > 0 ? nn.functional.dropout(added, this.dropRate, this.training) : added;
  }
}

/** Layers whose outputs are kept beside each other. */
class DenseBlock extends ModuleDictLayer {
  /** @internal Passes depend on nothing but inputs, tensors and settings. */
  static readonly recordsAlike = true;
  constructor(count: number, inChannels: number, dropRate: number) {
    super();
    for (let i = 0; i < count; i++)
      this.addModule(`denselayer${i + 1}`, new DenseLayer(inChannels + i * GROWTH, dropRate));
  }

  override forward(x: Tensor): Tensor {
    const features = [x];
    for (const layer of this.values()) features.push(layer(features) as Tensor);
    return cat(features, 1);
  }
}

/** Half the channels and half the size. */
function transition(channels: number): nn.Sequential {
  return nn.Sequential({
    norm: nn.BatchNorm2d(channels),
    relu: nn.ReLU(true),
    conv: nn.Conv2d(channels, channels / 2, 1, { bias: false }),
    pool: nn.AvgPool2d(2, { stride: 2 }),
  });
}

/** See {@link densenet121}. */
export class DenseNetModule extends nn.Module {
  /** @internal Passes depend on nothing but inputs, tensors and settings. */
  static readonly recordsAlike = true;
  features: nn.Sequential;
  classifier: nn.Linear;

  constructor(blocks: readonly number[], { numClasses, dropRate }: Required<DenseNetOptions>) {
    super();
    this.features = nn.Sequential({
      conv0: nn.Conv2d(3, FIRST, 7, { stride: 2, padding: 3, bias: false }),
      norm0: nn.BatchNorm2d(FIRST),
      relu0: nn.ReLU(true),
      pool0: nn.MaxPool2d(3, { stride: 2, padding: 1 }),
    });
    let channels = FIRST;
    blocks.forEach((count, i) => {
      this.features.addModule(`denseblock${i + 1}`, new DenseBlock(count, channels, dropRate));
      channels += count * GROWTH;
      if (i === blocks.length - 1) return;
      this.features.addModule(`transition${i + 1}`, transition(channels));
      channels /= 2;
    });
    this.features.addModule("norm5", nn.BatchNorm2d(channels));
    this.classifier = nn.Linear(channels, numClasses);
    this.apply((module) => {
      if (module instanceof nn.Conv2d) nn.init.kaimingNormal_(module.weight);
      else if (module instanceof nn.Linear && module.bias !== null) nn.init.zeros_(module.bias);
    });
  }

  override forward(x: Tensor): Tensor {
    const pooled = nn.functional.adaptiveAvgPool2d(relu(this.features(x)), [1, 1]);
    return this.classifier(flatten(pooled, 1));
  }
}

const DENSENET121 = parameterTable<DenseNetOptions>("densenet121")(
  ["numClasses?:integer", "dropRate?:number"],
  (numClasses = 1000, dropRate = 0) => new DenseNetModule([6, 12, 24, 16], { numClasses, dropRate }),
);

/**
 * DenseNet-121 for ImageNet: [N, 3, H, W] (29x29 at least, 224x224 usually) to [N, 1000]; 7,978,856 parameters.
 * State-dict keys, shapes and initial values are torchvision's. For `weights` see
 * {@link resnet18}.
 *
 * Source: G. Huang, Z. Liu, L. van der Maaten, K. Q. Weinberger, "Densely connected convolutional networks", CVPR
 * 2017, section 3 and table 1.
 *
 * @example
 * ```ts
 * models.torchvision.densenet121({ numClasses: 10 })(randn(2, 3, 32, 32)).shape; // [2, 10]
 * ```
 */
export const densenet121 = pretrained(
  "densenet121",
  DENSENET121,
  { IMAGENET1K_V1: imagenet1k("densenet121-a639ec97.pth", 30.845) },
  // The file is older than the rule that names of modules have no dots: `denselayer1.norm.1` is `denselayer1.norm1`.
  { keyOf: (key) => key.replace(/(denselayer\d+\.(?:norm|relu|conv))\.([12]\.)/, "$1$2") },
);
