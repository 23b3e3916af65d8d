/**
 * What all families of ops build on. In this order: shape and dtype rules that several ops share, whose texts do not name
 * the op (`emit` puts it in front); the ops that the gradients of all others are made of: constants, conversions, shapes,
 * sums. They need each other, so they stand in one file.
 */
import { type DType, isFloating, isHalf } from "../base/dtype.ts";
import { DTypeError, ShapeError } from "../base/errors.ts";
import { broadcastShapes, formatShape, numel, type Shape, sameShape } from "../base/shape.ts";
import type { Attributes, TensorSpec } from "../engines/contract/engine.ts";
import { emit, type OpDefinition, type Value } from "../graph/node.ts";

/** All inputs of one dtype, shapes broadcast. */
export function inferBroadcast(inputs: readonly TensorSpec[], dtype?: DType): TensorSpec[] {
  requireSameDtype(inputs);
  return [{ shape: broadcastShapes(inputs.map((v) => v.shape)), dtype: dtype ?? inputs[0].dtype }];
}

export function requireSameDtype(inputs: readonly TensorSpec[]): void {
  for (const input of inputs) {
    if (input.dtype !== inputs[0].dtype) {
      throw new DTypeError(
        `expected operands of one dtype, got ${inputs[0].dtype} and ${input.dtype}; convert one with .to("${inputs[0].dtype}")`,
        { nameless: true },
      );
    }
  }
}

/** All of one dtype; beside a 16-bit input the others may be float32, which kernels round as they read them. */
export function requireDtypesOfLayer(inputs: readonly TensorSpec[]): void {
  const [input, ...parameters] = inputs;
  const wide = isHalf(input.dtype) ? parameters.filter(({ dtype }) => dtype !== "float32") : parameters;
  requireSameDtype([input, ...wide]);
}

export function requireFloating(input: TensorSpec, what = "input"): void {
  if (!isFloating(input.dtype)) {
    throw new DTypeError(
      `expected a floating-point ${what}, got ${input.dtype} of shape ${formatShape(input.shape)}; convert it with .to("float32")`,
    );
  }
}

/** The shape left after reducing `dims` (ascending). */
export function reducedShape(shape: Shape, dims: readonly number[], keepdim: boolean): number[] {
  const out: number[] = [];
  for (let i = 0; i < shape.length; i++) {
    if (!dims.includes(i)) out.push(shape[i]);
    else if (keepdim) out.push(1);
  }
  return out;
}

// Constants, conversions, shapes, sums.

/**
 * Every element `attributes.value`: a number that is part of the program's structure. What changes from step
 * to step (a learning rate) is an input instead.
 */
export const fullOp: OpDefinition = {
  name: "full",
  infer: (_inputs, attributes) => [{ shape: attributes.shape as Shape, dtype: attributes.dtype as DType }],
};

/** Conversion to `attributes.dtype` as a C cast does it; to bool: `!= 0`. */
export const castOp: OpDefinition = {
  name: "cast",
  elementwise: { kind: "cast" },
  infer: ([input], attributes) => [{ shape: input.shape, dtype: attributes.dtype as DType }],
  gradient: ({ grads, inputs }) => [cast(grads[0] as Value, inputs[0].dtype)],
};

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

/** The dimensions of a reduction. */
export function dimsOf(attributes: Attributes): readonly number[] {
  return attributes.dims as readonly number[];
}

/** A gradient or result of a reduction, with the reduced dimensions put back as 1. */
export function withReducedDims(value: Value, input: Value, attributes: Attributes): Value {
  return reshape(value, reducedShape(input.shape, dimsOf(attributes), true));
}

/** A reduction over the first dimension mixes the examples of a batch. */
export const mixesExamples: OpDefinition["mixesExamples"] = (_input, attributes) =>
  dimsOf(attributes).includes(0);

/** Sum over `attributes.dims`, ascending; they stay with size 1 if `attributes.keepdim`. */
export const sumOp: OpDefinition = {
  name: "sum",
  mixesExamples,
  reduction: "sum",
  infer: ([input], attributes) => [
    {
      shape: reducedShape(input.shape, dimsOf(attributes), attributes.keepdim as boolean),
      dtype: input.dtype,
    },
  ],
  gradient: ({ grads, inputs: [input], attributes }) => [
    expand(withReducedDims(grads[0] as Value, input, attributes), input.shape),
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

export const cast = (a: Value, dtype: DType): Value => (a.dtype === dtype ? a : emit(castOp, [a], { dtype }));

export function reshape(value: Value, shape: Shape): Value {
  return sameShape(value.shape, shape) ? value : emit(reshapeOp, [value], { shape: [...shape] });
}

export function expand(value: Value, shape: Shape): Value {
  return sameShape(value.shape, shape) ? value : emit(expandOp, [value], { shape: [...shape] });
}

export function sum(value: Value, dims: readonly number[], keepdim = false): Value {
  return reduce(sumOp, value, dims, keepdim);
}

/** 16-bit floats are reduced in 32 bits. */
export function reduce(op: OpDefinition, value: Value, dims: readonly number[], keepdim: boolean): Value {
  const attributes = { dims: [...dims], keepdim };
  if (!isHalf(value.dtype)) return emit(op, [value], attributes);
  return cast(emit(op, [cast(value, "float32")], attributes), value.dtype);
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
