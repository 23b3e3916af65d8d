/** The positions of extremes along a dimension. NaN counts as more extreme than every number. */
import type { ReferenceKernel } from "../kernel.ts";
import { forEachLine } from "./ordering.ts";

const argExtreme =
  (sign: 1 | -1): ReferenceKernel =>
  ({ inputs: [input], outputs: [output], attributes }) => {
    forEachLine(input, attributes.dim as number, (start, step, count, line) => {
      let best = 0;
      for (let i = 1; i < count; i++) {
        const x = input.data[start + i * step];
        const y = input.data[start + best * step];
        if (Number.isNaN(y)) break;
        if (Number.isNaN(x) || sign * x > sign * y) best = i;
      }
      output.data[line] = best;
    });
  };

const runningExtreme =
  (sign: 1 | -1): ReferenceKernel =>
  ({ inputs: [input], outputs: [values, indices], attributes }) => {
    forEachLine(input, attributes.dim as number, (start, step, count) => {
      let best = 0;
      for (let i = 0; i < count; i++) {
        const x = input.data[start + i * step];
        const y = input.data[start + best * step];
        if (Number.isNaN(x) || (!Number.isNaN(y) && sign * x >= sign * y)) best = i;
        values.data[start + i * step] = input.data[start + best * step];
        indices.data[start + i * step] = best;
      }
    });
  };

export const argmax = argExtreme(1);

export const EXTREME_KERNELS = {
  argmax,
  argmin: argExtreme(-1),
  cummax: runningExtreme(1),
  cummin: runningExtreme(-1),
} satisfies Record<string, ReferenceKernel>;
