/** Ops that combine values of all ranks of a world. Every rank runs the same ones in the same order. */
import { emit, type OpDefinition, type Value } from "../graph/node.ts";
import type { Summation } from "../workers/collective_channel.ts";

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
