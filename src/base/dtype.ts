import { DTypeError, OutOfMemoryError } from "./errors.ts";
import { fromBfloat16, fromFloat16, toBfloat16, toFloat16 } from "./half_precision.ts";

/**
 * Element types.
 *
 * `int64` values are JavaScript numbers, exact up to 2^53, and lie in memory as 64-bit floats: no kernel
 * ever meets a BigInt. Files (safetensors, npy) hold true 64-bit integers.
 *
 * `float16` and `bfloat16` are for storage: they lie in memory as their 16 bits, and every operation on them is
 * computed in 32 bits and rounded once, when its result is stored.
 */
export type DType = "float32" | "float64" | "float16" | "bfloat16" | "int32" | "int64" | "uint8" | "bool";

/** The floating dtypes of 16 bits. */
export type HalfDType = "float16" | "bfloat16";

/** The arrays that hold tensor data. `bool` is one byte, 0 or 1; 16-bit floats are held as their bits. */
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array | Uint16Array;

interface DTypeInfo {
  readonly bytes: number;
  readonly floating: boolean;
  /** Rank in the promotion order within and across categories. */
  readonly rank: number;
  /** 0 bool, 1 integral, 2 floating. */
  readonly category: 0 | 1 | 2;
  readonly largest: number;
  readonly array: {
    new (length: number): TypedArray;
    new (buffer: ArrayBufferLike, byteOffset?: number, length?: number): TypedArray;
    from(values: ArrayLike<number>): TypedArray;
  };
}

const INFO: Record<DType, DTypeInfo> = {
  bool: { bytes: 1, floating: false, rank: 0, category: 0, largest: 1, array: Uint8Array },
  uint8: { bytes: 1, floating: false, rank: 1, category: 1, largest: 255, array: Uint8Array },
  int32: { bytes: 4, floating: false, rank: 2, category: 1, largest: 2147483647, array: Int32Array },
  int64: {
    bytes: 8,
    floating: false,
    rank: 3,
    category: 1,
    largest: Number.MAX_SAFE_INTEGER,
    array: Float64Array,
  },
  float16: { bytes: 2, floating: true, rank: 4, category: 2, largest: 65504, array: Uint16Array },
  bfloat16: {
    bytes: 2,
    floating: true,
    rank: 5,
    category: 2,
    largest: 3.3895313892515355e38,
    array: Uint16Array,
  },
  float32: {
    bytes: 4,
    floating: true,
    rank: 6,
    category: 2,
    largest: 3.4028234663852886e38,
    array: Float32Array,
  },
  float64: { bytes: 8, floating: true, rank: 7, category: 2, largest: Number.MAX_VALUE, array: Float64Array },
};

export const DTYPES = Object.keys(INFO) as DType[];

export function isDType(name: unknown): name is DType {
  return typeof name === "string" && Object.hasOwn(INFO, name);
}

/** Bytes of one element. */
export function bytesOf(dtype: DType): number {
  return INFO[dtype].bytes;
}

export function isFloating(dtype: DType): boolean {
  return INFO[dtype].floating;
}

export function isHalf(dtype: DType): dtype is HalfDType {
  return dtype === "bfloat16" || dtype === "float16";
}

/** The largest finite number of a floating dtype; of integers the largest that is held exactly. */
export function largestNumber(dtype: DType): number {
  return INFO[dtype].largest;
}

/**
 * Zeros.
 *
 * @throws OutOfMemoryError if there is no room for that many elements.
 */
export function allocateArray(dtype: DType, length: number): TypedArray {
  try {
    return new INFO[dtype].array(length);
  } catch (error) {
    const gibibytes = (length * INFO[dtype].bytes) / 2 ** 30;
    throw new OutOfMemoryError(
      `out of memory: there is no room for ${length} ${dtype} (${gibibytes.toFixed(1)} GiB) in one piece; ` +
        "use a smaller batch, smaller images or a smaller network",
      { cause: error },
    );
  }
}

/** A view of `length` elements of a buffer. */
export function viewArray(
  dtype: DType,
  buffer: ArrayBufferLike,
  byteOffset: number,
  length: number,
): TypedArray {
  return new INFO[dtype].array(buffer, byteOffset, length);
}

/** Numbers, converted as a C cast does: truncated for integers, `!= 0` for bool. */
export function arrayFrom(dtype: DType, values: ArrayLike<number>): TypedArray {
  const out = allocateArray(dtype, values.length);
  if (dtype === "bool") {
    for (let i = 0; i < values.length; i++) out[i] = values[i] !== 0 ? 1 : 0;
  } else if (dtype === "int64") {
    for (let i = 0; i < values.length; i++) out[i] = Math.trunc(values[i]);
  } else if (isHalf(dtype)) {
    const bits = dtype === "bfloat16" ? toBfloat16 : toFloat16;
    for (let i = 0; i < values.length; i++) out[i] = bits(values[i]);
  } else {
    for (let i = 0; i < values.length; i++) out[i] = values[i];
  }
  return out;
}

/** The elements as numbers: the array itself, or for 16-bit floats what their bits stand for. */
export function numbersOf(dtype: DType, data: TypedArray): Exclude<TypedArray, Uint16Array> {
  if (!isHalf(dtype)) return data as Exclude<TypedArray, Uint16Array>;
  const out = new Float32Array(data.length);
  const number = dtype === "bfloat16" ? fromBfloat16 : fromFloat16;
  for (let i = 0; i < data.length; i++) out[i] = number(data[i]);
  return out;
}

/** What an operand brings to type promotion: a scalar, a 0-dimensional tensor or one with dimensions. */
export interface PromotionOperand {
  readonly dtype: DType;
  readonly kind: "scalar" | "zeroDim" | "tensor";
}

/**
 * PyTorch's `result_type`: among operands of the highest category, those with dimensions decide; a
 * 0-dimensional tensor decides only if it is of a higher category, a plain number only if it is
 * of a higher category than both.
 *
 * Source: PyTorch documentation, "torch.dtype", type promotion.
 */
export function resultType(operands: readonly PromotionOperand[]): DType {
  let result: DType | undefined;
  for (const kind of ["tensor", "zeroDim", "scalar"] as const) {
    let level: DType | undefined;
    for (const operand of operands) {
      if (operand.kind !== kind) continue;
      level = level === undefined ? operand.dtype : wider(level, operand.dtype);
    }
    if (level === undefined) continue;
    if (result === undefined) result = level;
    else if (INFO[level].category > INFO[result].category) result = level;
  }
  if (result === undefined) throw new DTypeError("resultType: needs at least one operand");
  return result;
}

/** The higher of two dtypes; neither of the two 16-bit floats holds the other's numbers. */
function wider(a: DType, b: DType): DType {
  if (a !== b && isHalf(a) && isHalf(b)) return "float32";
  return INFO[a].rank > INFO[b].rank ? a : b;
}

/**
 * The dtype with which a plain number joins tensors: a whole one leaves integer tensors integers, as in PyTorch; a
 * bigint stands for Python's int.
 */
export function dtypeOfScalar(value: number | bigint | boolean): DType {
  if (typeof value === "boolean") return "bool";
  return typeof value === "bigint" || Number.isInteger(value) ? "int64" : "float32";
}
