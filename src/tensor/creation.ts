/** Tensors from data. */
import { type DType, isDType, type TypedArray } from "../base/dtype.ts";
import { DTypeError, ShapeError } from "../base/errors.ts";
import { formatShape, numel } from "../base/shape.ts";
import { shownText } from "../base/shown_value.ts";
import { constantValue, type Value } from "../graph/node.ts";
import { reshape } from "../ops/shape/shape_ops.ts";
import { checkedSize } from "./filled.ts";
import { valueFromData } from "./list_data.ts";
import { defineCall, Tensor } from "./tensor.ts";

/**
 * What `tensor()` takes: a number, bigint or boolean, a typed array, a tensor, or nested lists of them.
 */
export type TensorData =
  | number
  | bigint
  | boolean
  | readonly TensorData[]
  | TypedArray
  | Int8Array
  | Int16Array
  | Uint32Array
  | Uint8ClampedArray
  | BigInt64Array
  | BigUint64Array
  // A Float16Array, which not every run-time's declarations know.
  | (ArrayLike<number> & ArrayBufferView)
  | Tensor;

export interface CreateTensorParameters {
  /** Numbers, nested lists of them, a typed array or a tensor; copied. */
  data: TensorData;
  /** Dtype of the result; null for that of the input. @default null */
  dtype?: DType | null;
  /** Whether gradients are collected for it. @default false */
  requiresGrad?: boolean;
  /** The dimensions of a flat list or typed array; by default those of the data. */
  shape?: readonly number[];
}

/**
 * A tensor of given numbers, which are copied.
 *
 * The dtype follows from the type of the data, never from its values: JavaScript numbers become float32, bigints int64,
 * booleans bool, and typed arrays keep their element type (Int8Array, Int16Array and Uint16Array become int32,
 * Uint32Array and the 64-bit ones int64). Several types in one list promote, as numbers and bigints do to float32.
 * Tensors in a list are stacked; no gradient flows to them (`stack` is for that). `shape` (ours) gives flat data its
 * dimensions.
 *
 * @throws ShapeError for ragged lists, and lists nested more than 64 deep; DTypeError for a bigint beyond ±(2^53 - 1).
 * @example
 * ```ts
 * tensor([[1, 2], [3, 4]]).dtype; // "float32"
 * tensor([1n, 2n]).dtype; // "int64"
 * tensor([1, 2], { dtype: "int64" }).dtype; // "int64"
 * tensor([true, false]).dtype; // "bool"
 * tensor(new Uint8Array(6), { shape: [2, 3] }).dtype; // "uint8"
 * tensor([tensor([1, 2]), new Float32Array(2)]).shape; // [2, 2]
 * ```
 */
export const tensor = defineCall<CreateTensorParameters>("tensor")(
  ["data", "dtype?:dtype|null", "requiresGrad?:boolean", "shape?:integers|null"],
  (data, dtype = null, requiresGrad = false, shape) => {
    if (dtype !== null && !isDType(dtype)) throw new DTypeError(`tensor: unknown dtype ${shownText(dtype)}`);
    const value = valueFromData("tensor", data, dtype);
    const made = new Tensor(shape === undefined ? value : withShape(value, shape));
    return requiresGrad ? made.requiresGrad_() : made;
  },
);

function withShape(value: Value, shape: unknown): Value {
  const sizes = checkedSize("tensor", shape);
  if (numel(sizes) !== numel(value.shape)) {
    throw new ShapeError(
      `tensor: expected ${numel(sizes)} numbers for shape ${formatShape(sizes)}, got ${numel(value.shape)}`,
    );
  }
  return value.data === null ? reshape(value, sizes) : constantValue(value.data, sizes, value.dtype);
}
