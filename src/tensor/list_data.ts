/** Nested lists, typed arrays and tensors as the elements of one new tensor. */
import { isArrayBuffer, isSharedArrayBuffer, isThenable, typedArrayKind } from "../base/builtin_kinds.ts";
import {
  allocateArray,
  arrayFrom,
  type DType,
  numbersOf,
  resultType,
  type TypedArray,
} from "../base/dtype.ts";
import { ArgumentError, DTypeError, ShapeError } from "../base/errors.ts";
import { MOST_DIMENSIONS, numel } from "../base/shape.ts";
import { constantValue, emit, setGradientMode, type Value } from "../graph/node.ts";
import { castOp } from "../ops/elementwise/elementwise.ts";
import { reshape } from "../ops/shape/shape_ops.ts";
import { cat } from "../ops/shape/slicing.ts";
import { Tensor } from "./tensor.ts";

/** What an element's type says about the dtype; element types that we lack become the next wider one that we have. */
const DTYPE_OF_ARRAY: Readonly<Record<string, DType>> = {
  Float32Array: "float32",
  Float64Array: "float64",
  Float16Array: "float16",
  Uint8Array: "uint8",
  Uint8ClampedArray: "uint8",
  Int32Array: "int32",
  Int8Array: "int32",
  Int16Array: "int32",
  Uint16Array: "int32",
  Uint32Array: "int64",
  BigInt64Array: "int64",
  BigUint64Array: "int64",
};

type AnyTypedArray = TypedArray | BigInt64Array | BigUint64Array;

/** What a walk through the data finds: its shape, and the dtypes of its leaves. */
interface Found {
  readonly of: string;
  readonly shape: number[];
  readonly dtypes: Set<DType>;
  /** Whether a leaf was reached, so that `shape` has all its dimensions. */
  closed: boolean;
  /** Whether a tensor is among the leaves whose elements are not here yet. */
  pending: boolean;
}

/** The dtype of a JavaScript scalar, by its type alone; undefined for what is not a scalar. */
export function dtypeOfLeaf(leaf: unknown): DType | undefined {
  if (typeof leaf === "number") return "float32";
  if (typeof leaf === "boolean") return "bool";
  return typeof leaf === "bigint" ? "int64" : undefined;
}

/**
 * The elements of nested lists, typed arrays and tensors as a value of their own, off the tape.
 *
 * @param dtype - null: float32 for numbers, int64 for bigints, bool for booleans, that of a typed array or tensor for
 * its elements, and of several the one to which they promote.
 * @throws ShapeError for ragged lists and lists that are nested too deep, ArgumentError for what is not a number.
 */
export function valueFromData(of: string, data: unknown, dtype: DType | null): Value {
  const found: Found = { of, shape: [], dtypes: new Set(), closed: false, pending: false };
  measure(data, 0, found, []);
  const type = dtype ?? commonDType(found.dtypes);
  const before = setGradientMode(false);
  try {
    return found.pending ? assembled(of, data, type) : copied(of, data, found.shape, type);
  } finally {
    setGradientMode(before);
  }
}

function commonDType(dtypes: ReadonlySet<DType>): DType {
  if (dtypes.size === 0) return "float32";
  return resultType([...dtypes].map((dtype) => ({ dtype, kind: "tensor" as const })));
}

function measure(data: unknown, level: number, found: Found, path: unknown[]): void {
  const leaf = dtypeOfLeaf(data);
  if (leaf !== undefined) {
    noteSizes([], level, found);
    found.dtypes.add(leaf);
  } else if (Array.isArray(data)) {
    measureList(data, level, found, path);
  } else if (data instanceof Tensor) {
    noteSizes(data.value.shape, level, found);
    found.dtypes.add(data.dtype);
    found.pending ||= data.value.data === null;
  } else {
    const kind = typedArrayKind(data);
    const dtype = kind === undefined ? undefined : DTYPE_OF_ARRAY[kind];
    if (dtype === undefined) throw notANumber(found.of, data, path);
    noteSizes([(data as TypedArray).length], level, found);
    found.dtypes.add(dtype);
  }
}

/** The limit on dimensions also ends the walk through a list that contains itself. */
function measureList(list: readonly unknown[], level: number, found: Found, path: unknown[]): void {
  const { shape, of } = found;
  if (level === MOST_DIMENSIONS) {
    const circular = path.includes(list) ? "a list that contains itself" : "lists that are nested deeper";
    throw new ShapeError(`${of}: expected at most ${MOST_DIMENSIONS} dimensions, got ${circular}`);
  }
  if (level < shape.length ? shape[level] !== list.length : found.closed) throw ragged(of);
  if (level === shape.length) shape.push(list.length);
  path.push(list);
  // Not for-of: a hole is undefined, and named like any other element that is not a number.
  for (let i = 0; i < list.length; i++) measure(list[i], level + 1, found, path);
  path.pop();
  // Nothing may be deeper than an empty list.
  if (list.length === 0) found.closed = true;
}

