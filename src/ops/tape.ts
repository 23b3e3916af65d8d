/** What in-place changes leave on the tape. */
import type { Shape } from "../base/shape.ts";
import { emit, type OpDefinition, type Value } from "../graph/node.ts";
import { full } from "./creation.ts";

/**
 * Contents that were written over an older value (inputs: contents, older value). With `attributes.passes` the gradient
 * goes to the older value as if nothing had been written (a change outside of the tape); else it is 0 there (contents
 * that do not depend on it).
 */
export const overwrittenOp: OpDefinition = {
  name: "overwritten",
  infer: ([contents]) => [{ shape: contents.shape, dtype: contents.dtype }],
  gradient: ({ grads, inputs: [, before], attributes, needs }) => [
    null,
    needs[1] ? (attributes.passes ? grads[0] : full(before.shape as Shape, 0, before.dtype)) : null,
  ],
  decompose: ([contents]) => [contents],
};

/** `contents` in the place of `before` on the tape: see {@link overwrittenOp}. */
export function overwritten(contents: Value, before: Value, passes: boolean): Value {
  return emit(overwrittenOp, [contents, before], { passes });
}
