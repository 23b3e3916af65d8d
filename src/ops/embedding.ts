/** Rows of a table by their indices. */
import type { Shape } from "../base/shape.ts";
import { emit, type OpDefinition, type Value } from "../graph/node.ts";

/** Inputs indices [...] and weight [rows, width]; output [..., width]. */
export const embeddingOp: OpDefinition = {
  name: "embedding",
  infer: ([indices, weight]) => [{ shape: [...indices.shape, weight.shape[1]], dtype: weight.dtype }],
  gradient: ({ grads, inputs: [indices, weight] }) => [
    null,
    emit(embeddingGradientOp, [indices, grads[0] as Value], { weightShape: [...weight.shape] }),
  ],
};

/** Inputs indices and dy; each row of dy added to the row of `attributes.weightShape` that it came from. */
export const embeddingGradientOp: OpDefinition = {
  name: "embeddingGradient",
  infer: ([, dy], attributes) => [{ shape: attributes.weightShape as Shape, dtype: dy.dtype }],
  gradient: ({ grads, inputs: [indices] }) => [null, embedding(indices, grads[0] as Value)],
};

export function embedding(indices: Value, weight: Value): Value {
  return emit(embeddingOp, [indices, weight]);
}
