/** The VGG family as torchvision ships it. */
import { type ArgumentsOf, parameterTable } from "../../base/params/arguments.ts";
import { callable } from "../../base/params/callable.ts";
import * as nn from "../../nn/index.ts";
import { flatten } from "../../tensor/functions/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { pretrained } from "../pretrained/pretrained_network.ts";
import { VGG_ARCHITECTURES, type VggDepth } from "../vgg.ts";
import { imagenet1k } from "./weights.ts";

/** What the makers of `VGG` take. */
export interface VggOptions {
  /** Size of the output. @default 1000 */
  numClasses?: number;
  /** Whether the weights are drawn as the paper's authors do; else they are PyTorch's default values. @default true */
  initWeights?: boolean;
  /** Probability with which a hidden dense unit is left out. @default 0.5 */
  dropout?: number;
}

/** What `VGG` takes. */
export interface VggModuleOptions extends VggOptions {
  /** The convolutions. */
  features: nn.Module;
}

const VGG_MODULE = parameterTable<VggModuleOptions>("VGG")(
  ["features", "numClasses?:integer", "initWeights?", "dropout?"],
  (features, numClasses = 1000, initWeights = true, dropout = 0.5) => ({
    features,
    numClasses,
    initWeights,
    dropout,
  }),
);

/** See {@link VGG}. */
export class VggModule extends nn.Module {
  /** @internal Passes depend on nothing but inputs, tensors and settings. */
  static readonly recordsAlike = true;
  features: nn.Module;
  avgpool: nn.Module;
  classifier: nn.Sequential;

  constructor(...args: ArgumentsOf<typeof VGG_MODULE>) {
    super();
    const { features, numClasses, initWeights, dropout } = VGG_MODULE.bind(args);
    this.features = features;
    this.avgpool = nn.AdaptiveAvgPool2d([7, 7]);
    this.classifier = nn.Sequential(
      nn.Linear(512 * 7 * 7, 4096),
      nn.ReLU(true),
      nn.Dropout(dropout),
      nn.Linear(4096, 4096),
      nn.ReLU(true),
      nn.Dropout(dropout),
      nn.Linear(4096, numClasses),
    );
    if (initWeights) this.apply(drawWeights);
  }

  override forward(x: Tensor): Tensor {
    return this.classifier(flatten(this.avgpool(this.features(x)), 1));
  }
}

function drawWeights(module: nn.Module): void {
  if (module instanceof nn.Conv2d) {
    nn.init.kaimingNormal_(module.weight, { mode: "fanOut", nonlinearity: "relu" });
    if (module.bias !== null) nn.init.zeros_(module.bias);
  } else if (module instanceof nn.Linear) {
    nn.init.normal_(module.weight, 0, 0.01);
    if (module.bias !== null) nn.init.zeros_(module.bias);
  }
}

/**
 * A VGG for ImageNet from its convolutional part: [N, 3, H, W] (32x32 at least, 224x224 usually) to [N, 1000].
 *
 * State-dict keys and shapes are torchvision's.
 *
 * Source: K. Simonyan, A. Zisserman, "Very deep convolutional networks for large-scale image recognition", 2015.
 *
 * @example
 * ```ts
 * const features = nn.Sequential(nn.Conv2d(3, 512, 3, { padding: 1 }), nn.ReLU());
 * const net = models.torchvision.VGG(features, { numClasses: 10 });
 * ```
 */
export const VGG = callable("VGG", VggModule);
export type VGG = VggModule;

/** Convolutions, normalisations, activations and pools in one row, as torchvision numbers them. */
function makeLayers(depth: VggDepth, batchNorm: boolean): nn.Sequential {
  const layers: nn.Module[] = [];
  let inChannels = 3;
  for (const [numConvs, channels] of VGG_ARCHITECTURES[depth]) {
    for (let i = 0; i < numConvs; i++) {
      layers.push(nn.Conv2d(inChannels, channels, 3, { padding: 1 }));
      if (batchNorm) layers.push(nn.BatchNorm2d(channels));
      layers.push(nn.ReLU(true));
      inChannels = channels;
    }
    layers.push(nn.MaxPool2d(2, 2));
  }
  return nn.Sequential(...layers);
}

