/** The functions of `nn.functional`, by family. */
export type * from "./nn_activation.ts";
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
} from "./nn_activation.ts";
export * from "./nn_adaptive_pooling.ts";
export * from "./nn_attention.ts";
export * from "./nn_batch_norm.ts";
export * from "./nn_binary_loss.ts";
export * from "./nn_classification_loss.ts";
export * from "./nn_convolution.ts";
export * from "./nn_distance.ts";
export * from "./nn_dropout.ts";
export * from "./nn_embedding.ts";
export * from "./nn_gated_activation.ts";
export * from "./nn_in_place.ts";
export * from "./nn_interpolation.ts";
export * from "./nn_linear.ts";
export * from "./nn_margin_loss.ts";
export * from "./nn_normalization.ts";
export * from "./nn_padding.ts";
export * from "./nn_pooling.ts";
export * from "./nn_random_activation.ts";
export * from "./nn_regression_loss.ts";
export * from "./nn_shuffle.ts";
export * from "./nn_softmax.ts";
export * from "./nn_unfolding.ts";
