/** Tensors from data and from nothing. */
import { allocateArray, arrayFrom, type DType, isDType, type TypedArray } from "../base/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../base/errors.ts";
import { formatShape, numel } from "../base/shape.ts";
import { constantValue } from "../graph/node.ts";
import { defineFunction } from "./define.ts";
import { Tensor } from "./tensor.ts";

/** What `tensor()` takes: a number, nested lists of numbers, or a typed array. */
export type TensorData = number | boolean | readonly TensorData[] | TypedArray | Tensor;

export interface CreateTensor {
  (data: TensorData, dtype?: DType | null, requiresGrad?: boolean): Tensor;
  (
    data: TensorData,
    options: { dtype?: DType | null; requiresGrad?: boolean; shape?: readonly number[] },
  ): Tensor;
}

/**
 * A tensor of given numbers, which are copied.
 *
 * Without a dtype, typed arrays keep theirs; lists become bool, int64 or float32, as in PyTorch. JavaScript
 * does not tell 1.0 from 1, so a list of whole numbers is int64: say `dtype` or `.float()` where float32 is
 * meant. `shape` (ours) gives a flat list or typed array its dimensions.
 *
 * @throws ShapeError where nested lists are ragged.
 * @example
 * ```ts
 * tensor([[1, 2], [3, 4.5]]).dtype; // "float32"
 * tensor([[1, 2], [3, 4]]).dtype; // "int64"
 * tensor([[1, 2], [3, 4]], { dtype: "float32" }).shape; // [2, 2]
 * tensor(new Uint8Array(6), { shape: [2, 3] }).dtype; // "uint8"
 * ```
 */
export const tensor = defineFunction<CreateTensor>(
  "tensor",
  ["data", "dtype?", "requiresGrad?", "shape?"],
  ({ data, dtype = null, requiresGrad = false, shape }) => {
    if (dtype !== null && !isDType(dtype)) throw new DTypeError(`tensor: unknown dtype ${String(dtype)}`);
    const flat: number[] = [];
    let made: Tensor;
    if (ArrayBuffer.isView(data)) {
      const array = data as TypedArray;
      const type = dtype ?? dtypeOfArray(array);
      const copy = dtype === null ? copyOf(array, type) : arrayFrom(type, array);
      made = new Tensor(constantValue(copy, shapeFor(shape, copy.length), type));
    } else {
      const found = flatten(data, flat, 0, []);
      const type = dtype ?? (requiresGrad ? "float32" : dtypeOfNumbers(data, flat));
      const dims = shape === undefined ? found : shapeFor(shape, flat.length);
      made = new Tensor(constantValue(arrayFrom(type, flat), dims, type));
    }
    return requiresGrad ? made.requiresGrad_() : made;
  },
);

function copyOf(array: TypedArray, dtype: DType): TypedArray {
  const copy = allocateArray(dtype, array.length);
  copy.set(array);
  return copy;
}

function shapeFor(shape: readonly number[] | undefined, length: number): readonly number[] {
  if (shape === undefined) return [length];
  if (numel(shape) !== length)
    throw new ShapeError(
      `tensor: expected ${numel(shape)} numbers for shape ${formatShape(shape)}, got ${length}`,
    );
  return [...shape];
}

function dtypeOfArray(array: ArrayBufferView): DType {
  if (array instanceof Float32Array) return "float32";
  if (array instanceof Float64Array) return "float64";
  if (array instanceof Int32Array) return "int32";
  if (array instanceof Uint8Array || array instanceof Uint8ClampedArray) return "uint8";
  throw new DTypeError(
    `tensor: expected a Float32Array, Float64Array, Int32Array or Uint8Array, got ${array.constructor.name}`,
  );
}

function dtypeOfNumbers(data: unknown, flat: readonly number[]): DType {
  const first = firstLeaf(data);
  if (typeof first === "boolean") return "bool";
  return flat.length > 0 && flat.every(Number.isInteger) ? "int64" : "float32";
}

function firstLeaf(data: unknown): unknown {
  let leaf = data;
  while (Array.isArray(leaf)) leaf = leaf[0];
  return leaf;
}

/** Appends the numbers of nested lists to `flat` and returns their shape. */
function flatten(data: unknown, flat: number[], level: number, shape: number[]): number[] {
  if (typeof data === "number" || typeof data === "boolean") {
    if (level !== shape.length) throw ragged();
    flat.push(Number(data));
    return shape;
  }
  if (!Array.isArray(data))
    throw new ArgumentError(
      `tensor: expected numbers, nested lists of them or a typed array, got ${data === null ? "null" : typeof data}`,
    );
  if (level === shape.length) {
    if (flat.length > 0 && level > 0 && shapeIsClosed(shape, level)) throw ragged();
    shape.push(data.length);
  } else if (shape[level] !== data.length) throw ragged();
  for (const item of data) flatten(item, flat, level + 1, shape);
  return shape;
}

function shapeIsClosed(shape: readonly number[], level: number): boolean {
  return shape.length === level;
}

function ragged(): ShapeError {
  return new ShapeError("tensor: expected lists of equal length at each level, got ragged ones");
}
