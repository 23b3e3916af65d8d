/** Methods that change a tensor in place, and what they may put there. */

import { type DType, isFloating } from "../base/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../base/errors.ts";
import { type ArgumentsOf, parameterTable } from "../base/params/arguments.ts";
import { broadcastShapes, formatShape, sameShape } from "../base/shape.ts";
import { insideCall, type Value } from "../graph/node.ts";
import { full } from "../ops/creation.ts";
import { add, cast, mul, sub } from "../ops/elementwise/elementwise.ts";
import { randomNormal, randomUniform } from "../ops/random.ts";
import { expand } from "../ops/shape/shape_ops.ts";
import { withAt } from "./functions/indexing/writing.ts";
import type { Index } from "./functions/shape/at.ts";
import { type Operand, scalarValue } from "./operands.ts";
import { bernoulliOf, checkedProbability } from "./random.ts";
import { drawKey, type Generator } from "./random_state.ts";
import { defineMethod, Tensor } from "./tensor.ts";

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

/** What a method writes, and whether all elements will be equal. */
interface Change {
  readonly value: (own: Value) => Value;
  readonly isUniform?: boolean;
}

/** A method by its table; the tensor is given back. */
type ChangingCall<Table extends { readonly forms?: readonly unknown[] }, Self> = (
  ...args: ArgumentsOf<Table>
) => Self;

interface CopyFromParameters {
  /** The tensor whose elements are taken. */
  src: Tensor;
}

interface FillValueParameters {
  /** A number, or a tensor without dimensions. */
  value: Operand;
}

interface SetAtParameters {
  /** What `at` takes: one index for each dimension. */
  indices: readonly Index[];
  /** What is written there: a number, or a tensor that is broadcast. */
  source: Operand;
}

interface RandomFillParameters {
  /** Where the random numbers come from; null for the default generator. @default null */
  generator?: Generator | null;
}

interface UniformFillParameters extends RandomFillParameters {
  /** The smallest number that can be drawn. @default 0 */
  from?: number;
  /** The bound that is not reached. @default 1 */
  to?: number;
}

interface NormalFillParameters extends RandomFillParameters {
  /** Mean of the distribution. @default 0 */
  mean?: number;
  /** Standard deviation of the distribution. @default 1 */
  std?: number;
}

interface BernoulliFillParameters extends RandomFillParameters {
  /** Probability of a 1: one for all elements, or a tensor of them. @default 0.5 */
  p?: number | Tensor;
}

declare module "./tensor.ts" {
  interface Tensor {
    /** Copies another tensor's elements here, converted and broadcast. */
    copy_: ChangingCall<typeof COPY, this>;
    /** Sets every element to one number (or to that of a 0-dimensional tensor). */
    fill_: ChangingCall<typeof FILL, this>;
    /** Sets every element to 0. */
    zero_: ChangingCall<typeof ZERO, this>;
    /**
     * Sets the elements that `at(...indices)` reads: `x[1, 2:5] = source` is `x.setAt_([1, "2:5"], source)`.
     * With numbers and slices alone it is the same as `x.at(1, "2:5").copy_(source)`.
     */
    setAt_: ChangingCall<typeof SET_AT, this>;
    /** Draws every element uniformly from [from, to). */
    uniform_: ChangingCall<typeof UNIFORM, this>;
    /** Draws every element from a normal distribution. */
    normal_: ChangingCall<typeof NORMAL, this>;
    /** Draws 1 with probability p (a number or a tensor), else 0, for every element. */
    bernoulli_: ChangingCall<typeof BERNOULLI, this>;
  }
}

function requireFloating(of: string, { dtype }: Value): void {
  if (!isFloating(dtype)) throw new DTypeError(`${of}: expected a floating-point tensor, got ${dtype}`);
}

const COPY = parameterTable<CopyFromParameters>("copy_")(["src"], (src: Tensor): Change => {
  if (!(src instanceof Tensor)) throw new ArgumentError("copy_: expected `src` to be a Tensor");
  return {
    value: (own) => {
      const together = broadcastShapes([own.shape, src.value.shape], "copy_");
      if (!sameShape(together, own.shape)) {
        throw new ShapeError(
          `copy_: ${formatShape(src.shape)} does not broadcast to the tensor's ${formatShape(own.shape)}`,
        );
      }
      return expand(cast(src.value, own.dtype), own.shape);
    },
  };
});

const FILL = parameterTable<FillValueParameters>("fill_")(["value"], (value: Operand): Change => {
  if (!(value instanceof Tensor)) {
    return { value: (own) => expand(scalarValue(Number(value), own.dtype), own.shape), isUniform: true };
  }
  if (value.ndim > 0)
    throw new ShapeError(
      `fill_: expected a number or a 0-dimensional tensor, got shape ${formatShape(value.shape)}`,
    );
  return {
    value: (own) => expand(cast(value.value, own.dtype), own.shape),
    isUniform: !value.requiresGrad,
  };
});

const ZERO = parameterTable<Record<never, never>>("zero_")(
  [],
  (): Change => ({ value: ({ shape, dtype }) => full(shape, 0, dtype), isUniform: true }),
);

const SET_AT = parameterTable<SetAtParameters>("setAt_")(
  ["indices", "source"],
  (indices: readonly Index[], source: Operand): Change => ({
    value: (own) => withAt(new Tensor(own), indices, source).value,
  }),
);

const UNIFORM = parameterTable<UniformFillParameters>("uniform_")(
  ["from?", "to?", "generator?"],
  (from = 0, to = 1, generator: Generator | null = null): Change => ({
    value: (own) => {
      requireFloating("uniform_", own);
      if (!(from <= to)) throw new ArgumentError(`uniform_: expected from <= to, got ${from} and ${to}`);
      const draw = randomUniform(drawKey(generator), own.shape, own.dtype);
      const low = scalarValue(from, own.dtype);
      return add(mul(draw, sub(scalarValue(to, own.dtype), low)), low);
    },
  }),
);

const NORMAL = parameterTable<NormalFillParameters>("normal_")(
  ["mean?", "std?", "generator?"],
  (mean = 0, std = 1, generator: Generator | null = null): Change => ({
    value: (own) => {
      requireFloating("normal_", own);
      if (!(std >= 0))
        throw new ArgumentError(`normal_: expected a standard deviation of 0 or more, got ${std}`);
      const draw = randomNormal(drawKey(generator), own.shape, own.dtype);
      return add(mul(draw, scalarValue(std, own.dtype)), scalarValue(mean, own.dtype));
    },
  }),
);

const BERNOULLI = parameterTable<BernoulliFillParameters>("bernoulli_")(
  ["p?", "generator?"],
  (p: number | Tensor = 0.5, generator: Generator | null = null): Change => ({
    value: (own) => {
      const probability =
        p instanceof Tensor ? p.value : scalarValue(checkedProbability("bernoulli_", p), "float32");
      return bernoulliOf(probability, own.shape, own.dtype, generator);
    },
  }),
);

for (const table of [COPY, FILL, ZERO, SET_AT, UNIFORM, NORMAL, BERNOULLI]) {
  defineMethod(table.signature.name, function (this: Tensor, ...args: unknown[]) {
    const { value, isUniform = false } = table.bind(args);
    return insideCall(() => this.assign(value(this.value), isUniform));
  });
}
