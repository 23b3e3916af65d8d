/** Padding: each output element is a fill value or a copy of one input element. */
import { contiguousStrides, numel, type Shape } from "../../../base/shape.ts";
import type { ReferenceKernel } from "../kernel.ts";

type Padding = readonly (readonly [number, number])[];

/** The position in 0 .. size-1 that position `i` (before 0 or behind the end, too) is a copy of. */
function borderSource(i: number, size: number, mode: string): number {
  if (mode === "replicate") return Math.min(Math.max(i, 0), size - 1);
  if (mode === "circular") return (i + size) % size;
  return i < 0 ? -i : i >= size ? 2 * (size - 1) - i : i;
}

/** For each position of the padded tensor the one it comes from. */
function sources(padded: Shape, shape: Shape, padding: Padding, mode: string): Int32Array {
  const from = contiguousStrides(shape);
  const to = contiguousStrides(padded);
  const out = new Int32Array(numel(padded));
  for (let at = 0; at < out.length; at++) {
    let source = 0;
    for (let d = 0; d < shape.length; d++) {
      const position = (Math.floor(at / to[d]) % padded[d]) - padding[d][0];
      const inside = position >= 0 && position < shape[d];
      source += (inside ? position : borderSource(position, shape[d], mode)) * from[d];
    }
    out[at] = source;
  }
  return out;
}

/** The first index of the padded side that holds one of the other, the index that it holds, and how many follow. */
function common(size: number, [before, after]: readonly [number, number]) {
  const [to, from] = [Math.max(before, 0), Math.max(-before, 0)];
  return { to, from, count: Math.max(size - from + Math.min(after, 0), 0) };
}

/** Row by row, since whole images are padded. */
const constantPad: ReferenceKernel = ({ inputs: [x], outputs: [y], attributes }) => {
  const sides = x.shape.map((size, d) => common(size, (attributes.padding as Padding)[d]));
  const [from, to] = [contiguousStrides(x.shape), contiguousStrides(y.shape)];
  const row = sides.at(-1) ?? { to: 0, from: 0, count: 1 };
  y.data.fill(attributes.value as number);
  const copy = (d: number, source: number, target: number): void => {
    if (d >= sides.length - 1) {
      y.data.set(x.data.subarray(source + row.from, source + row.from + row.count), target + row.to);
      return;
    }
    for (let i = 0; i < sides[d].count; i++)
      copy(d + 1, source + (sides[d].from + i) * from[d], target + (sides[d].to + i) * to[d]);
  };
  copy(0, 0, 0);
};

const borderPad: ReferenceKernel = ({ inputs: [x], outputs: [y], attributes }) => {
  const from = sources(y.shape, x.shape, attributes.padding as Padding, attributes.mode as string);
  for (let i = 0; i < from.length; i++) y.data[i] = x.data[from[i]];
};

const borderPadGradient: ReferenceKernel = ({ inputs: [dy], outputs: [dx], attributes }) => {
  const to = sources(dy.shape, dx.shape, attributes.padding as Padding, attributes.mode as string);
  const totals = new Float64Array(dx.data.length);
  for (let i = 0; i < to.length; i++) totals[to[i]] += dy.data[i];
  dx.data.set(totals);
};

export const PADDING_KERNELS = { constantPad, borderPad, borderPadGradient } satisfies Record<
  string,
  ReferenceKernel
>;
