/**
 * `nn.functional`: convolution, pooling, normalisation, activations, dropout and losses as functions, under
 * PyTorch's names in camelCase.
 */

export { sigmoid } from "../tensor/functions/elementwise/pointwise.ts";
export { tanh } from "../tensor/functions/elementwise/trigonometry.ts";
export { oneHot } from "../tensor/functions/indexing/indexing.ts";
export * from "../tensor/functions/nn/index.ts";
export { relu } from "../tensor/functions/nn/relu.ts";
