/** GoogLeNet as torchvision ships it. */
import { type ArgumentsOf, parameterTable, withMaker } from "../../base/params/arguments.ts";
import { callable } from "../../base/params/callable.ts";
import * as nn from "../../nn/index.ts";
import { cat, flatten } from "../../tensor/functions/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { pretrained } from "../pretrained/pretrained_network.ts";
import { BasicConv2d, Inception, InceptionAux } from "./inception.ts";
import { imagenet1k } from "./weights.ts";

/** What `GoogLeNet` takes. */
export interface GoogLeNetOptions {
  /** Size of the output. @default 1000 */
  numClasses?: number;
  /** Whether there are auxiliary heads. @default true */
  auxLogits?: boolean;
  /** Whether the usual normalisation of images is undone in favour of (x - 0.5) / 0.5, which the published weights expect. @default false */
  transformInput?: boolean;
  /** Whether the weights come from a normal distribution of deviation 0.01; else they are PyTorch's default values. @default true */
  initWeights?: boolean;
  /** Probability of dropout before the last layer. @default 0.2 */
  dropout?: number;
  /** Probability of dropout inside the auxiliary heads. @default 0.7 */
  dropoutAux?: number;
}

/** What a GoogLeNet with auxiliary heads gives in training. */
export interface GoogLeNetOutputs {
  readonly logits: Tensor;
  readonly auxLogits2: Tensor;
  readonly auxLogits1: Tensor;
}

const GOOGLENET = parameterTable<GoogLeNetOptions>("GoogLeNet")(
  ["numClasses?:integer", "auxLogits?", "transformInput?", "initWeights?", "dropout?", "dropoutAux?"],
  (
    numClasses = 1000,
    auxLogits = true,
    transformInput = false,
    initWeights = true,
    dropout = 0.2,
    dropoutAux = 0.7,
  ) => ({ numClasses, auxLogits, transformInput, initWeights, dropout, dropoutAux }),
);

/** See {@link GoogLeNet}. */
export class GoogLeNetModule extends nn.Module {
  /** @internal Passes depend on nothing but inputs, tensors and settings. */
  static readonly recordsAlike = true;
  readonly transformInput: boolean;
  conv1 = BasicConv2d(3, 64, { kernelSize: 7, stride: 2, padding: 3 });
  maxpool1 = nn.MaxPool2d(3, { stride: 2, ceilMode: true });
  conv2 = BasicConv2d(64, 64, { kernelSize: 1 });
  conv3 = BasicConv2d(64, 192, { kernelSize: 3, padding: 1 });
  maxpool2 = nn.MaxPool2d(3, { stride: 2, ceilMode: true });
  inception3a = Inception(192, 64, 96, 128, 16, 32, 32);
  inception3b = Inception(256, 128, 128, 192, 32, 96, 64);
  maxpool3 = nn.MaxPool2d(3, { stride: 2, ceilMode: true });
  inception4a = Inception(480, 192, 96, 208, 16, 48, 64);
  inception4b = Inception(512, 160, 112, 224, 24, 64, 64);
  inception4c = Inception(512, 128, 128, 256, 24, 64, 64);
  inception4d = Inception(512, 112, 144, 288, 32, 64, 64);
  inception4e = Inception(528, 256, 160, 320, 32, 128, 128);
  maxpool4 = nn.MaxPool2d(2, { stride: 2, ceilMode: true });
  inception5a = Inception(832, 256, 160, 320, 32, 128, 128);
  inception5b = Inception(832, 384, 192, 384, 48, 128, 128);
  aux1: InceptionAux | null;
  aux2: InceptionAux | null;
  avgpool = nn.AdaptiveAvgPool2d([1, 1]);
  dropout: nn.Module;
  fc: nn.Linear;

