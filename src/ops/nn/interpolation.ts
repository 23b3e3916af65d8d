/** Resampling of images (and sequences, and volumes) to another size. */
import type { Shape } from "../../base/shape.ts";
import { emit, type OpDefinition, type Value } from "../../graph/node.ts";
import { requireFloating } from "../core.ts";

/** How one spatial dimension is resampled. */
export interface ResampleAxis {
  /** Size afterwards. */
  readonly size: number;
  /** Input positions per output position. */
  readonly scale: number;
}

export interface ResampleRule {
  readonly kind: "nearest" | "nearest-exact" | "linear" | "cubic";
  readonly alignCorners: boolean;
  /** Widens the kernel when the image shrinks, as Pillow does. */
  readonly antialias: boolean;
  /** For each dimension behind the channels. */
  readonly axes: readonly ResampleAxis[];
}

/** Attributes: a `ResampleRule`. Each output element is a weighted sum of input elements, axis by axis. */
export const resampleOp: OpDefinition = {
  name: "resample",
  infer([x], attributes) {
    requireFloating(x);
    const { axes } = attributes as unknown as ResampleRule;
    return [{ shape: [x.shape[0], x.shape[1], ...axes.map((a) => a.size)], dtype: x.dtype }];
  },
  gradient: ({ grads, inputs: [x], attributes }) => [
    emit(resampleGradientOp, [grads[0] as Value], { ...attributes, inputShape: [...x.shape] }),
  ],
};

/** Input dy; attributes those of `resample` and `inputShape`. */
export const resampleGradientOp: OpDefinition = {
  name: "resampleGradient",
  infer: ([dy], attributes) => [{ shape: attributes.inputShape as Shape, dtype: dy.dtype }],
  gradient: ({ grads, attributes }) => [resample(grads[0] as Value, attributes as unknown as ResampleRule)],
};

export function resample(x: Value, { kind, alignCorners, antialias, axes }: ResampleRule): Value {
  return emit(resampleOp, [x], {
    kind,
    alignCorners,
    antialias,
    axes: axes.map(({ size, scale }) => ({ size, scale })),
  });
}
