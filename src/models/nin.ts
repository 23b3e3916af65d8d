/** Network in network. */
import { bindArguments, signature } from "../base/arguments.ts";
import * as nn from "../nn/index.ts";

type BlockArguments =
  | [inChannels: number, outChannels: number, kernelSize: number, strides: number, padding: number]
  | [
      inChannels: number,
      outChannels: number,
      options: { kernelSize: number; strides: number; padding: number },
    ]
  | [
      options: {
        inChannels: number;
        outChannels: number;
        kernelSize: number;
        strides: number;
        padding: number;
      },
    ];

const BLOCK = signature("ninBlock", ["inChannels", "outChannels", "kernelSize", "strides", "padding"]);

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
export function ninBlock(...args: BlockArguments): nn.Sequential {
  const { inChannels, outChannels, kernelSize, strides, padding } = bindArguments(BLOCK, args);
  return nn.Sequential(
    nn.Conv2d(inChannels, outChannels, kernelSize, strides, padding),
    nn.ReLU(),
    nn.Conv2d(outChannels, outChannels, { kernelSize: 1 }),
    nn.ReLU(),
    nn.Conv2d(outChannels, outChannels, { kernelSize: 1 }),
    nn.ReLU(),
  );
}

export interface NinOptions {
  /** Size of the output; default 10. */
  numClasses?: number;
  /** Chance with which a value before the last block is left out; default 0.5. */
  dropout?: number;
}

type NinArguments = [numClasses?: number, options?: NinOptions] | [options?: NinOptions];

const NIN = signature("nin", ["numClasses?", "dropout?"]);

/**
 * NiN: four NiN blocks, the last with a channel per class, and averages over the whole picture instead of dense
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
export function nin(...args: NinArguments): nn.Sequential {
  const { numClasses = 10, dropout = 0.5 } = bindArguments(NIN, args) as NinOptions;
  return nn.Sequential(
    ninBlock(1, 96, { kernelSize: 11, strides: 4, padding: 0 }),
    nn.MaxPool2d(3, { stride: 2 }),
    ninBlock(96, 256, { kernelSize: 5, strides: 1, padding: 2 }),
    nn.MaxPool2d(3, { stride: 2 }),
    ninBlock(256, 384, { kernelSize: 3, strides: 1, padding: 1 }),
    nn.MaxPool2d(3, { stride: 2 }),
    nn.Dropout(dropout),
    // As many channels as there are classes.
    ninBlock(384, numClasses, { kernelSize: 3, strides: 1, padding: 1 }),
    nn.AdaptiveAvgPool2d([1, 1]),
    // [N, classes, 1, 1] to [N, classes].
    nn.Flatten(),
  );
}
