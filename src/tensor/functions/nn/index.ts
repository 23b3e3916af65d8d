/** The functions of `nn.functional`, by family. */
export type {
  ActivationParameters,
  ExponentialLinearParameters,
  HardtanhParameters,
  LeakyReluParameters,
  PlainActivationParameters,
  ShrinkParameters,
  SoftplusParameters,
  ThresholdParameters,
} from "./activation.ts";
export {
  celu,
  elu,
  hardshrink,
  hardsigmoid,
  hardswish,
  hardtanh,
  leakyRelu,
  logsigmoid,
  mish,
  relu6,
  selu,
  silu,
  softplus,
  softshrink,
  softsign,
  tanhshrink,
  threshold,
} from "./activation.ts";
export * from "./adaptive_pooling.ts";
export * from "./attention.ts";
export * from "./batch_norm.ts";
export {
  type ConvolutionParameters,
  conv1d,
  conv2d,
  convTranspose1d,
  convTranspose2d,
  type TransposedConvolutionParameters,
} from "./convolution/convolution.ts";
export * from "./dropout.ts";
export * from "./embedding.ts";
export * from "./gated_activation.ts";
export * from "./in_place.ts";
export * from "./interpolation.ts";
export * from "./linear.ts";
export * from "./loss/binary_loss.ts";
export * from "./loss/classification_loss.ts";
export * from "./loss/distance.ts";
export * from "./loss/margin_loss.ts";
export * from "./loss/regression_loss.ts";
export * from "./normalization.ts";
export * from "./padding.ts";
export * from "./pooling.ts";
export * from "./random_activation.ts";
export * from "./shuffle.ts";
export * from "./softmax.ts";
export * from "./unfolding.ts";
