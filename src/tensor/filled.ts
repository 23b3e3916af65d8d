/** Tensors filled with one number, with a range, or with ones on a diagonal. */

import { arrayFrom, type DType, isDType, isFloating } from "../base/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../base/errors.ts";
import type { Call } from "../base/params/call_types.ts";
import { formatShape } from "../base/shape.ts";
import { shownText } from "../base/shown_value.ts";
import { constantValue, emit, type Value } from "../graph/node.ts";
import * as ops from "../ops/creation.ts";
import { cast, eqOp } from "../ops/elementwise/elementwise.ts";
import { expand, reshape } from "../ops/shape/shape_ops.ts";
import type { InputParameter } from "./input_parameter.ts";
import { dtypeOfLeaf } from "./list_data.ts";
import { knownNumber, scalarValue } from "./operands.ts";
import { defineCall, Tensor, valueOf } from "./tensor.ts";

/** What every function that makes a tensor takes by name. */
export interface NewTensorOptions {
  /** Dtype of the result; null for the default. */
  dtype?: DType | null;
  /** Whether gradients are collected for it. @default false */
  requiresGrad?: boolean;
  /** Only `"cpu"`, the device there is, and the default. */
  device?: "cpu" | null;
}

/** Sizes as a list or one by one, then options. */
export interface CreateFromSizesParameters extends NewTensorOptions {
  /** The dimensions, as numbers or as one list; none, by default, is a single number. */
  size?: readonly number[];
}

/** The dtype asked for; throws a DTypeError for one that does not exist. */
export function checkedDType(of: string, dtype: unknown, otherwise: DType): DType {
  if (dtype === null || dtype === undefined) return otherwise;
  if (isDType(dtype)) return dtype;
  throw new DTypeError(`${of}: unknown dtype ${shownText(dtype)}`);
}

/** Sizes of a tensor to be made: integers of 0 or more. */
export function checkedSize(of: string, size: unknown): number[] {
  const sizes = Array.isArray(size) ? size : [size];
  if (!sizes.every((s) => Number.isInteger(s) && s >= 0)) {
    throw new ShapeError(
      `${of}: expected sizes that are integers of 0 or more, got ${formatShape(sizes as number[])}`,
    );
  }
  return [...sizes] as number[];
}

/** A new leaf tensor. */
export function newTensor(value: Value, requiresGrad = false): Tensor {
  const made = new Tensor(value);
  return requiresGrad ? made.requiresGrad_() : made;
}

const constantFilled = (name: string, value: number) =>
  defineCall<CreateFromSizesParameters>(name)(
    ["*size:integers|null", "dtype?:dtype|null", "requiresGrad?:boolean", "device?:device|null"],
    (size = [], dtype, requiresGrad) =>
      newTensor(ops.full(checkedSize(name, size), value, checkedDType(name, dtype, "float32")), requiresGrad),
  );

/**
 * Zeros. The sizes come one by one or as a list.
 *
 * @throws ShapeError for a size below 0.
 * @example
 * ```ts
 * zeros(2, 3).tolist(); // [[0, 0, 0], [0, 0, 0]]
 * zeros([2], { dtype: "int64" }).dtype; // "int64"
 * ```
 */
export const zeros = constantFilled("zeros", 0);
/**
 * Ones; see `zeros`.
 *
 * @example
 * ```ts
 * ones(2).tolist(); // [1, 1]
 * ```
 */
export const ones = constantFilled("ones", 1);
/**
 * A tensor whose contents are of no interest. (They are zeros.)
 *
 * @example
 * ```ts
 * empty(2, 3).shape; // [2, 3]
 * ```
 */
export const empty = constantFilled("empty", 0);

export interface LikeParameters extends InputParameter, NewTensorOptions {}

const constantLike = (name: string, value: number) =>
  defineCall<LikeParameters>(name)(
    ["input", "dtype?:dtype|null", "requiresGrad?:boolean", "device?:device|null"],
    (input, dtype, requiresGrad) => {
      const like = valueOf(input, "input", name);
      return newTensor(ops.full(like.shape, value, checkedDType(name, dtype, like.dtype)), requiresGrad);
    },
  );

