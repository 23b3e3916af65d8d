/** Rows of a table by their indices. */
import type { Shape } from "../../base/shape.ts";
import { emit, type OpDefinition, type Value } from "../../graph/node.ts";
import { constant } from "../creation.ts";
import { eq, where } from "../elementwise/elementwise.ts";
import { reshape } from "../shape/shape_ops.ts";

/**
 * Inputs indices [...] and weight [rows, width]; output [..., width]. Attribute `paddingIdx`: a row that
 * collects no gradient, or null.
 */
export const embeddingOp: OpDefinition = {
  name: "embedding",
  checksData: true,
  infer: ([indices, weight]) => [{ shape: [...indices.shape, weight.shape[1]], dtype: weight.dtype }],
  gradient({ grads, inputs: [indices, weight], attributes }) {
    const g = withoutPadding(grads[0] as Value, indices, attributes.paddingIdx as number | null);
    return [null, emit(embeddingGradientOp, [indices, g], { weightShape: [...weight.shape] })];
  },
};

/** Inputs indices and dy; each row of dy added to the row of `attributes.weightShape` that it came from. */
export const embeddingGradientOp: OpDefinition = {
  name: "embeddingGradient",
  checksData: true,
  infer: ([, dy], attributes) => [{ shape: attributes.weightShape as Shape, dtype: dy.dtype }],
  gradient: ({ grads, inputs: [indices] }) => [null, embedding(indices, grads[0] as Value, null)],
};

export function embedding(indices: Value, weight: Value, paddingIdx: number | null): Value {
  return emit(embeddingOp, [indices, weight], { paddingIdx });
}

function withoutPadding(g: Value, indices: Value, paddingIdx: number | null): Value {
  if (paddingIdx === null) return g;
  const padded = eq(indices, constant(paddingIdx, indices.dtype));
  return where(reshape(padded, [...indices.shape, 1]), constant(0, g.dtype), g);
}
