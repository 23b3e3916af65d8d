/** Methods and properties of tensors that are not functions of the package: how it lies, hooks, special forms. */

import { bytesOf, type DType } from "../base/dtype.ts";
import { AutogradError } from "../base/errors.ts";
import { normalizeDim } from "../base/shape.ts";
import { watchGradient } from "./autograd.ts";
import * as functions from "./functions/index.ts";
import { matrixTranspose } from "./functions/shape/shape.ts";
import type { Operand } from "./operands.ts";
import { defineGetter, defineMethod, type GradientHook, type Tensor } from "./tensor.ts";
import { isContiguous } from "./views/layout.ts";

/** What `registerHook` returns: `remove()` ends the hook. */
export interface HookHandle {
  /** Takes the hook away. */
  remove(): void;
}

declare module "./tensor.ts" {
  interface Tensor {
    /** The tensor itself if it is contiguous, else a copy that is. */
    contiguous(): Tensor;
    /** Whether the elements lie in row-major order without gaps: not so after `t`, `expand`, or a slice of columns. */
    isContiguous(): boolean;
    /** Whether it is a view of another tensor. */
    isView(): boolean;
    /** Distance in elements from the beginning of the memory that it shares. */
    storageOffset(): number;
    /** Distance in elements between neighbours along each dimension, or one. */
    stride(): number[];
    stride(dim: number): number;
    /** Bytes of one element. */
    elementSize(): number;
    /** Number of elements. */
    nelement(): number;
    /** Where it is: `"cpu"`, the only device there is. */
    readonly device: "cpu";
    /** The tensor itself. */
    cpu(): this;
    /** Name of the dtype; with an argument, the tensor converted to it. */
    type(): DType;
    type(dtype: DType): Tensor;
    /** This tensor where the condition holds, `other` elsewhere. */
    where(condition: Tensor, other: Operand): Tensor;
    /** All dimensions in reverse order. */
    readonly T: Tensor;
    /** The last two dimensions exchanged. */
    readonly mT: Tensor;
    /** Keeps this tensor's gradient in `grad` even though it is not a leaf. */
    retainGrad(): void;
    /**
     * Calls `hook` with this tensor's gradient during `backward()`; what it returns, if anything, is used in
     * the gradient's place.
     */
    registerHook(hook: GradientHook): HookHandle;
  }
}

defineMethod("contiguous", function () {
  return isContiguous(this.cell.layout) ? this : functions.clone(this);
});
defineGetter("device", () => "cpu");
defineMethod("cpu", function () {
  return this;
});
defineMethod("isContiguous", function () {
  return isContiguous(this.cell.layout);
});
defineMethod("isView", function () {
  return this.cell.storage !== this.cell;
});
defineMethod("storageOffset", function () {
  return this.cell.layout.offset;
});
defineMethod("stride", function (dim?: number) {
  const { strides } = this.cell.layout;
  return dim === undefined ? [...strides] : strides[normalizeDim(dim, this.ndim, "stride")];
});
defineMethod("elementSize", function () {
  return bytesOf(this.dtype);
});
defineMethod("nelement", function () {
  return this.numel();
});
defineMethod("type", function (dtype?: DType) {
  return dtype === undefined ? this.dtype : functions.to(this, dtype);
});
defineMethod("where", function (condition: Tensor, other: Operand) {
  return functions.where(condition, this, other);
});
defineGetter("T", function () {
  return functions.permute(
    this,
    this.shape.map((_, d) => this.ndim - 1 - d),
  );
});
defineGetter("mT", function () {
  return matrixTranspose(this);
});

defineMethod("retainGrad", function () {
  if (!this.requiresGrad) throw new AutogradError("retainGrad: the tensor does not require a gradient");
  if (this.isLeaf) return;
  this.keepsGrad = true;
  watchGradient(this);
});

defineMethod("registerHook", function (hook: GradientHook): HookHandle {
  if (!this.requiresGrad) throw new AutogradError("registerHook: the tensor does not require a gradient");
  this.gradientHooks.push(hook);
  if (!this.isLeaf) watchGradient(this);
  return {
    remove: () => {
      const at = this.gradientHooks.indexOf(hook);
      if (at >= 0) this.gradientHooks.splice(at, 1);
    },
  };
});