/**
 * Zeros of another tensor's shape and dtype.
 *
 * @example
 * ```ts
 * zerosLike(tensor([[5, 6]])).tolist(); // [[0, 0]]
 * ```
 */
export const zerosLike = constantLike("zerosLike", 0);
/**
 * Ones of another tensor's shape and dtype.
 *
 * @example
 * ```ts
 * onesLike(tensor([[5, 6]])).tolist(); // [[1, 1]]
 * ```
 */
export const onesLike = constantLike("onesLike", 1);
/**
 * A tensor of another's shape and dtype whose contents are of no interest.
 *
 * @example
 * ```ts
 * emptyLike(tensor([[5, 6]])).shape; // [1, 2]
 * ```
 */
export const emptyLike = constantLike("emptyLike", 0);

export interface FullParameters extends NewTensorOptions {
  /** The dimensions, as numbers or as one list; none, by default, is a single number. */
  size: number | readonly number[];
  /** What every element is. */
  fillValue: number | bigint | boolean;
}

/**
 * One value everywhere: float32 for a number, int64 for a bigint, bool for a boolean, as `tensor` has it.
 *
 * @example
 * ```ts
 * full([2, 2], 7).tolist(); // [[7, 7], [7, 7]]
 * full([2], 7n).dtype; // "int64"
 * ```
 */
export const full = defineCall<FullParameters>("full")(
  [
    "size:integers|null",
    "fillValue:scalar",
    "dtype?:dtype|null",
    "requiresGrad?:boolean",
    "device?:device|null",
  ],
  (size, fillValue, dtype, requiresGrad) => {
    const type = checkedDType("full", dtype, dtypeOfLeaf(fillValue) ?? "float32");
    return newTensor(expand(scalarValue(Number(fillValue), type), checkedSize("full", size)), requiresGrad);
  },
);

export interface FullLikeParameters extends InputParameter, NewTensorOptions {
  /** What every element is. */
  fillValue: number | bigint | boolean;
}

/**
 * One value everywhere, in another tensor's shape and dtype.
 *
 * @example
 * ```ts
 * fullLike(tensor([1, 2]), 7).tolist(); // [7, 7]
 * ```
 */
export const fullLike = defineCall<FullLikeParameters>("fullLike")(
  ["input", "fillValue:scalar", "dtype?:dtype|null", "requiresGrad?:boolean", "device?:device|null"],
  (input, fillValue, dtype, requiresGrad) => {
    const like = valueOf(input, "input", "fullLike");
    const type = checkedDType("fullLike", dtype, like.dtype);
    return newTensor(expand(scalarValue(Number(fillValue), type), like.shape), requiresGrad);
  },
);

export interface ARangeParameters extends NewTensorOptions {
  /** The first number. @default 0 */
  start?: number | bigint;
  /** Where it ends, exclusive. */
  end: number | bigint;
  /** Distance between the numbers. @default 1 */
  step?: number | bigint;
}

/** With a single number by position, it is the end. */
type ARange = ((end: number | bigint, options?: Omit<ARangeParameters, "start" | "end">) => Tensor) &
  Call<
    ARangeParameters,
    readonly ["start", "end", "step?", "dtype?", "requiresGrad?", "device?"],
    [
      start: number | bigint,
      end: number | bigint,
      step?: number | bigint,
      dtype?: DType | null,
      requiresGrad?: boolean,
      device?: "cpu" | null,
    ],
    Tensor
  >;

/**
 * start, start + step, ... up to but not including end.
 *
 * It counts: as in PyTorch the dtype is int64 if all three are whole, so that the result can stand for positions and
 * labels, else float32. Say `{ dtype: "float32" }` for data.
 *
 * @example
 * ```ts
 * arange(5).tolist(); // [0, 1, 2, 3, 4]
 * arange(1, 2, 0.5).tolist(); // [1, 1.5]
 * arange(5, { dtype: "float32" }).dtype; // "float32"
 * ```
 */
