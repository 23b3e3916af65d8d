/** What any of the formats of arrays comes to. */
import type { NamedArray } from "../safetensors/safetensors.ts";

/** Formats of arrays by name that are read and written. */
export type ArrayFormat = "safetensors" | "pth" | "npz" | "npy";

export interface StoredArrays {
  readonly format: ArrayFormat;
  readonly tensors: Map<string, NamedArray>;
  /** Texts of a safetensors header; PyTorch's `_metadata`: by the path of a module, its version. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** The name of an array in a file that gives it none: the one that `numpy.savez` would give it. */
export const UNNAMED_ARRAY = "arr_0";
