/** Descriptors of a channels-last convolution. */
import { numel } from "../../base/shape.ts";
import type { ConvGeometry } from "../wasm/kernels/conv_geometry.ts";
import type { Descriptor, DnnlScope, WindowGeometry } from "./dnnl.ts";
import type { ElementType } from "./dnnl_constants.ts";

/** `n` pictures of `channels` with their channels last. */
export function pictures(
  scope: DnnlScope,
  [n, c, h, w]: readonly number[],
  type: ElementType = "float32",
): Descriptor {
  return scope.descriptor([n, c, h, w], type, [h * w * c, 1, w * c, c]);
}

export function sourcePictures(scope: DnnlScope, g: ConvGeometry, n: number): Descriptor {
  return pictures(scope, [n, g.c * g.groups, g.h, g.w]);
}

export function resultPictures(scope: DnnlScope, g: ConvGeometry, n: number): Descriptor {
  return pictures(scope, [n, g.o * g.groups, g.oh, g.ow]);
}

/** Bytes of one picture of the source, of the result. */
export function pictureBytes(g: ConvGeometry): { source: number; result: number } {
  return {
    source: numel([g.c * g.groups, g.h, g.w]) * 4,
    result: numel([g.o * g.groups, g.oh, g.ow]) * 4,
  };
}

/** The sizes of the weight, as the library wants them: the groups are a dimension of their own. */
export function weightDims({ groups, o, c, kh, kw }: ConvGeometry): number[] {
  return groups === 1 ? [o, c, kh, kw] : [groups, o, c, kh, kw];
}

export function windowOf({ sh, sw, ph, pw, dh, dw }: ConvGeometry): WindowGeometry {
  return { strides: [sh, sw], dilation: [dh - 1, dw - 1], paddingBefore: [ph, pw], paddingAfter: [ph, pw] };
}
