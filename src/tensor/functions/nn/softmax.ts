/** Softmax, its logarithm and softmin. */

import type { DType } from "../../../base/dtype.ts";
import { normalizeDim } from "../../../base/shape.ts";
import type { Value } from "../../../graph/node.ts";
import { cast, neg } from "../../../ops/elementwise/elementwise.ts";
import * as ops from "../../../ops/nn/softmax.ts";
import type { InputParameter } from "../../input_parameter.ts";
import { inWideNumbers } from "../../operands.ts";
import { defineCall, Tensor, valueOf } from "../../tensor.ts";
import { floatingInput, named } from "./arguments.ts";

export interface SoftmaxParameters extends InputParameter {
  /** The dimension; null for the first of 1 or 3 dimensions and the second of others, as in PyTorch. @default null */
  dim?: number | null;
  /** Dtype to which the input is converted first; null keeps its own. @default null */
  dtype?: DType | null;
}

/** If no dimension is given PyTorch takes the first of 1 or 3 dimensions and the second of others. */
function implicitDim(rank: number): number {
  return rank === 0 || rank === 1 || rank === 3 ? 0 : 1;
}

/** @param before - what is done to the input in its own dtype. */
const define = (name: string, compute: (x: Value, dim: number) => Value, before = (x: Value): Value => x) =>
  defineCall<SoftmaxParameters>(name)(
    ["input", "dim?", "dtype?:dtype|null"],
    (input: Tensor, dim: number | null = null, dtype: DType | null = null): Tensor => {
      const given = dtype === null ? floatingInput(name, input) : valueOf(input, "input", named(name));
      const x = dtype === null ? before(given) : cast(before(given), dtype);
      const along = normalizeDim(dim ?? implicitDim(x.shape.length), x.shape.length, named(name));
      return new Tensor(inWideNumbers(x, (wide) => compute(wide, along)));
    },
  );

/**
 * e^x_i / sum_j e^x_j along a dimension, without overflow.
 *
 * @param dim - the dimension over which the results add up to 1.
 * @example
 * ```ts
 * softmax(tensor([0.5, 1.5, 2.5]), 0).tolist(); // [0.09003, 0.24473, 0.66524]
 * ```
 */
export const softmax = define("softmax", ops.softmax);

/**
 * x_i - ln(sum_j e^x_j) along a dimension, without overflow.
 *
 * @example
 * ```ts
 * logSoftmax(tensor([0.5, 1.5, 2.5]), 0).tolist(); // [-2.40761, -1.40761, -0.40761]
 * ```
 */
export const logSoftmax = define("logSoftmax", ops.logSoftmax);

/**
 * softmax(-x) along `dim`. The sign is changed before `dtype` is converted to, as in PyTorch: what has no negative
 * numbers (uint8) wraps around.
 *
 * @example
 * ```ts
 * nn.functional.softmin(tensor([0.5, 1.5, 2.5]), 0).tolist(); // [0.66524, 0.24473, 0.09003]
 * ```
 */
export const softmin = define("softmin", ops.softmax, neg);
