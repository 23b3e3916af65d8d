/** Networks as torchvision ships them: three channels, 1000 classes, the state-dict keys of the public weight files. */
export { AlexNet, type AlexNetOptions, alexnet } from "./alexnet.ts";
export { Conv2dNormActivation, type Conv2dNormActivationSettings } from "./conv_norm_activation.ts";
export { type DenseNetOptions, densenet121 } from "./densenet.ts";
export { type EfficientNetOptions, efficientnetB0 } from "./efficientnet.ts";
export { GoogLeNet, type GoogLeNetOptions, type GoogLeNetOutputs, googlenet } from "./googlenet.ts";
export { BasicConv2d, Inception, InceptionAux } from "./inception.ts";
export { type MobileNetV2Options, mobilenetV2 } from "./mobilenet_v2.ts";
export { type MobileNetV3Options, mobilenetV3Small } from "./mobilenet_v3.ts";
export { type ResNetOptions, resnet18, resnet34, resnet50 } from "./resnet.ts";
export { SqueezeExcitation, type SqueezeExcitationSettings } from "./squeeze_excitation.ts";
export { type SqueezeNetOptions, squeezenet1_1 } from "./squeezenet.ts";
export { StochasticDepth, type StochasticDepthSettings } from "./stochastic_depth.ts";
export {
  VGG,
  type VggOptions,
  vgg11,
  vgg11Bn,
  vgg13,
  vgg13Bn,
  vgg16,
  vgg16Bn,
  vgg19,
  vgg19Bn,
} from "./vgg.ts";
