/** Methods that have no function beside them in PyTorch: windows, sums to a shape, new tensors of a tensor's dtype. */
import { isFloating } from "../base/dtype.ts";
import { ArgumentError, ShapeError } from "../base/errors.ts";
import { broadcastShapes, formatShape, normalizeDim, sameShape } from "../base/shape.ts";
import { sumTo } from "../ops/creation.ts";
import { cast } from "../ops/elementwise/elementwise.ts";
import { type TensorData, tensor } from "./creation.ts";
import { defineFunction } from "./define.ts";
import { full, type NewTensorOptions } from "./filled.ts";
import { defineMethod } from "./method_types.ts";
import { Tensor, valueOf } from "./tensor.ts";
import { windowsStep } from "./views/steps.ts";
import { viewOf } from "./views/view.ts";

/** Sizes as a list or one by one, then options. */
interface NewOfSizes {
  (...size: number[] | [readonly number[]]): Tensor;
  (size: number | readonly number[], options: NewTensorOptions): Tensor;
  (size0: number, size1: number, options: NewTensorOptions): Tensor;
  (options: NewTensorOptions & { size: readonly number[] }): Tensor;
}

declare module "./tensor.ts" {
  interface Tensor {
    /**
     * All windows of `size` elements along a dimension, `step` apart: their number takes the dimension's place, and
     * their elements become the last dimension. (`nn.functional.unfold` is the one for pictures.)
     */
    unfold(dimension: number, size: number, step: number): Tensor;
    unfold(options: { dimension: number; size: number; step: number }): Tensor;
    /** Summed over the dimensions along which it would have been broadcast from the sizes given. */
    sumToSize(...size: number[] | [readonly number[]]): Tensor;
    /** A tensor of given numbers, of this one's dtype unless the options say otherwise. */
    newTensor(data: TensorData, options?: NewTensorOptions): Tensor;
    /** One number everywhere, of this tensor's dtype unless the options say otherwise. */
    newFull(
      size: number | readonly number[],
      fillValue: number | bigint | boolean,
      options?: NewTensorOptions,
    ): Tensor;
    /** Zeros of this tensor's dtype unless the options say otherwise. */
    newZeros: NewOfSizes;
    /** Ones of this tensor's dtype unless the options say otherwise. */
    newOnes: NewOfSizes;
    /** A tensor whose contents are of no interest, of this one's dtype unless the options say otherwise. */
    newEmpty: NewOfSizes;
  }
}

function method(name: string, parameters: readonly string[], body: (args: any) => Tensor): void {
  const call = defineFunction<(...args: unknown[]) => Tensor>(name, ["input", ...parameters], body);
  defineMethod(name, function (...args: unknown[]) {
    return call(this, ...args);
  });
}

method("unfold", ["dimension:whole", "size:whole", "step:whole"], ({ input, dimension, size, step }) => {
  const value = valueOf(input, "input", "unfold");
  const dim = normalizeDim(dimension, value.shape.length, "unfold");
  const own = value.shape.length === 0 ? [1] : value.shape;
  if (size < 0 || size > own[dim] || step < 1) {
    throw new ArgumentError(
      `unfold: expected a \`size\` of 0 to ${own[dim]} (the size of dimension ${dim} of ${formatShape(value.shape)}) and a \`step\` of 1 or more, got ${size} and ${step}`,
    );
  }
  return viewOf(input, windowsStep(dim, size, step));
});

method("sumToSize", ["*size"], ({ input, size = [] }) => {
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
});

method(
  "newTensor",
  ["data", "dtype?", "requiresGrad?", "device?:device|null"],
  ({ input, data, dtype = null, requiresGrad = false }) =>
    tensor(data, { dtype: dtype ?? (input as Tensor).dtype, requiresGrad }),
);

function newFull(name: string, parameters: readonly string[], filling: number): void {
  method(
    name,
    [...parameters, "dtype?", "requiresGrad?", "device?:device|null"],
    ({ input, size = [], fillValue = filling, dtype = null, requiresGrad = false }) =>
      full(size, fillValue, { dtype: dtype ?? (input as Tensor).dtype, requiresGrad }),
  );
}

newFull("newFull", ["size", "fillValue:scalar"], 0);
newFull("newZeros", ["*size"], 0);
newFull("newOnes", ["*size"], 1);
newFull("newEmpty", ["*size"], 0);
