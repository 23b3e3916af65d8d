/** Residual networks as torchvision ships them. */
import { parameterTable } from "../../base/params/arguments.ts";
import * as nn from "../../nn/index.ts";
import { flatten } from "../../tensor/functions/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type PublishedByName, pretrained } from "../pretrained/pretrained_network.ts";
import { imagenet1k } from "./weights.ts";

/** What the residual networks take. */
export interface ResNetOptions {
  /** Size of the output. @default 1000 */
  numClasses?: number;
  /** Whether the last normalisation of each residual branch begins as 0, so that each block begins as the identity. @default false */
  zeroInitResidual?: boolean;
}

function conv3x3(inChannels: number, outChannels: number, stride = 1): nn.Conv2d {
  return nn.Conv2d(inChannels, outChannels, 3, { stride, padding: 1, bias: false });
}

function conv1x1(inChannels: number, outChannels: number, stride = 1): nn.Conv2d {
  return nn.Conv2d(inChannels, outChannels, 1, { stride, bias: false });
}

/** A block: its class makes `channels * expansion` channels from `inChannels`. */
interface BlockClass {
  readonly expansion: number;
  new (inChannels: number, channels: number, stride: number, downsample: nn.Module | null): nn.Module;
}

/** Two 3x3 convolutions beside a shortcut: figure 5, left. */
class BasicBlock extends nn.Module {
  /** @internal Passes depend on nothing but inputs, tensors and settings. */
  static readonly recordsAlike = true;
  static readonly expansion = 1;
  conv1: nn.Conv2d;
  bn1: nn.BatchNorm2d;
  relu = nn.ReLU(true);
  conv2: nn.Conv2d;
  bn2: nn.BatchNorm2d;
  downsample: nn.Module | null;

  constructor(inChannels: number, channels: number, stride: number, downsample: nn.Module | null) {
    super();
    this.conv1 = conv3x3(inChannels, channels, stride);
    this.bn1 = nn.BatchNorm2d(channels);
    this.conv2 = conv3x3(channels, channels);
    this.bn2 = nn.BatchNorm2d(channels);
    this.downsample = downsample;
  }

  override forward(x: Tensor): Tensor {
    const y = this.bn2(this.conv2(this.relu(this.bn1(this.conv1(x)))));
    return this.relu(y.add(this.downsample === null ? x : this.downsample(x)));
  }
}

/**
 * 1x1, 3x3 and 1x1 convolutions beside a shortcut: figure 5, right. The step is the 3x3 convolution's, not the first
 * one's as in the paper ("ResNet v1.5").
 */
class Bottleneck extends nn.Module {
  /** @internal Passes depend on nothing but inputs, tensors and settings. */
  static readonly recordsAlike = true;
  static readonly expansion = 4;
  conv1: nn.Conv2d;
  bn1: nn.BatchNorm2d;
  conv2: nn.Conv2d;
  bn2: nn.BatchNorm2d;
  conv3: nn.Conv2d;
  bn3: nn.BatchNorm2d;
  relu = nn.ReLU(true);
  downsample: nn.Module | null;

  constructor(inChannels: number, channels: number, stride: number, downsample: nn.Module | null) {
    super();
    this.conv1 = conv1x1(inChannels, channels);
    this.bn1 = nn.BatchNorm2d(channels);
    this.conv2 = conv3x3(channels, channels, stride);
    this.bn2 = nn.BatchNorm2d(channels);
    this.conv3 = conv1x1(channels, channels * Bottleneck.expansion);
    this.bn3 = nn.BatchNorm2d(channels * Bottleneck.expansion);
    this.downsample = downsample;
  }

  override forward(x: Tensor): Tensor {
    const narrow = this.relu(this.bn1(this.conv1(x)));
    const y = this.bn3(this.conv3(this.relu(this.bn2(this.conv2(narrow)))));
    return this.relu(y.add(this.downsample === null ? x : this.downsample(x)));
  }
}

/** A residual network: see {@link resnet18}. */
export class ResNetModule extends nn.Module {
  /** @internal Passes depend on nothing but inputs, tensors and settings. */
  static readonly recordsAlike = true;
  conv1 = nn.Conv2d(3, 64, 7, { stride: 2, padding: 3, bias: false });
  bn1 = nn.BatchNorm2d(64);
  relu = nn.ReLU(true);
  maxpool = nn.MaxPool2d(3, { stride: 2, padding: 1 });
  layer1: nn.Sequential;
  layer2: nn.Sequential;
  layer3: nn.Sequential;
  layer4: nn.Sequential;
  avgpool = nn.AdaptiveAvgPool2d([1, 1]);
  fc: nn.Linear;