/** A network of the family, and how it is called. */
const makerTable = (depth: VggDepth, batchNorm: boolean) =>
  parameterTable<VggOptions>(`vgg${depth}${batchNorm ? "Bn" : ""}`)(
    ["numClasses?:integer", "initWeights?", "dropout?"],
    (numClasses = 1000, initWeights = true, dropout = 0.5) =>
      new VggModule(makeLayers(depth, batchNorm), { numClasses, initWeights, dropout }),
  );

function maker(depth: VggDepth, batchNorm: boolean, file: `vgg${string}-${string}.pth`, mebibytes: number) {
  return pretrained(
    `torchvision-vgg${depth}${batchNorm ? "-bn" : ""}`,
    makerTable(depth, batchNorm),
    { IMAGENET1K_V1: imagenet1k(file, mebibytes) },
    { settings: { initWeights: false } },
  );
}

/**
 * Configuration A of the paper; 132,863,336 parameters. See {@link VGG}; for `weights`, see {@link resnet18}.
 *
 * @example
 * ```ts no-run
 * const net = models.torchvision.vgg11();
 * const pretrained = await models.torchvision.vgg11({ weights: "IMAGENET1K_V1" });
 * ```
 */
export const vgg11 = maker(11, false, "vgg11-8a719046.pth", 506.84);
/**
 * Configuration A with batch normalisation; 132,868,840 parameters.
 *
 * @example
 * ```ts no-run
 * const net = models.torchvision.vgg11Bn({ numClasses: 10 });
 * ```
 */
export const vgg11Bn = maker(11, true, "vgg11_bn-6002323d.pth", 506.881);
/**
 * Configuration B of the paper; 133,047,848 parameters.
 *
 * @example
 * ```ts no-run
 * const net = models.torchvision.vgg13();
 * const pretrained = await models.torchvision.vgg13({ weights: "IMAGENET1K_V1" });
 * ```
 */
export const vgg13 = maker(13, false, "vgg13-19584684.pth", 507.545);
/**
 * Configuration B with batch normalisation; 133,053,736 parameters.
 *
 * @example
 * ```ts no-run
 * const net = models.torchvision.vgg13Bn({ numClasses: 10 });
 * ```
 */
export const vgg13Bn = maker(13, true, "vgg13_bn-abd245e5.pth", 507.59);
/**
 * Configuration D of the paper; 138,357,544 parameters.
 *
 * @example
 * ```ts no-run
 * const net = models.torchvision.vgg16();
 * const pretrained = await models.torchvision.vgg16({ weights: "IMAGENET1K_V1" });
 * ```
 */
export const vgg16 = maker(16, false, "vgg16-397923af.pth", 527.796);
/**
 * Configuration D with batch normalisation; 138,365,992 parameters.
 *
 * @example
 * ```ts no-run
 * const net = models.torchvision.vgg16Bn({ numClasses: 10 });
 * ```
 */
export const vgg16Bn = maker(16, true, "vgg16_bn-6c64b313.pth", 527.866);
/**
 * Configuration E of the paper; 143,667,240 parameters.
 *
 * @example
 * ```ts no-run
 * const net = models.torchvision.vgg19();
 * const pretrained = await models.torchvision.vgg19({ weights: "IMAGENET1K_V1" });
 * ```
 */
export const vgg19 = maker(19, false, "vgg19-dcbb9e9d.pth", 548.051);
/**
 * Configuration E with batch normalisation; 143,678,248 parameters.
 *
 * @example
 * ```ts no-run
 * const net = models.torchvision.vgg19Bn({ numClasses: 10 });
 * ```
 */
export const vgg19Bn = maker(19, true, "vgg19_bn-c79401a0.pth", 548.143);
