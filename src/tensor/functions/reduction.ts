/** Reductions. */
import { type DType, isFloating } from "../../base/dtype.ts";
import { normalizeDims } from "../../base/shape.ts";
import { cast } from "../../ops/elementwise.ts";
import * as ops from "../../ops/reduction.ts";
import { defineFunction } from "../define.ts";
import { Tensor, valueOf } from "../tensor.ts";

/** Dimensions: one, several, or (absent or null) all. */
export type Dims = number | readonly number[] | null;

export interface Reduce {
  (input: Tensor, dim?: Dims, keepdim?: boolean, dtype?: DType): Tensor;
  (input: Tensor, options: { dim?: Dims; keepdim?: boolean; dtype?: DType }): Tensor;
}

/** Sum over dimensions; integers and bools are summed as int64. */
export const sum = defineFunction<Reduce>("sum", ["input", "dim?", "keepdim?", "dtype?"], ({ input, dim = null, keepdim = false, dtype }) => {
  const value = valueOf(input, "input", "sum");
  const dims = normalizeDims(dim, value.shape.length, "sum");
  return new Tensor(ops.sum(cast(value, dtype ?? (isFloating(value.dtype) ? value.dtype : "int64")), dims, keepdim));
});
