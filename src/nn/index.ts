/** Networks: modules, layers, losses, initial values of weights. */
export { type Callable, callable } from "../base/params/callable.ts";
export type { HookHandle } from "../tensor/properties.ts";
export * as functional from "./functional.ts";
export * as utils from "./gradient_clipping.ts";
export * as init from "./init/init.ts";
export * from "./layers/activation.ts";
export * from "./layers/adaptive_pooling.ts";
export {
  BatchNorm1d,
  BatchNorm2d,
  BatchNorm3d,
  type BatchNormSettings,
  InstanceNorm1d,
  InstanceNorm2d,
} from "./layers/batch_norm.ts";
export { Conv1d, Conv2d, ConvTranspose1d, ConvTranspose2d } from "./layers/convolution.ts";
export type { PaddingMode } from "./layers/convolution_base.ts";
export * from "./layers/dropout.ts";
export { Embedding } from "./layers/embedding.ts";
export { GroupNorm, LayerNorm, LocalResponseNorm, RMSNorm } from "./layers/group_norm.ts";
export {
  LazyBatchNorm1d,
  LazyBatchNorm2d,
  LazyConv2d,
  LazyConvTranspose2d,
  LazyLinear,
} from "./layers/lazy.ts";
export { Bilinear, Linear } from "./layers/linear.ts";
export * from "./layers/padding.ts";
export * from "./layers/pooling.ts";
export { PReLU } from "./layers/prelu.ts";
export * from "./layers/shape_layers.ts";
export * from "./layers/shuffle.ts";
export { convertSyncBatchNorm, SyncBatchNorm } from "./layers/sync_batch_norm.ts";
export * from "./losses/distance.ts";
export * from "./losses/loss.ts";
export * from "./losses/margin_loss.ts";
export type { Reduction } from "./losses/reduction.ts";
export { ModuleDict, ModuleList, type NamedModules, Sequential } from "./module/containers.ts";
export type { ForwardHook, ForwardPreHook, FullBackwardHook } from "./module/hooks.ts";
export { Module } from "./module/module.ts";
export { Parameter } from "./module/parameter.ts";
export { ParameterDict, ParameterList } from "./module/parameter_containers.ts";
export type { LoadResult, StateDict } from "./module/state_dict.ts";
