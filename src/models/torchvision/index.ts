/** Networks as torchvision ships them: three channels, 1000 classes, the state-dict keys of the public weight files. */
export { AlexNet, type AlexNetOptions, alexnet } from "./alexnet.ts";
export { GoogLeNet, type GoogLeNetOptions, type GoogLeNetOutputs, googlenet } from "./googlenet.ts";
export { BasicConv2d, Inception, InceptionAux } from "./inception.ts";
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
