/** Softmax and its logarithm, each row shifted by its largest element. */
import { contiguousStrides } from "../../../base/shape.ts";
import type { ArrayArgument, ReferenceKernel } from "../kernel.ts";

/** Calls `visit` with the positions of each row along `dim`. */
function forEachRow(x: ArrayArgument, dim: number, visit: (positions: readonly number[]) => void): void {
  const length = x.shape[dim] ?? 1;
  const stride = contiguousStrides(x.shape)[dim] ?? 1;
  const rows = length === 0 ? 0 : x.data.length / length;
  for (let row = 0; row < rows; row++) {
    const start = Math.floor(row / stride) * stride * length + (row % stride);
    visit(Array.from({ length }, (_, i) => start + i * stride));
  }
}

function largest(x: ArrayArgument, positions: readonly number[]): number {
  return positions.reduce((best, at) => Math.max(best, x.data[at]), Number.NEGATIVE_INFINITY);
}

const softmax: ReferenceKernel = ({ inputs: [x], outputs: [y], attributes }) => {
  forEachRow(x, attributes.dim as number, (positions) => {
    const shift = largest(x, positions);
    let total = 0;
    for (const at of positions) total += Math.exp(x.data[at] - shift);
    for (const at of positions) y.data[at] = Math.exp(x.data[at] - shift) / total;
  });
};

const logSoftmax: ReferenceKernel = ({ inputs: [x], outputs: [y], attributes }) => {
  forEachRow(x, attributes.dim as number, (positions) => {
    const shift = largest(x, positions);
    let total = 0;
    for (const at of positions) total += Math.exp(x.data[at] - shift);
    for (const at of positions) y.data[at] = x.data[at] - shift - Math.log(total);
  });
};

export const SOFTMAX_KERNELS = { softmax, logSoftmax } satisfies Record<string, ReferenceKernel>;
