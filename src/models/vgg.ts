/** Networks of blocks: VGG. */

import { ArgumentError } from "../base/errors.ts";
import { type ArgumentsOf, parameterTable } from "../base/params/arguments.ts";
import { shownValue } from "../base/shown_value.ts";
import * as nn from "../nn/index.ts";
import { keepArchitecture } from "../records/network_architecture.ts";

/** Blocks of a VGG: how many convolutions, and how many channels they give. */
export type VggArchitecture = readonly (readonly [numConvs: number, outChannels: number])[];

/** Layers with weights by which the paper calls its networks. */
export type VggDepth = 11 | 13 | 16 | 19;

/** The architectures of the paper by their depth. */
export const VGG_ARCHITECTURES: Readonly<Record<VggDepth, VggArchitecture>> = {
  11: [
    [1, 64],
    [1, 128],
    [2, 256],
    [2, 512],
    [2, 512],
  ],
  13: [
    [2, 64],
    [2, 128],
    [2, 256],
    [2, 512],
    [2, 512],
  ],
  16: [
    [2, 64],
    [2, 128],
    [3, 256],
    [3, 512],
    [3, 512],
  ],
  19: [
    [2, 64],
    [2, 128],
    [4, 256],
    [4, 512],
    [4, 512],
  ],
};

/** What `vggBlock` takes. */
export interface VggBlockOptions {
  /** How many convolutions there are. */
  numConvs: number;
  /** Channels of the input. */
  inChannels: number;
  /** Channels of the output. */
  outChannels: number;
  /** Whether there is batch normalisation between convolution and ReLU. @default false */
  batchNorm?: boolean;
}

const BLOCK = parameterTable<VggBlockOptions>("vggBlock")(
  ["numConvs", "inChannels", "outChannels", "batchNorm?"],
  (numConvs, inChannels, outChannels, batchNorm = false) => ({
    numConvs,
    inChannels,
    outChannels,
    batchNorm,
  }),
);

/**
 * A VGG block: `numConvs` convolutions 3x3 that keep height and width, each with ReLU, and then pooling that
 * halves both.
 *
 * [N, inChannels, H, W] becomes [N, outChannels, H / 2, W / 2].
 *
 * Source: "Dive into Deep Learning", section 7.2.1.
 *
 * @param options - `batchNorm`: normalisation between convolution and ReLU (default false).
 * @example
 * ```ts
 * models.vggBlock(2, 128, 256);
 * ```
 */
export function vggBlock(...args: ArgumentsOf<typeof BLOCK>): nn.Sequential {
  const { numConvs, inChannels, outChannels, batchNorm } = BLOCK.bind(args);
  const layers: nn.Module[] = [];
  for (let i = 0; i < numConvs; i++) {
    layers.push(nn.Conv2d(i === 0 ? inChannels : outChannels, outChannels, { kernelSize: 3, padding: 1 }));
    if (batchNorm) layers.push(nn.BatchNorm2d(outChannels));
    layers.push(nn.ReLU());
  }
  layers.push(nn.MaxPool2d({ kernelSize: 2, stride: 2 }));
  return nn.Sequential(...layers);
}

/** What `vgg` takes beside the architecture. */
export interface VggOptions {
  /** Size of the output. @default 10 */
  numClasses?: number;
  /** Divides the channels of every block; the chapter trains with 4. @default 1 */
  widthDivisor?: number;
  /** Whether there is batch normalisation after every convolution. @default false */
  batchNorm?: boolean;
  /** Probability with which a hidden dense unit is left out. @default 0.5 */
  dropout?: number;
}

/** What `vgg` takes. */
export interface VggParameters extends VggOptions {
  /** 11, 13, 16 or 19 for the paper's, or a list of blocks [convolutions, channels]. */
  architecture: VggDepth | VggArchitecture;
}

