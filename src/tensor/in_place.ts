/** Methods that change a tensor in place, and what they may put there. */

import { type DType, isFloating } from "../base/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../base/errors.ts";
import { bindArguments, signature } from "../base/params/arguments.ts";
import { broadcastShapes, formatShape, sameShape } from "../base/shape.ts";
import type { Value } from "../graph/node.ts";
import { insideCall } from "../graph/scope.ts";
import { full } from "../ops/creation.ts";
import { add, cast, mul, sub } from "../ops/elementwise/elementwise.ts";
import { randomNormal, randomUniform } from "../ops/random.ts";
import { expand } from "../ops/shape/shape_ops.ts";
import { withAt } from "./functions/indexing/writing.ts";
import type { Index } from "./functions/shape/at.ts";
import { defineMethod } from "./method_types.ts";
import { type Operand, scalarValue } from "./operands.ts";
import { bernoulliOf, checkedProbability } from "./random.ts";
import { drawKey, type Generator } from "./random_state.ts";
import { Tensor } from "./tensor.ts";

/** Whether a result of dtype `from` may be stored as `to`: float32 for float64, but no fraction as an integer. */
function storable(from: DType, to: DType): boolean {
  const category = (dtype: DType) => (isFloating(dtype) ? 2 : dtype === "bool" ? 0 : 1);
  return category(from) <= category(to);
}

/**
 * Makes `value` the tensor's contents, converted to its dtype.
 *
 * @throws DTypeError if the result is of a higher kind (a float32 result in an int64 tensor), ShapeError
 * if it has another shape, AutogradError for a leaf that requires a gradient.
 */
export function putInPlace(of: string, tensor: Tensor, value: Value): Tensor {
  const own = tensor.value;
  if (!storable(value.dtype, own.dtype)) {
    throw new DTypeError(
      `${of}: a result of dtype ${value.dtype} cannot be stored in a tensor of ${own.dtype}`,
    );
  }
  if (!sameShape(own.shape, value.shape)) {
    throw new ShapeError(
      `${of}: the result has shape ${formatShape(value.shape)}, the tensor to be changed ${formatShape(own.shape)}`,
    );
  }
  return insideCall(() => tensor.assign(cast(value, own.dtype)));
}

declare module "./tensor.ts" {
  interface Tensor {
    /** Copies another tensor's elements here, converted and broadcast. */
    copy_(src: Tensor): this;
    /** Sets every element to one number (or to that of a 0-dimensional tensor). */
    fill_(value: Operand): this;
    /** Sets every element to 0. */
    zero_(): this;
    /**
     * Sets the elements that `at(...indices)` reads: `x[1, 2:5] = source` is `x.setAt_([1, "2:5"], source)`.
     * With numbers and slices alone it is the same as `x.at(1, "2:5").copy_(source)`.
     */
    setAt_(indices: readonly Index[], source: Operand): this;
    /** Draws every element uniformly from [from, to). */
    uniform_(from?: number, to?: number, options?: { generator?: Generator | null }): this;
    uniform_(options: { from?: number; to?: number; generator?: Generator | null }): this;
    /** Draws every element from a normal distribution. */
    normal_(mean?: number, std?: number, options?: { generator?: Generator | null }): this;
    normal_(options: { mean?: number; std?: number; generator?: Generator | null }): this;
    /** Draws 1 with probability p (a number or a tensor), else 0, for every element. */
    bernoulli_(p?: number | Tensor, options?: { generator?: Generator | null }): this;
    bernoulli_(options: { p?: number | Tensor; generator?: Generator | null }): this;
  }
}

/** Installs a method with named arguments whose result replaces the tensor's contents. */
function inPlace(
  name: string,
  parameters: readonly string[],
  result: (own: Value, args: any) => Value,
  isUniform: (args: any) => boolean = () => false,
): void {
  const of = signature(name, parameters);
  defineMethod(name, function (this: Tensor, ...args: unknown[]) {
    const bound = bindArguments(of, args);
    return insideCall(() => this.assign(result(this.value, bound), isUniform(bound)));
  });
}

inPlace("copy_", ["src"], (own, { src }) => {
  if (!(src instanceof Tensor)) throw new ArgumentError("copy_: expected `src` to be a Tensor");
  const together = broadcastShapes([own.shape, src.value.shape], "copy_");
  if (!sameShape(together, own.shape)) {
    throw new ShapeError(
      `copy_: ${formatShape(src.shape)} does not broadcast to the tensor's ${formatShape(own.shape)}`,
    );
  }
  return expand(cast(src.value, own.dtype), own.shape);
});

inPlace(
  "fill_",
  ["value"],
  (own, { value }) => {
    if (!(value instanceof Tensor)) return expand(scalarValue(Number(value), own.dtype), own.shape);
    if (value.ndim > 0)
      throw new ShapeError(
        `fill_: expected a number or a 0-dimensional tensor, got shape ${formatShape(value.shape)}`,
      );
    return expand(cast(value.value, own.dtype), own.shape);
  },
  ({ value }) => !(value instanceof Tensor && value.requiresGrad),
);

inPlace(
  "zero_",
  [],
  (own) => full(own.shape, 0, own.dtype),
  () => true,
);

inPlace("setAt_", ["indices", "source"], (own, { indices, source }) => {
  return withAt(new Tensor(own), indices, source).value;
});

function requireFloating(of: string, { dtype }: Value): void {
  if (!isFloating(dtype)) throw new DTypeError(`${of}: expected a floating-point tensor, got ${dtype}`);
}

inPlace("uniform_", ["from?", "to?", "generator?"], (own, { from = 0, to = 1, generator }) => {
  requireFloating("uniform_", own);
  if (!(from <= to)) throw new ArgumentError(`uniform_: expected from <= to, got ${from} and ${to}`);
  const draw = randomUniform(drawKey(generator), own.shape, own.dtype);
  const low = scalarValue(from, own.dtype);
  return add(mul(draw, sub(scalarValue(to, own.dtype), low)), low);
});

inPlace("normal_", ["mean?", "std?", "generator?"], (own, { mean = 0, std = 1, generator }) => {
  requireFloating("normal_", own);
  if (!(std >= 0)) throw new ArgumentError(`normal_: expected a standard deviation of 0 or more, got ${std}`);
  const draw = randomNormal(drawKey(generator), own.shape, own.dtype);
  return add(mul(draw, scalarValue(std, own.dtype)), scalarValue(mean, own.dtype));
});

inPlace("bernoulli_", ["p?", "generator?"], (own, { p = 0.5, generator }) => {
  const probability =
    p instanceof Tensor ? p.value : scalarValue(checkedProbability("bernoulli_", p), "float32");
  return bernoulliOf(probability, own.shape, own.dtype, generator);
});
