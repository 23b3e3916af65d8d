/** Networks: modules, layers, losses, first values of weights. */
export { type Callable, callable } from "../base/callable.ts";
export * from "./activation.ts";
export * from "./adaptive_pooling.ts";
export {
  BatchNorm1d,
  BatchNorm2d,
  BatchNorm3d,
  type BatchNormOptions,
  InstanceNorm1d,
  InstanceNorm2d,
} from "./batch_norm.ts";
export { ModuleDict, ModuleList, type NamedModules, Sequential } from "./containers.ts";
export { Conv1d, Conv2d, ConvTranspose1d, ConvTranspose2d } from "./convolution.ts";
export type { PaddingMode } from "./convolution_base.ts";
export * from "./distance.ts";
export * from "./dropout.ts";
export { Embedding } from "./embedding.ts";
export * as functional from "./functional.ts";
export * as utils from "./gradient_clipping.ts";
export { GroupNorm, LayerNorm, LocalResponseNorm, RMSNorm } from "./group_norm.ts";
export type { ForwardHook, ForwardPreHook, FullBackwardHook, HookHandle } from "./hooks.ts";
export * as init from "./init.ts";
export { LazyBatchNorm1d, LazyBatchNorm2d, LazyConv2d, LazyConvTranspose2d, LazyLinear } from "./lazy.ts";
export { Bilinear, Linear } from "./linear.ts";
export * from "./loss.ts";
export * from "./margin_loss.ts";
export { Module } from "./module.ts";
export * from "./padding.ts";
export { Parameter } from "./parameter.ts";
export { ParameterDict, ParameterList } from "./parameter_containers.ts";
export * from "./pooling.ts";
export { PReLU } from "./prelu.ts";
export type { Reduction } from "./reduction.ts";
export * from "./shape_layers.ts";
export * from "./shuffle.ts";
export type { LoadResult, StateDict } from "./state_dict.ts";
