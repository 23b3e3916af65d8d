/** Limits on every element. */

import { isFloating } from "../../../base/dtype.ts";
import { ArgumentError } from "../../../base/errors.ts";
import { emit, type OpDefinition, type Value } from "../../../graph/node.ts";
import { constant } from "../../../ops/creation.ts";
import * as ops from "../../../ops/elementwise/elementwise.ts";
import type { InputParameter } from "../../input_parameter.ts";
import { type Operand, promote } from "../../operands.ts";
import { defineCall, Tensor, valueOf } from "../../tensor.ts";

export interface ClampParameters extends InputParameter {
  /** Lower bound: a tensor or a number; null for none. @default null */
  min?: Operand | null;
  /** Upper bound: a tensor or a number; null for none. @default null */
  max?: Operand | null;
}

/**
 * min(max(input, min), max), with numbers or tensors as limits; NaN stays NaN.
 *
 * The gradient passes where the input lies between the limits. On a limit it is 0 for a number and, for a
 * tensor, shared with it: as in PyTorch.
 *
 * @throws ArgumentError if neither limit is given.
 * @example
 * ```ts
 * clamp(tensor([-2, 0.5, 7]), 0, 1).tolist(); // [0, 0.5, 1]
 * tensor([-2, 7]).clamp({ max: 1 }).tolist(); // [-2, 1]
 * ```
 */
export const clamp = defineCall<ClampParameters>("clamp")(
  ["input", "min?", "max?"],
  (input, min = null, max = null) => {
    if (min === null && max === null) throw new ArgumentError("clamp: expected `min`, `max` or both");
    valueOf(input, "input", "clamp");
    const given = [input, min, max].filter((operand) => operand !== null);
    const values = promote("clamp", given);
    const byTensor = min instanceof Tensor || max instanceof Tensor;
    let out = values[0];
    if (min !== null)
      out = byTensor ? emit(ops.maximumOp, [out, values[1]]) : limited(out, values[1], ops.gtOp);
    const last = values[values.length - 1];
    if (max !== null) out = byTensor ? emit(ops.minimumOp, [out, last]) : limited(out, last, ops.ltOp);
    return new Tensor(out);
  },
);

/** x where the comparison with the limit holds, the limit elsewhere. A NaN on either side stays. */
function limited(x: Value, limit: Value, holds: OpDefinition): Value {
  const within = emit(holds, [x, limit]);
  if (!isFloating(x.dtype)) return ops.where(within, x, limit);
  const outside = ops.where(emit(ops.isnanOp, [x]), constant(Number.NaN, x.dtype), limit);
  return ops.where(within, x, outside);
}

export interface ClampMinParameters extends InputParameter {
  /** Lower bound: a tensor or a number. */
  min: Operand;
}

export interface ClampMaxParameters extends InputParameter {
  /** Upper bound: a tensor or a number. */
  max: Operand;
}

/**
 * max(input, min)
 *
 * @example
 * ```ts
 * clampMin(tensor([-2, 7]), 0).tolist(); // [0, 7]
 * ```
 */
export const clampMin = defineCall<ClampMinParameters>("clampMin")(["input", "min"], (input, min) =>
  clamp(input, { min }),
);
/**
 * min(input, max)
 *
 * @example
 * ```ts
 * clampMax(tensor([-2, 7]), 1).tolist(); // [-2, 1]
 * ```
 */
export const clampMax = defineCall<ClampMaxParameters>("clampMax")(["input", "max"], (input, max) =>
  clamp(input, { max }),
);
