/** Reductions over `attributes.dims`. */
import { contiguousStrides, numel } from "../../../base/shape.ts";
import type { ArrayArgument, ReferenceKernel } from "../kernel.ts";

/** For each element of the input, calls `visit` with its position and that of the output it belongs to. */
export function forEachReduced(
  input: ArrayArgument,
  dims: readonly number[],
  visit: (at: number, out: number) => void,
): void {
  const { shape } = input;
  const kept = shape.map((size, d) => (dims.includes(d) ? 1 : size));
  const keptStrides = contiguousStrides(kept);
  const strides = contiguousStrides(shape);
  const count = numel(shape);
  for (let at = 0; at < count; at++) {
    let out = 0;
    for (let d = 0; d < shape.length; d++) {
      if (!dims.includes(d)) out += (Math.floor(at / strides[d]) % shape[d]) * keptStrides[d];
    }
    visit(at, out);
  }
}

const sum: ReferenceKernel = ({ inputs: [input], outputs: [output], attributes }) => {
  const totals = new Float64Array(output.data.length);
  forEachReduced(input, attributes.dims as number[], (at, out) => {
    totals[out] += input.data[at];
  });
  for (let i = 0; i < totals.length; i++) output.data[i] = totals[i];
};

const extreme =
  (better: (a: number, b: number) => boolean): ReferenceKernel =>
  ({ inputs: [input], outputs: [output], attributes }) => {
    const seen = new Uint8Array(output.data.length);
    forEachReduced(input, attributes.dims as number[], (at, out) => {
      const x = input.data[at];
      if (seen[out] === 0 || Number.isNaN(x) || better(x, output.data[out])) {
        if (seen[out] === 1 && Number.isNaN(output.data[out])) return;
        output.data[out] = x;
        seen[out] = 1;
      }
    });
  };

export const REDUCTION_KERNELS = {
  sum,
  amax: extreme((a, b) => a > b),
  amin: extreme((a, b) => a < b),
} satisfies Record<string, ReferenceKernel>;
