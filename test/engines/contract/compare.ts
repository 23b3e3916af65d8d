/** Compares two tensors' contents element by element. */
import { isHalf } from "../../../src/base/dtype.ts";
import type { NamedArray } from "../../../src/io/safetensors/safetensors.ts";

/**
 * Relative and absolute: |got - expected| <= atol + rtol |expected|. For 16-bit floats, if nothing is said, one
 * unit in the last place.
 */
export type Tolerance = readonly [rtol: number, atol: number];

/** What is different, in words; null if nothing is. NaN equals NaN. */
export function compareTensor(got: NamedArray, expected: NamedArray, tolerance?: Tolerance): string | null {
  if (got.dtype !== expected.dtype) return `is ${got.dtype}, expected ${expected.dtype}`;
  if (got.shape.join() !== expected.shape.join())
    return `has shape [${got.shape}], expected [${expected.shape}]`;
  const [rtol, atol] = tolerance ?? defaultTolerance(expected.dtype);
  let worst = 0;
  let at = -1;
  for (let i = 0; i < expected.data.length; i++) {
    const a = got.data[i];
    const b = expected.data[i];
    if (a === b || (Number.isNaN(a) && Number.isNaN(b))) continue;
    const allowed =
      tolerance === undefined && isHalf(expected.dtype)
        ? unitInLastPlace(b, expected.dtype)
        : atol + rtol * Math.abs(b);
    const excess = Math.abs(a - b) / allowed;
    const error = Number.isNaN(excess) || !Number.isFinite(b) ? Number.POSITIVE_INFINITY : excess;
    if (error > 1 && error > worst) {
      worst = error;
      at = i;
    }
  }
  if (at < 0) return null;
  return `[${at}] is ${got.data[at]}, expected ${expected.data[at]} (${worst.toPrecision(3)} times the tolerance)`;
}

function defaultTolerance(dtype: string): Tolerance {
  if (dtype === "float32") return [1e-5, 1e-6];
  return dtype === "float64" ? [1e-9, 1e-10] : [0, 0];
}

/** How far apart the numbers of a 16-bit dtype lie around x. */
function unitInLastPlace(x: number, dtype: "bfloat16" | "float16"): number {
  const [fraction, least] = dtype === "bfloat16" ? [7, -126] : [10, -14];
  return 2 ** (Math.max(Math.floor(Math.log2(Math.abs(x))), least) - fraction);
}