  constructor(...args: ArgumentsOf<typeof GOOGLENET>) {
    super();
    const { numClasses, auxLogits, transformInput, initWeights, dropout, dropoutAux } = GOOGLENET.bind(args);
    this.transformInput = transformInput;
    this.aux1 = auxLogits ? InceptionAux(512, numClasses, dropoutAux) : null;
    this.aux2 = auxLogits ? InceptionAux(528, numClasses, dropoutAux) : null;
    this.dropout = nn.Dropout(dropout);
    this.fc = nn.Linear(1024, numClasses);
    if (initWeights) this.apply(drawWeights);
  }

  /** Paths of the layers that give a number for each class, the network's own before the auxiliary ones. */
  get classifierHeads(): readonly string[] {
    return ["fc", ...(this.aux1 === null ? [] : ["aux1.fc2"]), ...(this.aux2 === null ? [] : ["aux2.fc2"])];
  }

  override forward(input: Tensor): Tensor | GoogLeNetOutputs {
    const x = this.transformInput ? recentred(input) : input;
    const low = this.maxpool2(this.conv3(this.conv2(this.maxpool1(this.conv1(x)))));
    const first = this.inception4a(this.maxpool3(this.inception3b(this.inception3a(low))));
    const auxLogits1 = this.training ? this.aux1?.(first) : undefined;
    const second = this.inception4d(this.inception4c(this.inception4b(first)));
    const auxLogits2 = this.training ? this.aux2?.(second) : undefined;
    const high = this.inception5b(this.inception5a(this.maxpool4(this.inception4e(second))));
    const logits = this.fc(this.dropout(flatten(this.avgpool(high), 1)));
    return auxLogits1 === undefined || auxLogits2 === undefined ? logits : { logits, auxLogits2, auxLogits1 };
  }
}

/** From the usual normalisation by ImageNet's means and deviations to (x - 0.5) / 0.5. */
function recentred(x: Tensor): Tensor {
  const deviations = [0.229, 0.224, 0.225];
  const means = [0.485, 0.456, 0.406];
  const channels = deviations.map((d, c) =>
    x
      .narrow(1, c, 1)
      .mul(d / 0.5)
      .add((means[c] - 0.5) / 0.5),
  );
  return cat(channels, 1);
}

function drawWeights(module: nn.Module): void {
  if (!(module instanceof nn.Conv2d || module instanceof nn.Linear)) return;
  nn.init.truncNormal_(module.weight, { mean: 0, std: 0.01, a: -2, b: 2 });
}

/**
 * GoogLeNet for ImageNet, with batch normalisation: [N, 3, H, W] (15x15 at least, 224x224 usually) to [N, 1000];
 * 13,004,888 parameters, 6,624,904 of them without the auxiliary heads.
 *
 * In training a network with auxiliary heads gives `{ logits, auxLogits2, auxLogits1 }`; its loss is usually
 * loss(logits) + 0.3 (loss(auxLogits2) + loss(auxLogits1)). State-dict keys and shapes are torchvision's.
 *
 * Source: C. Szegedy et al., "Going deeper with convolutions", 2015.
 *
 * @example
 * ```ts no-run
 * const net = models.torchvision.GoogLeNet({ numClasses: 1000, auxLogits: false });
 * ```
 */
export const GoogLeNet = callable("GoogLeNet", GoogLeNetModule);
export type GoogLeNet = GoogLeNetModule;

/**
 * A new `GoogLeNet`, or a promise of one with torchvision's weights: see {@link resnet18}. With weights
 * `transformInput` is true and there are no auxiliary heads unless they are asked for; those of the file are untrained.
 *
 * @example
 * ```ts no-run
 * const net = models.torchvision.googlenet();
 * const pretrained = await models.torchvision.googlenet({ weights: "IMAGENET1K_V1" });
 * ```
 */
export const googlenet = pretrained(
  "torchvision-googlenet",
  withMaker(GOOGLENET, "googlenet", (...args) => new GoogLeNetModule(...args)),
  { IMAGENET1K_V1: imagenet1k("googlenet-1378be20.pth", 49.731) },
  {
    settings: { transformInput: true, auxLogits: false, initWeights: false },
    // The file has auxiliary heads, untrained ones.
    keyOf: (key, net) => (net.aux1 === null && /^aux[12]\./.test(key) ? null : key),
  },
);
