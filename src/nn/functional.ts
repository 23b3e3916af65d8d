/**
 * `nn.functional`: convolution, pooling, normalisation, activations, dropout and losses as functions, under
 * PyTorch's names in camelCase.
 */

export { oneHot } from "../tensor/functions/indexing.ts";
export * from "../tensor/functions/nn_index.ts";
export { relu } from "../tensor/functions/nn_relu.ts";
export { sigmoid } from "../tensor/functions/pointwise.ts";
export { tanh } from "../tensor/functions/trigonometry.ts";
