/** Values made from nothing, and the sum that undoes a broadcast. */
import type { DType } from "../base/dtype.ts";
import { emit, type OpDefinition, type Value } from "../graph/node.ts";
import { full } from "./core.ts";

export { constant, full, fullOp, sumTo } from "./core.ts";

/** `attributes.start + i * attributes.step` along one dimension of `attributes.length`. */
export const arangeOp: OpDefinition = {
  name: "arange",
  infer: (_inputs, attributes) => [
    { shape: [attributes.length as number], dtype: attributes.dtype as DType },
  ],
};

export function zerosLike(value: Value): Value {
  return full(value.shape, 0, value.dtype);
}

export function arange(length: number, dtype: DType, start = 0, step = 1): Value {
  return emit(arangeOp, [], { length, start, step, dtype });
}
