/** Descriptors of a channels-last convolution. */
import { numel } from "../../../base/shape.ts";
import type { TensorSpec } from "../../contract/engine.ts";
import { allFloat32 } from "../../cpu/shapes/activation.ts";
import type { ConvGeometry } from "../../cpu/shapes/conv_geometry.ts";
import type { Descriptor, DnnlScope, WindowGeometry } from "../library/dnnl.ts";
import { ELEMENT_BYTES } from "../library/dnnl_constants.ts";
import { elementOf, type Precision } from "../onednn_step.ts";

/** One of a convolution's two images. */
export type Image = "source" | "result";

export function imageDims(g: ConvGeometry, which: Image, n: number): number[] {
  return which === "source" ? [n, g.c * g.groups, g.h, g.w] : [n, g.o * g.groups, g.oh, g.ow];
}

/** `n` images with their channels last. */
export function images(
  scope: DnnlScope,
  g: ConvGeometry,
  which: Image,
  n: number,
  precision: Precision,
): Descriptor {
  const [, c, h, w] = imageDims(g, which, n);
  return scope.descriptor([n, c, h, w], precision, [h * w * c, 1, w * c, c]);
}

/** Bytes of `n` images. */
export function imageBytes(g: ConvGeometry, which: Image, precision: Precision, n = 1): number {
  return numel(imageDims(g, which, n)) * ELEMENT_BYTES[precision];
}

/** The sizes of the weight, as the library wants them: the groups are a dimension of their own. */
export function weightDims({ groups, o, c, kh, kw }: ConvGeometry): number[] {
  return groups === 1 ? [o, c, kh, kw] : [groups, o, c, kh, kw];
}

export function windowOf({ sh, sw, ph, pw, dh, dw }: ConvGeometry): WindowGeometry {
  return { strides: [sh, sw], dilation: [dh - 1, dw - 1], paddingBefore: [ph, pw], paddingAfter: [ph, pw] };
}

/** Element types as far as the algorithms depend on them: those on 32-bit floats alone are a case of their own. */
export function elementsOf(inputs: readonly TensorSpec[], outputs: readonly TensorSpec[]): string {
  const first = elementOf(inputs[0].dtype);
  return first === "float32" && !allFloat32(...inputs, ...outputs) ? "float32 mixed" : first;
}

/** The name of a slice's convolution in the autotuning cache. */
export function convolutionKey(op: string, g: ConvGeometry, n: number, stored: string): string {
  const { groups, c, o, h, w, kh, kw, sh, sw, ph, pw, dh, dw } = g;
  return `${op} ${stored} ${n}x${c * groups}x${h}x${w} ${o * groups} ${[kh, kw, sh, sw, ph, pw, dh, dw, groups].join(" ")}`;
}
