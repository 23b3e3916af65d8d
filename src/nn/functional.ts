/**
 * `nn.functional`: convolution, pooling, normalisation, activations, dropout and losses as functions, under
 * PyTorch's names in camelCase.
 */
export { sigmoid, tanh } from "../tensor/functions/pointwise.ts";
export * from "../tensor/functions/nn_activation.ts";
export * from "../tensor/functions/nn_adaptive_pooling.ts";
export * from "../tensor/functions/nn_binary_loss.ts";
export * from "../tensor/functions/nn_classification_loss.ts";
export * from "../tensor/functions/nn_convolution.ts";
export * from "../tensor/functions/nn_distance.ts";
export * from "../tensor/functions/nn_dropout.ts";
export * from "../tensor/functions/nn_gated_activation.ts";
export * from "../tensor/functions/nn_linear.ts";
export * from "../tensor/functions/nn_normalization.ts";
export * from "../tensor/functions/nn_pooling.ts";
export * from "../tensor/functions/nn_regression_loss.ts";
export { relu } from "../tensor/functions/nn_relu.ts";
export * from "../tensor/functions/nn_softmax.ts";
