/** How kernels walk over operands that broadcast, and store what they compute. */
import { broadcastStrides, numel, type Shape } from "../../../base/shape.ts";
import type { ArrayArgument } from "../kernel.ts";

/** Converts on storing: integers for integers (as C does), 0 or 1 for bool. */
export function storeAs(dtype: ArrayArgument["dtype"]): (x: number) => number {
  if (dtype === "bool") return (x) => (x !== 0 ? 1 : 0);
  if (dtype === "int64") return Math.trunc;
  return (x) => x;
}

/** Calls `visit` with each output position and the matching positions in the broadcast inputs. */
export function forEachBroadcast(
  shape: Shape,
  inputs: readonly Shape[],
  visit: (out: number, at: readonly number[]) => void,
): void {
  const strides = inputs.map((s) => broadcastStrides(s, shape));
  const count = numel(shape);
  const index = new Array<number>(shape.length).fill(0);
  const at = new Array<number>(inputs.length).fill(0);
  for (let out = 0; out < count; out++) {
    visit(out, at);
    for (let d = shape.length - 1; d >= 0; d--) {
      index[d]++;
      for (let i = 0; i < at.length; i++) at[i] += strides[i][d];
      if (index[d] < shape[d]) break;
      for (let i = 0; i < at.length; i++) at[i] -= strides[i][d] * shape[d];
      index[d] = 0;
    }
  }
}
