/** Arrays by name as the bytes of a file, in each of the formats. */
import { ArgumentError } from "../../base/errors.ts";
import { loadedModule } from "../../base/open_files.ts";
import { shownValue } from "../../base/shown_value.ts";
import { encodeSafetensorsPieces, type NamedArray } from "../safetensors/safetensors.ts";
import type { ArrayFormat } from "./stored_arrays.ts";

/** Endings of files that are not safetensors. */
const ENDINGS: readonly (readonly [ending: RegExp, format: ArrayFormat])[] = [
  [/\.npz$/i, "npz"],
  [/\.npy$/i, "npy"],
  [/\.(?:pth|pt)$/i, "pth"],
];

const FORMATS: readonly ArrayFormat[] = ["safetensors", "pth", "npz", "npy"];

/** The format that the ending of a file's name asks for; safetensors if it asks for none of the others. */
export function formatOfName(path: string): ArrayFormat {
  return ENDINGS.find(([ending]) => ending.test(path))?.[1] ?? "safetensors";
}

/** @throws ArgumentError for a format that cannot be written. */
export function checkedFormat(format: unknown, of: string): ArrayFormat {
  if (FORMATS.includes(format as ArrayFormat)) return format as ArrayFormat;
  throw new ArgumentError(`${of}: expected a format of ${FORMATS.join(", ")}, got ${shownValue(format)}`);
}

/** What goes into a file beside the arrays. */
export interface FileMetadata {
  /** The caller's texts. */
  readonly texts: Readonly<Record<string, string>>;
  /** What the state dict was loaded with. */
  readonly loaded: Readonly<Record<string, unknown>>;
}

/**
 * Arrays as the pieces of a file. What writes the formats besides safetensors is loaded when it is needed.
 *
 * @throws ArgumentError for texts in a format that has no place for them, and for several arrays in a `.npy` file.
 */
export async function encodeArrays(
  arrays: ReadonlyMap<string, NamedArray>,
  format: ArrayFormat,
  { texts, loaded }: FileMetadata,
  of: string,
): Promise<Uint8Array[]> {
  if (format === "safetensors") return encodeSafetensorsPieces(arrays, { format: "pt", ...texts });
  if (Object.keys(texts).length > 0)
    throw new ArgumentError(`${of}: a .${format} file has no place for metadata; save as safetensors`);
  if (format === "pth")
    return (await loadedModule(import("./pth/write_pth.ts"))).encodePthPieces(arrays, loaded);
  if (format === "npz") return (await loadedModule(import("./npy/npz.ts"))).encodeNpzPieces(arrays);
  if (arrays.size !== 1)
    throw new ArgumentError(`${of}: a .npy file holds one array, got ${arrays.size}; save as .npz`);
  const [[name, array]] = arrays;
  return (await loadedModule(import("./npy/npy.ts"))).encodeNpyPieces(name, array);
}
