/** The networks of the chapter, and those that torchvision ships. */
export { architectureOf, type NetworkArchitecture } from "../records/network_architecture.ts";
export { classNamesOf } from "../records/network_classes.ts";
export { preprocessingOf } from "../records/preprocessing.ts";
export { ACTIVATION_NAMES, type ActivationName } from "./activations.ts";
export { type AlexNetOptions, alexnet } from "./alexnet.ts";
export { type EfficientNetLiteOptions, efficientnetLite0 } from "./efficientnet_lite.ts";
export { googlenet, Inception, type PathChannels } from "./googlenet.ts";
export { initXavier } from "./init_xavier.ts";
export { bnLenet, type LeNetOptions, lenet } from "./lenet.ts";
export type { NetworkOptions } from "./network_options.ts";
export { type NinOptions, nin, ninBlock } from "./nin.ts";
export type { PretrainedCall, PublishedByName, WeightsOptions } from "./pretrained/pretrained_network.ts";
export type { PublishedWeights, WebFolder, WheelMember } from "./pretrained/published_weights.ts";
export {
  type CreateOptions,
  create,
  EDITIONS,
  type Edition,
  entry,
  type ModelEntry,
  names,
  register,
  type TrainingPreset,
} from "./registry.ts";
export { type ResNet9Options, resnet9 } from "./resnet9.ts";
export { type LayerDescription, sequential } from "./sequential.ts";
export * as torchvision from "./torchvision/index.ts";
export {
  VGG_ARCHITECTURES,
  type VggArchitecture,
  type VggDepth,
  type VggOptions,
  vgg,
  vggBlock,
} from "./vgg.ts";
