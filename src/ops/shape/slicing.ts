/** Ops that cut tensors into pieces, turn them round and put them together. */
import { DTypeError, ShapeError } from "../../base/errors.ts";
import { formatShape, type Shape } from "../../base/shape.ts";
import { emit, type OpDefinition, type Value } from "../../graph/node.ts";

/** Start, step (which may be negative) and number of elements taken along each dimension. */
export interface Slices {
  readonly starts: readonly number[];
  readonly steps: readonly number[];
  readonly sizes: readonly number[];
}

/** Regularly spaced elements along each dimension: attributes `starts`, `steps`, `sizes`. */
export const sliceOp: OpDefinition = {
  name: "slice",
  infer: ([input], attributes) => [{ shape: attributes.sizes as Shape, dtype: input.dtype }],
  gradient({ grads, inputs: [input], attributes }) {
    return [unslice(grads[0] as Value, input.shape, attributes as unknown as Slices)];
  },
};

/** Zeros of `attributes.shape` with the input where `slice` would have taken it from. */
export const unsliceOp: OpDefinition = {
  name: "unslice",
  infer: ([input], attributes) => [{ shape: attributes.shape as Shape, dtype: input.dtype }],
  gradient({ grads, inputs: [input], attributes }) {
    const { starts, steps } = attributes as unknown as Slices;
    return [slice(grads[0] as Value, { starts, steps, sizes: input.shape })];
  },
};

/** Inputs one behind the other along `attributes.dim`. */
export const catOp: OpDefinition = {
  name: "cat",
  infer(inputs, attributes) {
    const dim = attributes.dim as number;
    const [first] = inputs;
    let total = 0;
    for (const { shape, dtype } of inputs) {
      if (dtype !== first.dtype)
        throw new DTypeError(`expected tensors of one dtype, got ${first.dtype} and ${dtype}`);
      if (
        shape.length !== first.shape.length ||
        shape.some((size, d) => d !== dim && size !== first.shape[d])
      ) {
        throw new ShapeError(
          `expected shapes that are equal but for dimension ${dim}, got ${formatShape(first.shape)} and ${formatShape(shape)}`,
        );
      }
      total += shape[dim];
    }
    return [{ shape: first.shape.map((size, d) => (d === dim ? total : size)), dtype: first.dtype }];
  },
  gradient({ grads, inputs, attributes, needs }) {
    const dim = attributes.dim as number;
    let start = 0;
    return inputs.map((input, i) => {
      const from = start;
      start += input.shape[dim];
      return needs[i] ? sliceDim(grads[0] as Value, dim, from, input.shape[dim]) : null;
    });
  },
};

export function slice(value: Value, { starts, steps, sizes }: Slices): Value {
  const whole = sizes.every(
    (size, d) => size === value.shape[d] && starts[d] === 0 && (steps[d] === 1 || size <= 1),
  );
  return whole
    ? value
    : emit(sliceOp, [value], { starts: [...starts], steps: [...steps], sizes: [...sizes] });
}

/** `size` elements along one dimension, the whole of the others. */
export function sliceDim(value: Value, dim: number, start: number, size: number, step = 1): Value {
  const at = <T>(own: T, rest: (d: number) => T): T[] =>
    value.shape.map((_, d) => (d === dim ? own : rest(d)));
  return slice(value, {
    starts: at(start, () => 0),
    steps: at(step, () => 1),
    sizes: at(size, (d) => value.shape[d]),
  });
}

export function unslice(
  value: Value,
  shape: Shape,
  { starts, steps }: Pick<Slices, "starts" | "steps">,
): Value {
  return emit(unsliceOp, [value], { shape: [...shape], starts: [...starts], steps: [...steps] });
}

export function cat(values: readonly Value[], dim: number): Value {
  return values.length === 1 ? values[0] : emit(catOp, values, { dim });
}

/** Elements in reverse order along each of `dims`. */
export function flip(value: Value, dims: readonly number[]): Value {
  return slice(value, {
    starts: value.shape.map((size, d) => (dims.includes(d) ? Math.max(size - 1, 0) : 0)),
    steps: value.shape.map((_, d) => (dims.includes(d) ? -1 : 1)),
    sizes: value.shape,
  });
}
