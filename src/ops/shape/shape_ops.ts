/** Ops that move elements without computing: reshape, permute, expand. */
import { emit, type OpDefinition, type Value } from "../../graph/node.ts";

export { expand, expandOp, reshape, reshapeOp } from "../core.ts";

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

export function permute(value: Value, dims: readonly number[]): Value {
  return dims.every((d, i) => d === i) ? value : emit(permuteOp, [value], { dims: [...dims] });
}

/** Swaps the last two dimensions. */
export function transposeLast(value: Value): Value {
  const dims = value.shape.map((_, i) => i);
  const last = dims.length - 1;
  dims[last] = last - 1;
  dims[last - 1] = last;
  return permute(value, dims);
}
