/** Resampling, one axis after the other: which input positions make an output position, with which weights. */
import { numel, type Shape } from "../../../base/shape.ts";
import type { Attributes } from "../../contract/engine.ts";
import type { ReferenceKernel } from "../kernel.ts";

interface Taps {
  readonly at: readonly number[];
  readonly weights: readonly number[];
}

interface Axis {
  readonly size: number;
  readonly scale: number;
}

/** Keys's cubic convolution kernel with parameter `a`. */
function cubic(x: number, a: number): number {
  const d = Math.abs(x);
  if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? a * (((d - 5) * d + 8) * d - 4) : 0;
}

const triangle = (x: number) => Math.max(0, 1 - Math.abs(x));

function tapsOf(out: number, length: number, axis: Axis, attributes: Attributes): Taps {
  const { kind, alignCorners, antialias } = attributes;
  const { scale } = axis;
  if (kind === "nearest")
    return { at: [Math.min(Math.floor(Math.fround(out * Math.fround(scale))), length - 1)], weights: [1] };
  if (kind === "nearest-exact")
    return { at: [Math.min(Math.floor((out + 0.5) * scale), length - 1)], weights: [1] };
  if (antialias) return wideTaps(out, length, scale, kind === "cubic");
  const centre = alignCorners ? out * scale : (out + 0.5) * scale - 0.5;
  if (kind === "linear") {
    const position = Math.max(centre, 0);
    const low = Math.min(Math.floor(position), length - 1);
    const part = Math.min(Math.max(position - low, 0), 1);
    return { at: [low, Math.min(low + 1, length - 1)], weights: [1 - part, part] };
  }
  const low = Math.floor(centre);
  const at = [-1, 0, 1, 2].map((offset) => Math.min(Math.max(low + offset, 0), length - 1));
  return { at, weights: [-1, 0, 1, 2].map((offset) => cubic(centre - low - offset, -0.75)) };
}

/** The kernel stretched over all input positions that an output position covers, its weights adding up to 1. */
function wideTaps(out: number, length: number, scale: number, isCubic: boolean): Taps {
  const stretch = Math.max(scale, 1);
  const support = (isCubic ? 2 : 1) * stretch;
  const centre = (out + 0.5) * scale;
  const first = Math.max(Math.floor(centre - support + 0.5), 0);
  const end = Math.min(Math.floor(centre + support + 0.5), length);
  const at = Array.from({ length: Math.max(end - first, 0) }, (_, i) => first + i);
  const raw = at.map((i) =>
    isCubic ? cubic((i + 0.5 - centre) / stretch, -0.5) : triangle((i + 0.5 - centre) / stretch),
  );
  const total = raw.reduce((a, b) => a + b, 0);
  return { at, weights: raw.map((w) => w / total) };
}

/** Resamples dimension `d`; transposed, it spreads each element over the positions that it was made of. */
function along(
  data: Float64Array,
  shape: Shape,
  d: number,
  to: number,
  taps: readonly Taps[],
  transposed: boolean,
): Float64Array {
  const from = shape[d];
  const inner = numel(shape.slice(d + 1));
  const outer = numel(shape.slice(0, d));
  const out = new Float64Array(outer * to * inner);
  for (let o = 0; o < outer; o++) {
    taps.forEach(({ at, weights }, position) => {
      for (let t = 0; t < at.length; t++) {
        const source = (o * from + (transposed ? position : at[t])) * inner;
        const target = (o * to + (transposed ? at[t] : position)) * inner;
        for (let i = 0; i < inner; i++) out[target + i] += weights[t] * data[source + i];
      }
    });
  }
  return out;
}

function axisTaps(length: number, axis: Axis, attributes: Attributes): Taps[] {
  return Array.from({ length: axis.size }, (_, out) => tapsOf(out, length, axis, attributes));
}

const resample: ReferenceKernel = ({ inputs: [x], outputs: [y], attributes }) => {
  let data: Float64Array = Float64Array.from(x.data);
  const shape = [...x.shape];
  (attributes.axes as Axis[]).forEach((axis, i) => {
    data = along(data, shape, i + 2, axis.size, axisTaps(x.shape[i + 2], axis, attributes), false);
    shape[i + 2] = axis.size;
  });
  y.data.set(data);
};

const resampleGradient: ReferenceKernel = ({ inputs: [dy], outputs: [dx], attributes }) => {
  let data: Float64Array = Float64Array.from(dy.data);
  const shape = [...dy.shape];
  (attributes.axes as Axis[]).forEach((axis, i) => {
    const length = dx.shape[i + 2];
    data = along(data, shape, i + 2, length, axisTaps(length, axis, attributes), true);
    shape[i + 2] = length;
  });
  dx.data.set(data);
};

export const INTERPOLATION_KERNELS = { resample, resampleGradient } satisfies Record<string, ReferenceKernel>;
