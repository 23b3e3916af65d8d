/** The chapter's networks and settings. */
import { alexnet } from "./alexnet.ts";
import { bnLenetScratch } from "./batch_norm_scratch.ts";
import { GOOGLENET_SHAPE, googlenet } from "./googlenet.ts";
import { bnLenet, lenet } from "./lenet.ts";
import type { NetworkOptions } from "./network_options.ts";
import { NIN_SHAPE, nin } from "./nin.ts";
import type { ModelEntry, TrainingPreset } from "./registry.ts";
import { type VggDepth, vgg } from "./vgg.ts";

function settings(batchSize: number, lr: number, network?: NetworkOptions): TrainingPreset {
  return { batchSize, lr, epochs: 10, ...(network === undefined ? {} : { network }) };
}

/** The chapter trains a VGG with a quarter of its channels. */
const QUARTER = { widthDivisor: 4 };

const VARIED = ["numClasses", "activation", "dropout", "batchNorm"] as const;

function vggEntry(depth: VggDepth, batchNorm: boolean): ModelEntry {
  return {
    name: `vgg${depth}${batchNorm ? "-bn" : ""}`,
    title: `VGG-${depth}${batchNorm ? " with batch norm" : ""}`,
    inputShape: [1, 224, 224],
    presets: { zh: settings(128, 0.05, QUARTER), en: settings(128, 0.01, QUARTER) },
    options: ["numClasses", "widthDivisor", "batchNorm", "dropout"],
    make: (options) => vgg(depth, { batchNorm, ...options }),
  };
}

function lenetEntry(
  name: string,
  title: string,
  zh: number,
  options: ModelEntry["options"],
  make: ModelEntry["make"],
): ModelEntry {
  const presets = { zh: settings(256, zh), en: settings(128, 0.1) };
  return { name, title, inputShape: [1, 28, 28], presets, options, make };
}

export const BOOK_ENTRIES: readonly ModelEntry[] = [
  lenetEntry("lenet", "LeNet", 0.9, VARIED, (options = {}) => lenet(options)),
  lenetEntry("bn-lenet", "BN-LeNet", 1, ["numClasses"], (options) => bnLenet(options?.numClasses)),
  lenetEntry("bn-lenet-scratch", "BN-LeNet from scratch", 1, ["numClasses"], (options) =>
    bnLenetScratch(options?.numClasses),
  ),
  {
    name: "alexnet",
    title: "AlexNet",
    inputShape: [1, 224, 224],
    presets: { zh: settings(128, 0.01), en: settings(128, 0.01) },
    options: VARIED,
    make: (options = {}) => alexnet(options),
  },
  ...([11, 13, 16, 19] as const).flatMap((depth) => [vggEntry(depth, false), vggEntry(depth, true)]),
  {
    name: "nin",
    title: "NiN",
    inputShape: NIN_SHAPE,
    presets: { zh: settings(128, 0.1), en: settings(128, 0.05) },
    options: ["numClasses", "dropout", "headChannels"],
    make: (options = {}) => nin(options),
  },
  {
    name: "googlenet",
    title: "GoogLeNet",
    inputShape: GOOGLENET_SHAPE,
    presets: { zh: settings(128, 0.1), en: settings(128, 0.01) },
    options: ["numClasses"],
    make: (options) => googlenet(options?.numClasses),
  },
];
