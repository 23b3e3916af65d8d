/** Values made from nothing, and the sum that undoes a broadcast. */
import { type DType, isFloating } from "../base/dtype.ts";
import { numel, type Shape, sameShape } from "../base/shape.ts";
import { emit, type OpDefinition, type Value } from "../graph/node.ts";
import { sum } from "./reduction/reduction.ts";
import { reshape } from "./shape/shape_ops.ts";

/**
 * Every element `attributes.value`: a number that is part of the program's structure. What changes from step
 * to step (a learning rate) is an input instead.
 */
export const fullOp: OpDefinition = {
  name: "full",
  infer: (_inputs, attributes) => [{ shape: attributes.shape as Shape, dtype: attributes.dtype as DType }],
};

/** `attributes.start + i * attributes.step` along one dimension of `attributes.length`. */
export const arangeOp: OpDefinition = {
  name: "arange",
  infer: (_inputs, attributes) => [
    { shape: [attributes.length as number], dtype: attributes.dtype as DType },
  ],
};

export function full(shape: Shape, value: number, dtype: DType): Value {
  return emit(fullOp, [], { shape: [...shape], value: asElement(value, dtype), dtype });
}

/** A number as a tensor of the dtype would hold it: rounded towards 0, or 1 for true. */
function asElement(value: number, dtype: DType): number {
  if (isFloating(dtype)) return value;
  return dtype === "bool" ? Number(value !== 0) : Math.trunc(value);
}

/** A 0-dimensional number of the program's structure. */
export function constant(value: number, dtype: DType): Value {
  return full([], value, dtype);
}

export function zerosLike(value: Value): Value {
  return full(value.shape, 0, value.dtype);
}

export function arange(length: number, dtype: DType, start = 0, step = 1): Value {
  return emit(arangeOp, [], { length, start, step, dtype });
}

/** Sums `value` down to `shape`, from which it had been broadcast. */
export function sumTo(value: Value, shape: Shape): Value {
  if (sameShape(value.shape, shape)) return value;
  const shift = value.shape.length - shape.length;
  const dims: number[] = [];
  for (let i = 0; i < value.shape.length; i++) {
    if (i < shift || (shape[i - shift] === 1 && value.shape[i] !== 1)) dims.push(i);
  }
  const reduced = dims.length === 0 ? value : sum(value, dims, true);
  return numel(reduced.shape) === numel(shape) ? reshape(reduced, shape) : reduced;
}
