import { typedArrayKind } from "../../base/builtin_kinds.ts";
import { allocateArray, arrayFrom, type DType, isHalf, type TypedArray } from "../../base/dtype.ts";
import { DTypeError } from "../../base/errors.ts";

/** One element type of a safetensors file: its size there, what it becomes here, how to read it. */
export interface StoredDType {
  readonly bytes: number;
  readonly dtype: DType;
  /** `beyond` makes the error for the element of that index, which is an integer that cannot be held. */
  readonly read: (buffer: ArrayBuffer, length: number, beyond: (index: number) => Error) => TypedArray;
}

const WORD = 2 ** 32;

/** Element types that can be read. What has no dtype of ours comes as the next wider one. */
export const STORED_DTYPES: ReadonlyMap<string, StoredDType> = new Map<string, StoredDType>([
  ["F64", { bytes: 8, dtype: "float64", read: (b, n) => new Float64Array(b, 0, n) }],
  ["F32", { bytes: 4, dtype: "float32", read: (b, n) => new Float32Array(b, 0, n) }],
  ["F16", { bytes: 2, dtype: "float16", read: (b, n) => new Uint16Array(b, 0, n) }],
  ["BF16", { bytes: 2, dtype: "bfloat16", read: (b, n) => new Uint16Array(b, 0, n) }],
  [
    "I64",
    { bytes: 8, dtype: "int64", read: (b, n, beyond) => readInt64(new Int32Array(b, 0, 2 * n), beyond) },
  ],
  [
    "U64",
    { bytes: 8, dtype: "int64", read: (b, n, beyond) => readInt64(new Uint32Array(b, 0, 2 * n), beyond) },
  ],
  ["U32", { bytes: 4, dtype: "int64", read: (b, n) => Float64Array.from(new Uint32Array(b, 0, n)) }],
  ["I32", { bytes: 4, dtype: "int32", read: (b, n) => new Int32Array(b, 0, n) }],
  ["U16", { bytes: 2, dtype: "int32", read: (b, n) => Int32Array.from(new Uint16Array(b, 0, n)) }],
  ["I16", { bytes: 2, dtype: "int32", read: (b, n) => Int32Array.from(new Int16Array(b, 0, n)) }],
  ["I8", { bytes: 1, dtype: "int32", read: (b, n) => Int32Array.from(new Int8Array(b, 0, n)) }],
  ["U8", { bytes: 1, dtype: "uint8", read: (b, n) => new Uint8Array(b, 0, n) }],
  [
    "BOOL",
    { bytes: 1, dtype: "bool", read: (b, n) => new Uint8Array(b, 0, n).map((v) => (v === 0 ? 0 : 1)) },
  ],
]);

const WRITTEN: Record<DType, string> = {
  float64: "F64",
  float32: "F32",
  float16: "F16",
  bfloat16: "BF16",
  int64: "I64",
  int32: "I32",
  uint8: "U8",
  bool: "BOOL",
};

/** The name under which one of our dtypes is written. */
export function storedName(dtype: DType): string {
  return WRITTEN[dtype];
}

/** The bytes of a tensor as they stand in the file; a view of `data` if memory and file agree. */
export function storedBytes(name: string, data: TypedArray, dtype: DType): Uint8Array {
  if (dtype !== "int64") {
    // `tensor.data()` gives the numbers of 16-bit floats.
    const held = isHalf(dtype) && typedArrayKind(data) !== "Uint16Array" ? arrayFrom(dtype, data) : data;
    return new Uint8Array(held.buffer, held.byteOffset, held.byteLength);
  }
  const words = new Int32Array(2 * data.length);
  for (let i = 0; i < data.length; i++) {
    const value = data[i];
    if (!Number.isSafeInteger(value)) {
      throw new DTypeError(`safetensors: ${name}[${i}] is ${value}, not an int64 within ±(2^53 - 1)`);
    }
    words[2 * i] = value % WORD;
    words[2 * i + 1] = Math.floor(value / WORD);
  }
  return new Uint8Array(words.buffer);
}

/** 64-bit integers from pairs of words, low word first; the sign comes with the type of `words`. */
function readInt64(words: Int32Array | Uint32Array, beyond: (index: number) => Error): TypedArray {
  const out = allocateArray("int64", words.length / 2);
  for (let i = 0; i < out.length; i++) {
    const value = words[2 * i + 1] * WORD + (words[2 * i] >>> 0);
    if (!Number.isSafeInteger(value)) throw beyond(i);
    out[i] = value;
  }
  return out;
}
