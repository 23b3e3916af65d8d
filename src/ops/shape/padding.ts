/** Padding, and (with negative amounts) cropping. */
import { ShapeError } from "../../base/errors.ts";
import { formatShape, type Shape } from "../../base/shape.ts";
import { emit, type OpDefinition, type Value } from "../../graph/node.ts";

/** What stands outside of the border: mirrored, repeated or carried on from the other end. */
export type BorderMode = "reflect" | "replicate" | "circular";

/** For each dimension, outermost first: elements added before and after; negative ones are cut off. */
export type Padding = readonly (readonly [number, number])[];

/** Attributes `padding` (see `Padding`) and `value`, which fills what is added. */
export const constantPadOp: OpDefinition = {
  name: "constantPad",
  infer([x], attributes) {
    return [{ shape: paddedShape(x.shape, attributes.padding as Padding), dtype: x.dtype }];
  },
  gradient: ({ grads, attributes }) => [
    constantPad(
      grads[0] as Value,
      (attributes.padding as Padding).map(([before, after]) => [-before, -after]),
      0,
    ),
  ],
};

/** Attributes `padding` (circular: none of it negative) and `mode` (see `BorderMode`). */
export const borderPadOp: OpDefinition = {
  name: "borderPad",
  infer([x], attributes) {
    const padding = attributes.padding as Padding;
    padding.forEach((amounts, d) => {
      for (const amount of amounts) checkBorder(x.shape, d, amount, attributes.mode as BorderMode);
    });
    return [{ shape: paddedShape(x.shape, padding), dtype: x.dtype }];
  },
  gradient: ({ grads, inputs: [x], attributes }) => [
    emit(borderPadGradientOp, [grads[0] as Value], { ...attributes, inputShape: [...x.shape] }),
  ],
};

/** Input dy; each element added to the one that it is a copy of. */
export const borderPadGradientOp: OpDefinition = {
  name: "borderPadGradient",
  infer: ([dy], attributes) => [{ shape: attributes.inputShape as Shape, dtype: dy.dtype }],
  gradient: ({ grads, attributes }) => [
    borderPad(grads[0] as Value, attributes.padding as Padding, attributes.mode as BorderMode),
  ],
};

export function constantPad(x: Value, padding: Padding, value: number): Value {
  if (padding.every(([before, after]) => before === 0 && after === 0)) return x;
  return emit(constantPadOp, [x], { padding, value: x.dtype === "bool" ? Number(value !== 0) : value });
}

export function borderPad(x: Value, padding: Padding, mode: BorderMode): Value {
  return emit(borderPadOp, [x], { padding, mode });
}

function paddedShape(shape: Shape, padding: Padding): number[] {
  return shape.map((size, d) => {
    const padded = size + padding[d][0] + padding[d][1];
    if (padded >= 0) return padded;
    throw new ShapeError(
      `padding [${padding[d]}] leaves a negative size in dimension ${d} of ${formatShape(shape)}`,
    );
  });
}

function checkBorder(shape: Shape, d: number, amount: number, mode: BorderMode): void {
  const most = mode === "reflect" ? shape[d] - 1 : mode === "circular" ? shape[d] : Number.POSITIVE_INFINITY;
  if (amount < 0 && mode === "circular")
    throw new ShapeError(`expected padding of at least 0 in mode "${mode}", got ${amount}`);
  if (amount > 0 && (amount > most || shape[d] === 0)) {
    throw new ShapeError(
      `padding of ${amount} is too large for dimension ${d} of ${formatShape(shape)} in mode "${mode}": expected at most ${most}`,
    );
  }
}
