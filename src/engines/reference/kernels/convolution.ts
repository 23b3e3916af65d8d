/** The convolution and its gradients, as the sums that define them. */
import type { Attributes } from "../../contract/engine.ts";
import type { ArrayArgument, ReferenceKernel } from "../kernel.ts";
import { UNARY } from "./elementwise.ts";

/** Calls `visit` for each product x * weight that goes into an element of y, by their positions. */
function forEachProduct(
  x: ArrayArgument,
  weight: ArrayArgument,
  y: ArrayArgument,
  attributes: Attributes,
  visit: (x: number, weight: number, y: number) => void,
): void {
  const [batch, channels, height, width] = x.shape;
  const [, perGroup, kh, kw] = weight.shape;
  const [, outputs, oh, ow] = y.shape;
  const [sh, sw] = attributes.stride as number[];
  const [ph, pw] = attributes.padding as number[];
  const [dh, dw] = attributes.dilation as number[];
  const outputsPerGroup = outputs / (attributes.groups as number);
  for (let n = 0; n < batch; n++) {
    for (let o = 0; o < outputs; o++) {
      const firstChannel = Math.floor(o / outputsPerGroup) * perGroup;
      for (let i = 0; i < oh; i++) {
        for (let j = 0; j < ow; j++) {
          const out = ((n * outputs + o) * oh + i) * ow + j;
          for (let c = 0; c < perGroup; c++) {
            for (let u = 0; u < kh; u++) {
              const row = i * sh - ph + u * dh;
              if (row < 0 || row >= height) continue;
              const line = ((n * channels + firstChannel + c) * height + row) * width;
              const weights = ((o * perGroup + c) * kh + u) * kw;
              for (let v = 0; v < kw; v++) {
                const column = j * sw - pw + v * dw;
                if (column >= 0 && column < width) visit(line + column, weights + v, out);
              }
            }
          }
        }
      }
    }
  }
}

const conv2d: ReferenceKernel = ({ inputs: [x, weight, bias], outputs: [y], attributes }) => {
  const totals = new Float64Array(y.data.length);
  forEachProduct(x, weight, y, attributes, (i, w, o) => {
    totals[o] += x.data[i] * weight.data[w];
  });
  const plane = y.shape[2] * y.shape[3];
  const activation = attributes.activation as keyof typeof UNARY | undefined;
  for (let o = 0; o < totals.length; o++) {
    const total = bias === undefined ? totals[o] : totals[o] + bias.data[Math.floor(o / plane) % y.shape[1]];
    y.data[o] = activation === undefined ? total : UNARY[activation](total);
  }
};

const conv2dInputGradient: ReferenceKernel = ({ inputs: [dy, weight], outputs: [dx], attributes }) => {
  const totals = new Float64Array(dx.data.length);
  forEachProduct(dx, weight, dy, attributes, (i, w, o) => {
    totals[i] += dy.data[o] * weight.data[w];
  });
  dx.data.set(totals);
};

const conv2dWeightGradient: ReferenceKernel = ({ inputs: [x, dy], outputs: [dw], attributes }) => {
  const totals = new Float64Array(dw.data.length);
  forEachProduct(x, dw, dy, attributes, (i, w, o) => {
    totals[w] += x.data[i] * dy.data[o];
  });
  dw.data.set(totals);
};

export const CONVOLUTION_KERNELS = {
  conv2d,
  conv2dInputGradient,
  conv2dWeightGradient,
} satisfies Record<string, ReferenceKernel>;
