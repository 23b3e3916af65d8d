/** Network in network. */
import { type ArgumentsOf, parameterTable } from "../base/params/arguments.ts";
import * as nn from "../nn/index.ts";
import { type ImageShape, keepInputShape } from "../records/input_shape.ts";
import { keepArchitecture } from "../records/network_architecture.ts";

/** The images that the chapter gives it. */
export const NIN_SHAPE: ImageShape = [1, 224, 224];

/** What `ninBlock` takes. */
export interface NinBlockOptions {
  /** Channels of the input. */
  inChannels: number;
  /** Channels of the output. */
  outChannels: number;
  /** Size of the first kernel in pixels. */
  kernelSize: number;
  /** Step of the first kernel in pixels. */
  strides: number;
  /** Border for the first kernel in pixels. */
  padding: number;
}

const BLOCK = parameterTable<NinBlockOptions>("ninBlock")(
  ["inChannels", "outChannels", "kernelSize", "strides", "padding"],
  (inChannels, outChannels, kernelSize, strides, padding) => ({
    inChannels,
    outChannels,
    kernelSize,
    strides,
    padding,
  }),
);

/**
 * A NiN block: an ordinary convolution and two of 1x1, which work as dense layers at every pixel; ReLU after each.
 *
 * Source: "Dive into Deep Learning", section 7.3.1.
 *
 * @example
 * ```ts
 * models.ninBlock(1, 96, { kernelSize: 11, strides: 4, padding: 0 });
 * ```
 */
export function ninBlock(...args: ArgumentsOf<typeof BLOCK>): nn.Sequential {
  const { inChannels, outChannels, kernelSize, strides, padding } = BLOCK.bind(args);
  return nn.Sequential(
    nn.Conv2d(inChannels, outChannels, kernelSize, strides, padding),
    nn.ReLU(),
    nn.Conv2d(outChannels, outChannels, { kernelSize: 1 }),
    nn.ReLU(),
    nn.Conv2d(outChannels, outChannels, { kernelSize: 1 }),
    nn.ReLU(),
  );
}

/** What `nin` takes. */
export interface NinOptions {
  /** Size of the output. @default 10 */
  numClasses?: number;
  /** Probability with which a value before the last block is left out. @default 0.5 */
  dropout?: number;
  /**
   * Channels of the last block before its last layer: fine-tuning for other classes replaces that layer alone. By default
   * `numClasses`.
   */
  headChannels?: number;
}

const NIN = parameterTable<NinOptions>("nin")(
  ["numClasses?:integer", "dropout?", "headChannels?:integer"],
  (numClasses = 10, dropout = 0.5, headChannels = numClasses) => ({ numClasses, dropout, headChannels }),
);

/**
 * NiN: four NiN blocks, the last with a channel per class, and averages over the whole image instead of dense
 * layers.
 *
 * Input [N, 1, 224, 224], output [N, 10]; 1,992,166 parameters, 762 M multiply-adds an image. Shapes: 96x54x54,
 * 96x26x26, 256x26x26, 256x12x12, 384x12x12, 384x5x5, 10x5x5, 10x1x1, 10.
 *
 * Source: M. Lin, Q. Chen, S. Yan, "Network in network", 2013; as given in "Dive into Deep Learning", section 7.3.2.
 *
 * @param numClasses - size of the output.
 * @example
 * ```ts
 * const net = models.nin();
 * [...net.parameters()].reduce((sum, p) => sum + p.numel(), 0); // 1992166
 * ```
 */
export function nin(...args: ArgumentsOf<typeof NIN>): nn.Sequential {
  const options = NIN.bind(args);
  const { numClasses, dropout, headChannels } = options;
  // As many channels as there are classes.
  const head = ninBlock(384, headChannels, { kernelSize: 3, strides: 1, padding: 1 });
  if (headChannels !== numClasses)
    head.addModule("4", nn.Conv2d(headChannels, numClasses, { kernelSize: 1 }));
  const net = nn.Sequential(
    ninBlock(1, 96, { kernelSize: 11, strides: 4, padding: 0 }),
    nn.MaxPool2d(3, { stride: 2 }),
    ninBlock(96, 256, { kernelSize: 5, strides: 1, padding: 2 }),
    nn.MaxPool2d(3, { stride: 2 }),
    ninBlock(256, 384, { kernelSize: 3, strides: 1, padding: 1 }),
    nn.MaxPool2d(3, { stride: 2 }),
    nn.Dropout(dropout),
    head,
    nn.AdaptiveAvgPool2d([1, 1]),
    // [N, classes, 1, 1] to [N, classes].
    nn.Flatten(),
  );
  keepInputShape(net, NIN_SHAPE);
  return keepArchitecture(net, { name: "nin", options });
}
