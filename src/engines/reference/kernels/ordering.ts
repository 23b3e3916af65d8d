/** Ordering along a dimension. NaN counts as larger than every number. */
import type { TypedArray } from "../../../base/dtype.ts";
import { numel } from "../../../base/shape.ts";
import type { ArrayArgument, KernelCall, ReferenceKernel } from "../kernel.ts";

/** The lines of a tensor along `dim`: `visit` gets the first position, the step and the number of elements. */
export function forEachLine(
  { shape }: Pick<ArrayArgument, "shape">,
  dim: number,
  visit: (start: number, step: number, count: number, line: number) => void,
): void {
  const count = shape.length === 0 ? 1 : shape[dim];
  const step = numel(shape.slice(dim + 1));
  const outer = numel(shape.slice(0, dim));
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < step; i++) visit(o * count * step + i, step, count, o * step + i);
  }
}

function compare(a: number, b: number): number {
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : 1;
  if (Number.isNaN(b)) return -1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Positions 0 .. count - 1 in the order of the elements; equal ones stay in place. */
function orderOf(
  data: TypedArray,
  start: number,
  step: number,
  count: number,
  descending: boolean,
): number[] {
  const sign = descending ? -1 : 1;
  const order = Array.from({ length: count }, (_, i) => i);
  return order.sort((i, j) => sign * compare(data[start + i * step], data[start + j * step]));
}

function writeOrdered(
  { inputs: [input], outputs: [values, indices], attributes }: KernelCall,
  descending: boolean,
): void {
  const dim = attributes.dim as number;
  const kept = values.shape.length === 0 ? values.data.length : values.shape[dim];
  forEachLine(input, dim, (start, step, count, line) => {
    const order = orderOf(input.data, start, step, count, descending);
    const to = Math.floor(line / step) * kept * step + (line % step);
    for (let i = 0; i < kept; i++) {
      values.data[to + i * step] = input.data[start + order[i] * step];
      indices.data[to + i * step] = order[i];
    }
  });
}

const sort: ReferenceKernel = (call) => writeOrdered(call, call.attributes.descending as boolean);
const topk: ReferenceKernel = (call) => writeOrdered(call, call.attributes.largest as boolean);

const mode: ReferenceKernel = ({ inputs: [input], outputs: [values, indices], attributes }) => {
  forEachLine(input, attributes.dim as number, (start, step, count, line) => {
    const order = orderOf(input.data, start, step, count, false);
    const at = (i: number) => input.data[start + order[i] * step];
    let last = 0;
    let most = 0;
    for (let i = 0, from = 0; i < count; i++) {
      if (compare(at(i), at(from)) !== 0) from = i;
      if (i - from + 1 > most) {
        most = i - from + 1;
        last = i;
      }
    }
    values.data[line] = at(last);
    indices.data[line] = order[last];
  });
};

export const ORDERING_KERNELS = {
  sort,
  topk,
  mode,
} satisfies Record<string, ReferenceKernel>;