const VGG = parameterTable<VggParameters>("vgg")(
  ["architecture", "numClasses?:integer", "widthDivisor?", "batchNorm?", "dropout?"],
  (architecture, numClasses = 10, widthDivisor = 1, batchNorm = false, dropout = 0.5) => ({
    architecture,
    numClasses,
    widthDivisor,
    batchNorm,
    dropout,
  }),
);

/**
 * VGG for one channel and 10 classes: five blocks, then three dense layers with ReLU and dropout.
 *
 * Input [N, 1, 224, 224], output [N, 10]. VGG-11 has 128,806,154 parameters and 7.5 G multiply-adds an image; with
 * `widthDivisor: 4`, as the chapter trains it, 43,093,322 and 512 M. Shapes: 64x112x112, 128x56x56, 256x28x28,
 * 512x14x14, 512x7x7, 25088, 4096, 4096, 10.
 *
 * Source: K. Simonyan, A. Zisserman, "Very deep convolutional networks for large-scale image recognition", 2015;
 * as given in "Dive into Deep Learning", section 7.2.2. See `torchvision.vgg11` for three channels and 1000 classes.
 *
 * @param architecture - 11, 13, 16 or 19 for the paper's, or a list of blocks [convolutions, channels].
 * @throws ArgumentError for another depth, or channels that the divisor does not divide.
 * @example
 * ```ts
 * models.vgg(11);
 * models.vgg(11, { widthDivisor: 4 });
 * models.vgg([[1, 16], [1, 32], [2, 64], [2, 128], [2, 128]]);
 * ```
 */
export function vgg(...args: ArgumentsOf<typeof VGG>): nn.Sequential {
  const { architecture, ...options } = VGG.bind(args);
  const { numClasses, widthDivisor, batchNorm, dropout } = options;
  const blocks: nn.Module[] = [];
  let inChannels = 1;
  for (const [numConvs, outChannels] of narrowed(blocksOf(architecture), widthDivisor)) {
    blocks.push(vggBlock(numConvs, inChannels, outChannels, { batchNorm }));
    inChannels = outChannels;
  }
  // Every block halves height and width.
  const size = Math.floor(224 / 2 ** blocks.length);
  const net = nn.Sequential(
    ...blocks,
    nn.Flatten(),
    ...[nn.Linear(inChannels * size * size, 4096), nn.ReLU(), nn.Dropout(dropout)],
    ...[nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout(dropout)],
    nn.Linear(4096, numClasses),
  );
  return isDepth(architecture) ? keepArchitecture(net, { name: `vgg${architecture}`, options }) : net;
}

/** Whether it names one of the paper's. */
const isDepth = (architecture: unknown): architecture is VggDepth =>
  typeof architecture === "number" && Object.hasOwn(VGG_ARCHITECTURES, architecture);

function blocksOf(architecture: unknown): VggArchitecture {
  if (Array.isArray(architecture) && architecture.length > 0) {
    for (const block of architecture) {
      const fits =
        Array.isArray(block) && block.length === 2 && block.every((n) => Number.isInteger(n) && n > 0);
      if (!fits)
        throw new ArgumentError(
          `vgg: expected every block to be [convolutions, channels], got ${shownValue(block)}`,
        );
    }
    return architecture as VggArchitecture;
  }
  const known = VGG_ARCHITECTURES[architecture as VggDepth];
  if (known !== undefined) return known;
  const depths = Object.keys(VGG_ARCHITECTURES).join(", ");
  throw new ArgumentError(
    `vgg: expected \`architecture\` to be one of ${depths}, or a list of blocks, got ${shownValue(architecture)}`,
  );
}

function narrowed(architecture: VggArchitecture, divisor: number): VggArchitecture {
  if (!Number.isInteger(divisor) || divisor < 1) {
    throw new ArgumentError(`vgg: expected \`widthDivisor\` to be an integer of at least 1, got ${divisor}`);
  }
  return architecture.map(([numConvs, channels]) => {
    if (channels % divisor !== 0)
      throw new ArgumentError(`vgg: \`widthDivisor\` ${divisor} does not divide ${channels} channels`);
    return [numConvs, channels / divisor] as const;
  });
}
