/** What is behind methods that have no function beside them in PyTorch: windows, sums to a shape, new tensors of a tensor's dtype. */

import { type DType, isFloating } from "../base/dtype.ts";
import { ArgumentError, ShapeError } from "../base/errors.ts";
import { broadcastShapes, formatShape, normalizeDim, sameShape } from "../base/shape.ts";
import { sumTo } from "../ops/creation.ts";
import { cast } from "../ops/elementwise/elementwise.ts";
import { type TensorData, tensor } from "./creation.ts";
import {
  type CreateFromSizesParameters,
  type FullParameters,
  full,
  type NewTensorOptions,
} from "./filled.ts";
import type { InputParameter } from "./input_parameter.ts";
import { defineCall, Tensor, valueOf } from "./tensor.ts";
import { windowsStep } from "./views/steps.ts";
import { viewOf } from "./views/view.ts";

interface WindowsParameters extends InputParameter {
  /** The dimension. */
  dimension: number;
  /** Elements of each window. */
  size: number;
  /** Distance between the windows. */
  step: number;
}

interface SumToSizeParameters extends InputParameter {
  /** The dimensions of the result, as numbers or as one list. */
  size?: readonly number[];
}

interface NewTensorParameters extends NewTensorOptions {
  /** The tensor whose dtype the result has unless `dtype` says otherwise. */
  input: Tensor;
  /** Numbers, nested lists of them, a typed array or a tensor; copied. */
  data: TensorData;
}

interface NewFullParameters extends FullParameters {
  /** The tensor whose dtype the result has unless `dtype` says otherwise. */
  input: Tensor;
}

interface NewFromSizesParameters extends CreateFromSizesParameters {
  /** The tensor whose dtype the result has unless `dtype` says otherwise. */
  input: Tensor;
}

const NEW = ["dtype?:dtype|null", "requiresGrad?:boolean", "device?:device|null"] as const;

const newFilled = (name: string, filling: number) =>
  defineCall<NewFromSizesParameters>(name)(
    ["input", "*size:integers|null", ...NEW],
    (input: Tensor, size: readonly number[] = [], dtype: DType | null = null, requiresGrad = false): Tensor =>
      full(size, filling, { dtype: dtype ?? input.dtype, requiresGrad }),
  );

export const unfold = defineCall<WindowsParameters>("unfold")(
  ["input", "dimension:integer", "size:integer", "step:integer"],
  (input: Tensor, dimension: number, size: number, step: number): Tensor => {
    const value = valueOf(input, "input", "unfold");
    const dim = normalizeDim(dimension, value.shape.length, "unfold");
    const own = value.shape.length === 0 ? [1] : value.shape;
    if (size < 0 || size > own[dim] || step < 1) {
      throw new ArgumentError(
        `unfold: expected a \`size\` of 0 to ${own[dim]} (the size of dimension ${dim} of ${formatShape(value.shape)}) and a \`step\` of 1 or more, got ${size} and ${step}`,
      );
    }
    return viewOf(input, windowsStep(dim, size, step));
  },
);

export const sumToSize = defineCall<SumToSizeParameters>("sumToSize")(
  ["input", "*size:integers|null"],
  (input: Tensor, size: readonly number[] = []): Tensor => {
    const value = valueOf(input, "input", "sumToSize");
    const fits =
      size.length <= value.shape.length &&
      sameShape(broadcastShapes([value.shape, size], "sumToSize"), value.shape);
    if (!fits) {
      throw new ShapeError(
        `sumToSize: expected sizes that broadcast to ${formatShape(value.shape)}, got ${formatShape(size)}`,
      );
    }
    const widens = !isFloating(value.dtype) && (size.length === 0 || !sameShape(value.shape, size));
    return new Tensor(sumTo(widens ? cast(value, "int64") : value, size));
  },
);

export const newTensor = defineCall<NewTensorParameters>("newTensor")(
  ["input", "data", ...NEW],
  (input: Tensor, data: TensorData, dtype: DType | null = null, requiresGrad = false): Tensor =>
    tensor(data, { dtype: dtype ?? input.dtype, requiresGrad }),
);

export const newFull = defineCall<NewFullParameters>("newFull")(
  ["input", "size:integers|null", "fillValue:scalar", ...NEW],
  (
    input: Tensor,
    size: number | readonly number[],
    fillValue: number | bigint | boolean,
    dtype: DType | null = null,
    requiresGrad = false,
  ): Tensor => full(size, fillValue, { dtype: dtype ?? input.dtype, requiresGrad }),
);

export const newZeros = newFilled("newZeros", 0);

export const newOnes = newFilled("newOnes", 1);

export const newEmpty = newFilled("newEmpty", 0);
