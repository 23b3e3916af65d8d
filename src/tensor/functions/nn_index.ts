/** The functions of `nn.functional`, by family. */
export * from "./nn_activation.ts";
export * from "./nn_adaptive_pooling.ts";
export * from "./nn_binary_loss.ts";
export * from "./nn_classification_loss.ts";
export * from "./nn_convolution.ts";
export * from "./nn_distance.ts";
export * from "./nn_dropout.ts";
export * from "./nn_gated_activation.ts";
export * from "./nn_interpolation.ts";
export * from "./nn_linear.ts";
export * from "./nn_normalization.ts";
export * from "./nn_padding.ts";
export * from "./nn_pooling.ts";
export * from "./nn_regression_loss.ts";
export * from "./nn_shuffle.ts";
export * from "./nn_softmax.ts";
export * from "./nn_unfolding.ts";