/** A leaf at a level: a scalar (no sizes), or something that has sizes of its own. */
function noteSizes(sizes: readonly number[], level: number, found: Found): void {
  const { shape } = found;
  if (!found.closed && shape.length === level) shape.push(...sizes);
  const fits = shape.length === level + sizes.length && sizes.every((size, i) => size === shape[level + i]);
  if (!fits) throw ragged(found.of);
  found.closed = true;
}

function ragged(of: string): ShapeError {
  return new ShapeError(`${of}: expected lists of equal length at each level, got ragged ones`);
}

function notANumber(of: string, data: unknown, path: readonly unknown[]): ArgumentError {
  const place = path.length === 0 ? "" : " in a list";
  return new ArgumentError(
    `${of}: expected numbers, bigints or booleans, nested lists of them, typed arrays or tensors, ` +
      `got ${nameOf(data)}${place}${hintFor(data)}`,
  );
}

function nameOf(data: unknown): string {
  if (data === null || data === undefined) return String(data);
  return `a ${typeof data === "object" ? (data.constructor?.name ?? "object") : typeof data}`;
}

function hintFor(data: unknown): string {
  // Its class's name, but not its memory.
  if (nameOf(data).slice(2) in DTYPE_OF_ARRAY)
    return " behind a proxy, as Vue's reactive() makes them; give the array itself: toRaw() or markRaw()";
  if (isArrayBuffer(data) || isSharedArrayBuffer(data))
    return "; make a typed array of it, such as new Float32Array(buffer)";
  return isThenable(data) ? "; await it first" : "";
}

/** The elements in one array, row by row. */
function copied(of: string, data: unknown, shape: readonly number[], dtype: DType): Value {
  const count = numel(shape);
  const out = allocateArray(dtype, count);
  let at = 0;
  const put = (row: ArrayLike<unknown>, numbers: ArrayLike<number>) => {
    out.set(arrayFrom(dtype, numbers), at);
    at += row.length;
  };
  const fill = (part: unknown): void => {
    if (part instanceof Tensor) {
      const elements = part.value.data as TypedArray;
      put(elements, numbersOf(part.dtype, elements));
    } else if (!Array.isArray(part)) {
      const row = typedArrayKind(part) === undefined ? [part] : (part as unknown as AnyTypedArray);
      put(row, numbersIn(of, row, dtype));
    } else if (part.every((one) => dtypeOfLeaf(one) !== undefined)) {
      put(part, numbersIn(of, part, dtype));
    } else {
      for (const one of part) fill(one);
    }
  };
  fill(data);
  return constantValue(out, [...shape], dtype);
}

/** Scalars as numbers. Kernels hold int64 as 64-bit floats: a bigint that these cannot hold is refused, not rounded. */
function numbersIn(of: string, row: ArrayLike<unknown>, dtype: DType): ArrayLike<number> {
  const kind = typedArrayKind(row);
  const plain = kind === undefined ? Array.prototype.every.call(row, isNumber) : !kind.startsWith("Big");
  if (plain) return row as ArrayLike<number>;
  return Float64Array.from(row as ArrayLike<unknown>, (one) => {
    const number = Number(one);
    if (typeof one === "bigint" && dtype === "int64" && !Number.isSafeInteger(number)) {
      throw new DTypeError(
        `${of}: ${one} is outside what int64 holds here, ±(2^53 - 1); say { dtype: "float64" } to round it`,
      );
    }
    return number;
  });
}

const isNumber = (one: unknown): boolean => typeof one === "number";

/** With tensors among the leaves that are not computed yet: joined by ops, when they are. */
function assembled(of: string, data: unknown, dtype: DType): Value {
  // Cast even to its own dtype: a copy, which in-place changes of the tensor do not reach.
  if (data instanceof Tensor) return emit(castOp, [data.value], { dtype });
  if (!Array.isArray(data) || !data.some(containsTensor)) return valueFromData(of, data, dtype);
  const parts = data.map((one) => assembled(of, one, dtype));
  return cat(
    parts.map((part) => reshape(part, [1, ...part.shape])),
    0,
  );
}

function containsTensor(data: unknown): boolean {
  return data instanceof Tensor || (Array.isArray(data) && data.some(containsTensor));
}
