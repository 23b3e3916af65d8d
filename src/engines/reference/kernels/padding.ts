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

/** For each position of the padded tensor the one it comes from; -1 if it is filled. */
function sources(padded: Shape, shape: Shape, padding: Padding, mode: string | null): Int32Array {
  const from = contiguousStrides(shape);
  const to = contiguousStrides(padded);
  const out = new Int32Array(numel(padded));
  for (let at = 0; at < out.length; at++) {
    let source = 0;
    for (let d = 0; d < shape.length && source >= 0; d++) {
      const position = (Math.floor(at / to[d]) % padded[d]) - padding[d][0];
      const inside = position >= 0 && position < shape[d];
      if (inside) source += position * from[d];
      else source = mode === null ? -1 : source + borderSource(position, shape[d], mode) * from[d];
    }
    out[at] = source;
  }
  return out;
}

const constantPad: ReferenceKernel = ({ inputs: [x], outputs: [y], attributes }) => {
  const from = sources(y.shape, x.shape, attributes.padding as Padding, null);
  for (let i = 0; i < from.length; i++)
    y.data[i] = from[i] < 0 ? (attributes.value as number) : x.data[from[i]];
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
