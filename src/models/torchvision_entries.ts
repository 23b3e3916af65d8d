/** Networks of ImageNet by name: torchvision's, and EfficientNet-Lite0. */
import { efficientnetLite0 } from "./efficientnet_lite.ts";
import { IMAGENET_SHAPE } from "./pretrained/pretrained_network.ts";
import type { ModelEntry } from "./registry.ts";
import * as torchvision from "./torchvision/index.ts";

/** A network that the book has too: its name says which one it is. */
function entryOf(
  name: string,
  title: string,
  ...rest: [ModelEntry["options"], ModelEntry["make"]]
): ModelEntry {
  return ownEntry(`torchvision-${name}`, `torchvision's ${title}`, ...rest);
}

/** A network under its own name. */
function ownEntry(
  name: string,
  title: string,
  options: ModelEntry["options"],
  make: ModelEntry["make"],
): ModelEntry {
  const preset = { batchSize: 128, lr: 0.01, epochs: 10 };
  return { name, title, inputShape: IMAGENET_SHAPE, presets: { zh: preset, en: preset }, options, make };
}

/** {@link ownEntry} of a network that keeps the initial values with which it is made. */
function keepingEntry(...entry: Parameters<typeof ownEntry>): ModelEntry {
  return { ...ownEntry(...entry), ownInitialValues: true };
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
  entryOf("googlenet", "GoogLeNet", [...USUAL, "auxLogits", "transformInput"], (options = {}) =>
    torchvision.googlenet(options),
  ),
  keepingEntry("resnet18", "ResNet-18", ["numClasses"], (options = {}) => torchvision.resnet18(options)),
  keepingEntry("resnet34", "ResNet-34", ["numClasses"], (options = {}) => torchvision.resnet34(options)),
  keepingEntry("resnet50", "ResNet-50", ["numClasses"], (options = {}) => torchvision.resnet50(options)),
  keepingEntry("squeezenet1-1", "SqueezeNet 1.1", USUAL, (options = {}) =>
    torchvision.squeezenet1_1(options),
  ),
  keepingEntry("mobilenet-v2", "MobileNet V2", [...USUAL, "widthMult"], (options = {}) =>
    torchvision.mobilenetV2(options),
  ),
  keepingEntry("mobilenet-v3-small", "MobileNet V3, small", USUAL, (options = {}) =>
    torchvision.mobilenetV3Small(options),
  ),
  keepingEntry("efficientnet-b0", "EfficientNet-B0", USUAL, (options = {}) =>
    torchvision.efficientnetB0(options),
  ),
  keepingEntry("efficientnet-lite0", "EfficientNet-Lite0", USUAL, (options = {}) =>
    efficientnetLite0(options),
  ),
  keepingEntry("densenet121", "DenseNet-121", ["numClasses"], (options = {}) =>
    torchvision.densenet121(options),
  ),
];