export const arange = defineCall<Partial<ARangeParameters>>("arange")(
  ["start?", "end?", "step?", "dtype?:dtype|null", "requiresGrad?:boolean", "device?:device|null"],
  (from, to, by, dtype, requiresGrad) => {
    const step = knownNumber("arange", "step", by ?? 1);
    const bounds = to === undefined ? [0, from] : [from ?? 0, to];
    const [start, end] = bounds.map((bound, i) => knownNumber("arange", i === 0 ? "start" : "end", bound));
    if (![start, end, step].every(Number.isFinite))
      throw new ArgumentError(`arange: expected finite numbers, got ${start}, ${end}, ${step}`);
    const count = Math.ceil((end - start) / step);
    if (step === 0 || (end - start) / step < 0)
      throw new ArgumentError(`arange: step ${step} does not lead from ${start} to ${end}`);
    const type = checkedDType(
      "arange",
      dtype,
      [start, end, step].every(Number.isInteger) ? "int64" : "float32",
    );
    // Integers count from the whole part, by whole steps, as in PyTorch.
    const whole = (x: number) => (isFloating(type) ? x : Math.trunc(x));
    return newTensor(ops.arange(count, type, whole(start), whole(step)), requiresGrad);
  },
) as unknown as ARange;

export interface LinSpaceParameters extends NewTensorOptions {
  /** The first number. */
  start: number;
  /** The last number. */
  end: number;
  /** How many numbers. */
  steps: number;
}

/**
 * `steps` numbers from `start` to `end`, both included, at equal distances.
 *
 * @example
 * ```ts
 * linspace(0, 1, 5).tolist(); // [0, 0.25, 0.5, 0.75, 1]
 * ```
 */
export const linspace = defineCall<LinSpaceParameters>("linspace")(
  ["start", "end", "steps", "dtype?:dtype|null", "requiresGrad?:boolean", "device?:device|null"],
  (start, end, steps, dtype, requiresGrad) => {
    if (!Number.isInteger(steps) || steps < 0)
      throw new ArgumentError(`linspace: expected \`steps\` of 0 or more, got ${steps}`);
    const type = checkedDType("linspace", dtype, "float32");
    const whole = (x: number) => (isFloating(type) ? x : Math.trunc(x));
    const [first, last] = [
      whole(knownNumber("linspace", "start", start)),
      whole(knownNumber("linspace", "end", end)),
    ];
    const step = steps > 1 ? (last - first) / (steps - 1) : 0;
    // From both ends to the middle, so that both are exact.
    const numbers = Array.from({ length: steps }, (_, i) =>
      i < steps / 2 ? first + i * step : last - (steps - 1 - i) * step,
    );
    return newTensor(constantValue(arrayFrom(type, numbers), [steps], type), requiresGrad);
  },
);

export interface EyeParameters extends NewTensorOptions {
  /** Rows. */
  n: number;
  /** Columns; null for as many as rows. @default null */
  m?: number | null;
}

/**
 * Ones on the main diagonal, zeros elsewhere.
 *
 * @example
 * ```ts
 * eye(2).tolist(); // [[1, 0], [0, 1]]
 * eye(2, 3).shape; // [2, 3]
 * ```
 */
export const eye = defineCall<EyeParameters>("eye")(
  ["n", "m?", "dtype?:dtype|null", "requiresGrad?:boolean", "device?:device|null"],
  (n, m = null, dtype, requiresGrad) => {
    const [rows, columns] = checkedSize("eye", [n, m ?? n]);
    const row = reshape(ops.arange(rows, "int64"), [rows, 1]);
    const same = emit(eqOp, [row, ops.arange(columns, "int64")]);
    return newTensor(cast(same, checkedDType("eye", dtype, "float32")), requiresGrad);
  },
);
