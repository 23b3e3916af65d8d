/** Ops that move elements without computing: reshape, permute, expand. */
import { ShapeError } from "../../base/errors.ts";
import { broadcastShapes, formatShape, numel, type Shape, sameShape } from "../../base/shape.ts";
import { emit, type OpDefinition, type Value } from "../../graph/node.ts";
import { sumTo } from "../creation.ts";

/** The same elements in the same order under `attributes.shape`. Costs nothing: shares the bytes. */
export const reshapeOp: OpDefinition = {
  name: "reshape",
  alias: true,
  infer([input], attributes) {
    const shape = attributes.shape as Shape;
    if (numel(shape) !== numel(input.shape)) {
      throw new ShapeError(
        `cannot give ${formatShape(input.shape)} (${numel(input.shape)} elements) the shape ${formatShape(shape)} (${numel(shape)} elements)`,
      );
    }
    return [{ shape, dtype: input.dtype }];
  },
  gradient: ({ grads, inputs: [input] }) => [reshape(grads[0] as Value, input.shape)],
};

/** Dimensions in the order of `attributes.dims`. */
export const permuteOp: OpDefinition = {
  name: "permute",
  infer([input], attributes) {
    const dims = attributes.dims as readonly number[];
    return [{ shape: dims.map((d) => input.shape[d]), dtype: input.dtype }];
  },
  gradient({ grads, attributes }) {
    const dims = attributes.dims as readonly number[];
    const back = dims.map((_, i) => dims.indexOf(i));
    return [permute(grads[0] as Value, back)];
  },
};

/** Broadcast to `attributes.shape`. */
export const expandOp: OpDefinition = {
  name: "expand",
  infer([input], attributes) {
    const shape = attributes.shape as Shape;
    const together = broadcastShapes([input.shape, shape], "expand");
    if (!sameShape(together, shape)) {
      throw new ShapeError(`cannot expand ${formatShape(input.shape)} to ${formatShape(shape)}`);
    }
    return [{ shape, dtype: input.dtype }];
  },
  gradient: ({ grads, inputs: [input] }) => [sumTo(grads[0] as Value, input.shape)],
};

export function reshape(value: Value, shape: Shape): Value {
  return sameShape(value.shape, shape) ? value : emit(reshapeOp, [value], { shape: [...shape] });
}

export function permute(value: Value, dims: readonly number[]): Value {
  return dims.every((d, i) => d === i) ? value : emit(permuteOp, [value], { dims: [...dims] });
}

export function expand(value: Value, shape: Shape): Value {
  return sameShape(value.shape, shape) ? value : emit(expandOp, [value], { shape: [...shape] });
}

/** Swaps the last two dimensions. */
export function transposeLast(value: Value): Value {
  const dims = value.shape.map((_, i) => i);
  const last = dims.length - 1;
  dims[last] = last - 1;
  dims[last - 1] = last;
  return permute(value, dims);
}
