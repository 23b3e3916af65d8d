/** torchvision's networks by name. */
import type * as nn from "../nn/index.ts";
import type { ModelEntry, NetworkOptions } from "./registry.ts";
import * as torchvision from "./torchvision/index.ts";

function entryOf(
  name: string,
  title: string,
  options: readonly (keyof NetworkOptions)[],
  make: (options?: NetworkOptions) => nn.Module,
): ModelEntry {
  const preset = { batchSize: 128, lr: 0.01, epochs: 10 };
  return {
    name: `torchvision-${name}`,
    title: `torchvision's ${title}`,
    inputShape: [3, 224, 224],
    presets: { zh: preset, en: preset },
    options,
    make,
  };
}

const USUAL = ["numClasses", "dropout"] as const;

export const TORCHVISION_ENTRIES: readonly ModelEntry[] = [
  entryOf("alexnet", "AlexNet", USUAL, (options = {}) => torchvision.alexnet(options)),
  entryOf("vgg11", "VGG-11", USUAL, (options = {}) => torchvision.vgg11(options)),
  entryOf("vgg11-bn", "VGG-11 with batch norm", USUAL, (options = {}) => torchvision.vgg11Bn(options)),
  entryOf("vgg13", "VGG-13", USUAL, (options = {}) => torchvision.vgg13(options)),
  entryOf("vgg13-bn", "VGG-13 with batch norm", USUAL, (options = {}) => torchvision.vgg13Bn(options)),
  entryOf("vgg16", "VGG-16", USUAL, (options = {}) => torchvision.vgg16(options)),
  entryOf("vgg16-bn", "VGG-16 with batch norm", USUAL, (options = {}) => torchvision.vgg16Bn(options)),
  entryOf("vgg19", "VGG-19", USUAL, (options = {}) => torchvision.vgg19(options)),
  entryOf("vgg19-bn", "VGG-19 with batch norm", USUAL, (options = {}) => torchvision.vgg19Bn(options)),
  entryOf("googlenet", "GoogLeNet", [...USUAL, "auxLogits"], (options = {}) =>
    torchvision.googlenet(options),
  ),
];
