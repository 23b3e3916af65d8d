/** Ops that combine values of all ranks of a world. Every rank runs the same ones in the same order. */
import { numel, type Shape } from "../base/shape.ts";
import { emit, emitAll, type OpDefinition, type Value } from "../graph/node.ts";
import type { GradientSummation, Summation } from "../workers/collective_channel.ts";

/**
 * The sum over all ranks, element by element, in the order of `attributes.summation`; alone, the value itself. Of 32-bit
 * floats. The gradient of what every rank makes of the sum is the sum of the ranks' gradients.
 */
export const allReduceOp: OpDefinition = {
  name: "allReduce",
  infer: ([input]) => [{ shape: input.shape, dtype: input.dtype }],
  gradient: ({ grads, attributes }) => [allReduce(grads[0] as Value, attributes.summation as Summation)],
};

export function allReduce(value: Value, summation: Summation): Value {
  return emit(allReduceOp, [value], { summation });
}

// The same in two steps: what stands between them is computed while the sum is under way.

/**
 * Begins the sum of a bucket. The result holds the elements of all inputs one behind the other, and is nothing to read
 * before `awaitAllReduce`. The pass `overlap_reductions` places it as early as its inputs allow.
 */
export const startAllReduceOp: OpDefinition = {
  name: "startAllReduce",
  infer: (inputs) => [
    { shape: [inputs.reduce((sum, { shape }) => sum + numel(shape), 0)], dtype: inputs[0].dtype },
  ],
};

/** Waits for what `startAllReduce` has begun, and hands out the sums in `attributes.shapes`. */
export const awaitAllReduceOp: OpDefinition = {
  name: "awaitAllReduce",
  infer: ([bucket], { shapes }) =>
    (shapes as readonly Shape[]).map((shape) => ({ shape, dtype: bucket.dtype })),
};

export function startAllReduce(values: readonly Value[], summation: GradientSummation): Value {
  return emit(startAllReduceOp, values, { summation });
}

export function awaitAllReduce(bucket: Value, shapes: readonly Shape[]): Value[] {
  return emitAll(awaitAllReduceOp, [bucket], { shapes: shapes.map((shape) => [...shape]) });
}
