/** Arrays as files hold them. */
import type { NamedArray } from "../../io/safetensors/safetensors.ts";
import type { Matrix } from "../matrix.ts";

/** Numbers in double precision. */
export function doubles(values: ArrayLike<number>): NamedArray {
  return { data: Float64Array.from(values), shape: [values.length], dtype: "float64" };
}

/** A matrix in single precision. */
export function stored({ rows, columns, data }: Matrix): NamedArray {
  return { data, shape: [rows, columns], dtype: "float32" };
}
