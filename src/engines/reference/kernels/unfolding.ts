/** Windows of an image as columns, and the sum that undoes it. */
import type { Attributes } from "../../contract/engine.ts";
import type { ArrayArgument, ReferenceKernel } from "../kernel.ts";

/** Calls `visit` with the position of each window's element in the columns and in the image. */
function forEachElement(
  image: ArrayArgument,
  columns: ArrayArgument,
  attributes: Attributes,
  visit: (column: number, pixel: number) => void,
): void {
  const [batch, channels, height, width] = image.shape;
  const [kh, kw] = attributes.kernelSize as number[];
  const [sh, sw] = attributes.stride as number[];
  const [ph, pw] = attributes.padding as number[];
  const [dh, dw] = attributes.dilation as number[];
  const across = Math.floor((width + 2 * pw - dw * (kw - 1) - 1) / sw) + 1;
  const [, depth, places] = columns.shape;
  for (let n = 0; n < batch; n++) {
    for (let d = 0; d < depth; d++) {
      const [c, u, v] = [Math.floor(d / (kh * kw)), Math.floor(d / kw) % kh, d % kw];
      for (let l = 0; l < places; l++) {
        const row = Math.floor(l / across) * sh - ph + u * dh;
        const column = (l % across) * sw - pw + v * dw;
        if (row < 0 || row >= height || column < 0 || column >= width) continue;
        visit((n * depth + d) * places + l, ((n * channels + c) * height + row) * width + column);
      }
    }
  }
}

const unfold: ReferenceKernel = ({ inputs: [x], outputs: [y], attributes }) => {
  y.data.fill(0);
  forEachElement(x, y, attributes, (column, pixel) => {
    y.data[column] = x.data[pixel];
  });
};

const fold: ReferenceKernel = ({ inputs: [x], outputs: [y], attributes }) => {
  const totals = new Float64Array(y.data.length);
  forEachElement(y, x, attributes, (column, pixel) => {
    totals[pixel] += x.data[column];
  });
  y.data.set(totals);
};

export const UNFOLDING_KERNELS = { unfold, fold } satisfies Record<string, ReferenceKernel>;
