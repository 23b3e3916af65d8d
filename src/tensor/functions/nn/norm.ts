/** The p-norm along dimensions, with gradient 0 if it is 0. */
import type { Value } from "../../../graph/node.ts";
import { emit } from "../../../graph/node.ts";
import { constant } from "../../../ops/creation.ts";
import { absOp, cast, eq, mul, neOp, pow, sqrtOp, where } from "../../../ops/elementwise/elementwise.ts";
import { amax, aminOp, sum } from "../../../ops/reduction/reduction.ts";
import { inWideNumbers } from "../../operands.ts";

/** (sum |x|^p)^(1/p); p may be 0 (how many are not 0) and plus or minus Infinity (largest, smallest). */
export function vectorNorm(x: Value, p: number, dims: readonly number[], keepdim: boolean): Value {
  return inWideNumbers(x, (wide) => normOf(wide, p, dims, keepdim));
}

function normOf(x: Value, p: number, dims: readonly number[], keepdim: boolean): Value {
  const zero = constant(0, x.dtype);
  if (p === 0) return sum(cast(emit(neOp, [x, zero]), x.dtype), dims, keepdim);
  const size = emit(absOp, [x]);
  if (p === 1) return sum(size, dims, keepdim);
  if (p === Number.POSITIVE_INFINITY) return amax(size, dims, keepdim);
  if (p === Number.NEGATIVE_INFINITY) return emit(aminOp, [size], { dims: [...dims], keepdim });
  const total = sum(p === 2 ? mul(x, x) : pow(size, constant(p, x.dtype)), dims, keepdim);
  const none = eq(total, zero);
  // The root's slope at 0 is infinite: a 1 stands in for it, so that no 0 * Infinity comes back.
  const safe = where(none, constant(1, x.dtype), total);
  const root = p === 2 ? emit(sqrtOp, [safe]) : pow(safe, constant(1 / p, x.dtype));
  return where(none, zero, root);
}