  constructor(
    block: BlockClass,
    blocks: readonly number[],
    { numClasses, zeroInitResidual }: Required<ResNetOptions>,
  ) {
    super();
    const { expansion } = block;
    this.layer1 = stage(block, blocks[0], 64, 64, 1);
    this.layer2 = stage(block, blocks[1], 64 * expansion, 128, 2);
    this.layer3 = stage(block, blocks[2], 128 * expansion, 256, 2);
    this.layer4 = stage(block, blocks[3], 256 * expansion, 512, 2);
    this.fc = nn.Linear(512 * expansion, numClasses);
    this.apply((module) => {
      if (module instanceof nn.Conv2d)
        nn.init.kaimingNormal_(module.weight, { mode: "fanOut", nonlinearity: "relu" });
      const last =
        module instanceof Bottleneck ? module.bn3 : module instanceof BasicBlock ? module.bn2 : null;
      if (zeroInitResidual && last?.weight) nn.init.zeros_(last.weight);
    });
  }

  override forward(x: Tensor): Tensor {
    const low = this.maxpool(this.relu(this.bn1(this.conv1(x))));
    const high = this.layer4(this.layer3(this.layer2(this.layer1(low))));
    return this.fc(flatten(this.avgpool(high), 1));
  }
}

/** Blocks of one size of image. The first one has the step, and a convolution in its shortcut if shapes differ. */
function stage(
  block: BlockClass,
  count: number,
  inChannels: number,
  channels: number,
  stride: number,
): nn.Sequential {
  const outChannels = channels * block.expansion;
  const differs = stride !== 1 || inChannels !== outChannels;
  const downsample = differs
    ? nn.Sequential(conv1x1(inChannels, outChannels, stride), nn.BatchNorm2d(outChannels))
    : null;
  const first = new block(inChannels, channels, stride, downsample);
  const others = Array.from({ length: count - 1 }, () => new block(outChannels, channels, 1, null));
  return nn.Sequential(first, ...others);
}

/** A network of the family, and how it is called. */
const makerTable = (name: string, block: BlockClass, blocks: readonly number[]) =>
  parameterTable<ResNetOptions>(name)(
    ["numClasses?:integer", "zeroInitResidual?:boolean"],
    (numClasses = 1000, zeroInitResidual = false) =>
      new ResNetModule(block, blocks, { numClasses, zeroInitResidual }),
  );

function maker<Name extends string>(
  name: string,
  block: BlockClass,
  blocks: readonly number[],
  weights: PublishedByName<Name>,
) {
  return pretrained(name, makerTable(name, block, blocks), weights);
}

/**
 * The residual network with 18 layers for ImageNet: [N, 3, H, W] (224x224 usually) to [N, 1000]; 11,689,512
 * parameters. State-dict keys and shapes are torchvision's, and so are the initial values: Kaiming's, by the outputs.
 *
 * `weights` makes the call give a promise of the network with torchvision's weights: `"IMAGENET1K_V1"`, or `"DEFAULT"`
 * for the best that there are. They are fetched once, verified and kept in the cache. For another `numClasses` pass
 * `strict: false`: the last layer keeps its initial values. `resnet18.weights` says what is known of the files,
 * `models.preprocessingOf(net)` how images are prepared.
 *
 * Source: K. He, X. Zhang, S. Ren, J. Sun, "Deep residual learning for image recognition", CVPR 2016, table 1.
 *
 * @throws FileError (the promise) if the weights cannot be fetched, with the file's address and the path to save it as;
 *   StateDictError for another number of classes without `strict: false`; ArgumentError for unknown weights.
 *
 * @example
 * ```ts no-run
 * const net = models.torchvision.resnet18({ numClasses: 10 });
 * net(randn(2, 3, 64, 64)).shape; // [2, 10]
 * const pretrained = await models.torchvision.resnet18({ weights: "IMAGENET1K_V1" });
 * const tuned = await models.torchvision.resnet18({ weights: "IMAGENET1K_V1", numClasses: 10, strict: false });
 * ```
 */
export const resnet18 = maker("resnet18", BasicBlock, [2, 2, 2, 2], {
  IMAGENET1K_V1: imagenet1k("resnet18-f37072fd.pth", 44.661),
});
/**
 * The residual network with 34 layers; 21,797,672 parameters. See {@link resnet18}.
 *
 * @example
 * ```ts no-run
 * const net = models.torchvision.resnet34({ numClasses: 10 });
 * ```
 */
export const resnet34 = maker("resnet34", BasicBlock, [3, 4, 6, 3], {
  IMAGENET1K_V1: imagenet1k("resnet34-b627a593.pth", 83.275),
});
/**
 * The residual network with 50 layers, in blocks of 1x1, 3x3 and 1x1 convolutions; 25,557,032 parameters. The step of
 * a block is its 3x3 convolution's ("v1.5"), as in torchvision. See {@link resnet18}.
 *
 * @example
 * ```ts no-run
 * const net = models.torchvision.resnet50({ numClasses: 10 });
 * ```
 */
export const resnet50 = maker("resnet50", Bottleneck, [3, 4, 6, 3], {
  IMAGENET1K_V1: imagenet1k("resnet50-0676ba61.pth", 97.781),
  IMAGENET1K_V2: imagenet1k("resnet50-11ad3fa6.pth", 97.79, { resize: 232 }),
});
