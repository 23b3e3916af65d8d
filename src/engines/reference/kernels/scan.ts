/** Running sums and products along a dimension. */
import type { ReferenceKernel } from "../kernel.ts";
import { forEachLine } from "./ordering.ts";

const running =
  (first: number, next: (total: number, x: number) => number): ReferenceKernel =>
  ({ inputs: [input], outputs: [output], attributes }) => {
    forEachLine(input, attributes.dim as number, (start, step, count) => {
      let total = first;
      for (let i = 0; i < count; i++) {
        total = next(total, input.data[start + i * step]);
        output.data[start + i * step] = total;
      }
    });
  };

const prod: ReferenceKernel = ({ inputs: [input], outputs: [output], attributes }) => {
  forEachLine(input, attributes.dim as number, (start, step, count, line) => {
    let total = 1;
    for (let i = 0; i < count; i++) total *= input.data[start + i * step];
    output.data[line] = total;
  });
};

export const SCAN_KERNELS = {
  cumsum: running(0, (total, x) => total + x),
  cumprod: running(1, (total, x) => total * x),
  prod,
} satisfies Record<string, ReferenceKernel>;
