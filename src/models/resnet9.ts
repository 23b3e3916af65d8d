/** ResNet-9: a small residual network that is quick to train. */
import { type ArgumentsOf, parameterTable } from "../base/params/arguments.ts";
import * as nn from "../nn/index.ts";
import { type ImageShape, keepInputShape } from "../records/input_shape.ts";
import { keepArchitecture } from "../records/network_architecture.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** The images of the chapter's data set as they are. */
export const RESNET9_SHAPE: ImageShape = [1, 28, 28];

/** What `resnet9` takes. */
export interface ResNet9Options {
  /** Size of the output. @default 10 */
  numClasses?: number;
  /** Channels of the first convolution; the others have 2, 4 and 8 times as many. @default 64 */
  width?: number;
}

const RESNET9 = parameterTable<ResNet9Options>("resnet9")(
  ["numClasses?:integer", "width?:integer"],
  (numClasses = 10, width = 64) => ({ numClasses, width }),
);

/** Convolution, batch normalisation, ReLU, and pooling or not. */
function convolution(inChannels: number, outChannels: number, isPooled: boolean): nn.Sequential {
  return nn.Sequential(
    nn.Conv2d(inChannels, outChannels, 3, { padding: 1, bias: false }),
    nn.BatchNorm2d(outChannels),
    nn.ReLU(),
    ...(isPooled ? [nn.MaxPool2d(2)] : []),
  );
}

/** Two convolutions beside a shortcut. */
class Residual extends nn.Module {
  /** @internal Passes depend on nothing but inputs, tensors and settings. */
  static readonly recordsAlike = true;
  first: nn.Sequential;
  second: nn.Sequential;

  constructor(channels: number) {
    super();
    this.first = convolution(channels, channels, false);
    this.second = convolution(channels, channels, false);
  }

  override forward(x: Tensor): Tensor {
    return this.second(this.first(x)).add(x);
  }
}

/**
 * ResNet-9: eight convolutions 3x3 with batch normalisation, four of them beside shortcuts, and one dense layer. It
 * reaches in a few epochs what LeNet never does.
 *
 * Input [N, 1, 28, 28], other sizes from 8 pixels on as well; output [N, 10]. 6,571,978 parameters at the full width,
 * 412,666 with `width: 16`. Shapes: 64x28x28, 128x14x14, 256x7x7, 512x3x3, 512, 10.
 *
 * Source: D. Page, "How to train your ResNet", 2018; K. He et al., "Deep residual learning for image recognition", 2016.
 *
 * @param numClasses - size of the output.
 * @param width - channels of the first convolution.
 * @example
 * ```ts
 * const net = models.resnet9({ width: 16 });
 * [...net.parameters()].reduce((sum, p) => sum + p.numel(), 0); // 412666
 * ```
 */
export function resnet9(...args: ArgumentsOf<typeof RESNET9>): nn.Sequential {
  const options = RESNET9.bind(args);
  const { numClasses, width } = options;
  const net = nn.Sequential(
    convolution(1, width, false),
    convolution(width, 2 * width, true),
    new Residual(2 * width),
    convolution(2 * width, 4 * width, true),
    convolution(4 * width, 8 * width, true),
    new Residual(8 * width),
    nn.AdaptiveMaxPool2d(1),
    nn.Flatten(),
    nn.Linear(8 * width, numClasses),
  );
  net.apply((module) => {
    if (module instanceof nn.Conv2d)
      nn.init.kaimingNormal_(module.weight, { mode: "fanOut", nonlinearity: "relu" });
  });
  keepInputShape(net, RESNET9_SHAPE);
  return keepArchitecture(net, { name: "resnet9", options });
}
