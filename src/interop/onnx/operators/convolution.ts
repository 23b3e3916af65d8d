/** Convolutions over one to three spatial dimensions. */
import * as F from "../../../tensor/functions/index.ts";
import { unevenConv } from "../../../tensor/functions/nn/convolution/uneven_convolution.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { NodeFault, type OnnxOperator, UnsupportedNode } from "../operator.ts";
import { MOST_SPATIAL, type WindowAxis, windowSettings, windowsOver } from "../windows.ts";

const conv: OnnxOperator = {
  weights: [1, 2],
  limits: "one to three spatial dimensions",
  build(node) {
    const settings = windowSettings(node);
    const groups = node.integer("group", 1);
    requireFew(node.integers("kernel_shape"));
    return (inputs) => {
      const [x, weight, bias] = [inputs.tensor(0), inputs.tensor(1), inputs.optional(2)];
      requireRank(x, weight);
      const axes = windowsOver(x.shape.slice(2), weight.shape.slice(2), settings);
      return convolved(x, weight, bias, axes, groups);
    };
  },
};

function requireFew(kernel: readonly number[] | undefined): void {
  if (kernel !== undefined && kernel.length > MOST_SPATIAL)
    throw new UnsupportedNode(`with a kernel of ${kernel.length} dimensions`);
}

function requireRank(x: Tensor, weight: Tensor): void {
  if (x.ndim !== weight.ndim || x.ndim < 3 || x.ndim > 2 + MOST_SPATIAL)
    throw new NodeFault(
      `an input of shape [${x.shape.join(", ")}] and a weight of [${weight.shape.join(", ")}]`,
    );
}

function convolved(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  axes: readonly WindowAxis[],
  groups: number,
): Tensor {
  if (axes.length === 3) return overVolume(x, weight, bias, axes, groups);
  const geometry = {
    stride: axes.map(({ stride }) => stride),
    zeros: axes.map(({ before, after }): [number, number] => [before, after]),
    dilation: axes.map(({ dilation }) => dilation),
    groups,
  };
  return unevenConv(x, weight, bias, geometry);
}

/** The spatial dimensions with a number around them. */
export function padded(x: Tensor, axes: readonly WindowAxis[], value: number): Tensor {
  if (axes.every(({ before, after }) => before === 0 && after === 0)) return x;
  return F.pad(
    x,
    [...axes].reverse().flatMap(({ before, after }) => [before, after]),
    { value },
  );
}

/** The sum of convolutions over height and width, one for each layer of the kernel. */
function overVolume(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  [depth, ...plane]: readonly WindowAxis[],
  groups: number,
): Tensor {
  const deep = F.pad(x, [0, 0, 0, 0, depth.before, depth.after]);
  const [batch, channels] = x.shape;
  const layers = Array.from({ length: depth.kernel }, (_, k) => {
    const start = k * depth.dilation;
    const cut = F.slice(deep, 2, start, start + (depth.count - 1) * depth.stride + 1, depth.stride);
    const images = F.reshape(F.permute(cut, [0, 2, 1, 3, 4]), [
      batch * depth.count,
      channels,
      ...x.shape.slice(3),
    ]);
    return convolved(images, F.select(weight, 2, k), null, plane, groups);
  });
  const sum = layers.reduce((total, layer) => F.add(total, layer));
  const [, outputs, height, width] = sum.shape;
  const out = F.permute(F.reshape(sum, [batch, depth.count, outputs, height, width]), [0, 2, 1, 3, 4]);
  return bias === null ? out : F.add(out, F.reshape(bias, [outputs, 1, 1, 1]));
}

const convTranspose: OnnxOperator = {
  weights: [1, 2],
  limits: "one or two spatial dimensions",
  build(node) {
    const settings = windowSettings(node);
    const groups = node.integer("group", 1);
    const [outputPadding, outputShape] = [node.integers("output_padding"), node.integers("output_shape")];
    if ((node.integers("kernel_shape")?.length ?? 1) > 2)
      throw new UnsupportedNode("over three spatial dimensions");
    return (inputs) => {
      const [x, weight, bias] = [inputs.tensor(0), inputs.tensor(1), inputs.optional(2)];
      requireRank(x, weight);
      if (x.ndim > 4) throw new NodeFault("three spatial dimensions, expected one or two");
      const spatial = x.ndim - 2;
      const sides = x.shape.slice(2).map((length, d) => {
        const stride = settings.strides?.[d] ?? 1;
        const reach = (weight.shape[d + 2] - 1) * (settings.dilations?.[d] ?? 1) + 1;
        const added = outputPadding?.[d] ?? 0;
        const wanted =
          outputShape?.[outputShape.length - spatial + d] ??
          (settings.autoPad.startsWith("SAME") ? length * stride : undefined);
        if (wanted === undefined) {
          const pads = settings.autoPad === "VALID" ? undefined : settings.pads;
          return { before: pads?.[d] ?? 0, after: pads?.[d + spatial] ?? 0, added };
        }
        const total = Math.max(0, stride * (length - 1) + added + reach - wanted);
        const missing = Math.max(0, wanted - (stride * (length - 1) + added + reach));
        const less = Math.floor(total / 2);
        const [before, after] =
          settings.autoPad === "SAME_UPPER" ? [less, total - less] : [total - less, less];
        return { before, after, added: added + missing };
      });
      const [stride, dilation] = [settings.strides ?? 1, settings.dilations ?? 1];
      const transposed = spatial === 1 ? F.convTranspose1d : F.convTranspose2d;
      const plain = sides.every(({ before, after, added }) => before === after && added === 0);
      if (plain) {
        const padding = sides.map(({ before }) => before);
        return transposed(x, weight, bias, { stride, dilation, groups, padding });
      }
      const whole = transposed(x, weight, { stride, dilation, groups });
      const cut = F.pad(
        whole,
        [...sides].reverse().flatMap(({ before, after, added }) => [-before, added - after]),
      );
      return bias === null ? cut : F.add(cut, F.reshape(bias, [-1, ...new Array<number>(spatial).fill(1)]));
    };
  },
};

export const CONVOLUTIONS: Readonly<Record<string, OnnxOperator>> = {
  Conv: conv,
  ConvTranspose: convTranspose,
};
