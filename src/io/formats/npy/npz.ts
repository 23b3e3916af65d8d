/** Arrays of NumPy by name: a zip archive of `.npy` files (`.npz`). */
import type { NamedArray } from "../../safetensors/safetensors.ts";
import { MAX_TENSORS } from "../../safetensors/safetensors_limits.ts";
import { sourceOfBytes } from "../byte_source.ts";
import type { Failure } from "../format_failure.ts";
import type { StoredArrays } from "../stored_arrays.ts";
import { encodeZipPieces } from "../zip/write_zip.ts";
import type { ZipArchive } from "../zip/zip_archive.ts";
import { encodeNpyPieces, readNpy } from "./npy.ts";

const ENDING = ".npy";

/** Whether every file of an archive is an array, as `numpy.savez` makes them. */
export function isNpz(archive: ZipArchive): boolean {
  return [...archive.entries.keys()].every((name) => name.endsWith(ENDING));
}

/** @throws FileError if an array is damaged or cannot be read; the message names it. */
export async function readNpz(archive: ZipArchive, fail: Failure): Promise<StoredArrays> {
  if (archive.entries.size > MAX_TENSORS)
    throw fail(`it holds ${archive.entries.size} arrays, the limit is ${MAX_TENSORS}`);
  const tensors = new Map<string, NamedArray>();
  for (const [file, entry] of archive.entries) {
    const name = file.slice(0, -ENDING.length);
    const failHere: Failure = (message, advice) => fail(`${name}: ${message}`, advice);
    tensors.set(name, await readNpy(sourceOfBytes(await archive.read(entry)), failHere));
  }
  return { format: "npz", tensors, metadata: {} };
}

/** Arrays as the pieces of a `.npz` file, not packed, as `numpy.savez` writes it. */
export function encodeNpzPieces(arrays: ReadonlyMap<string, NamedArray>): Uint8Array[] {
  return encodeZipPieces(
    [...arrays].map(([name, array]) => ({ name: `${name}${ENDING}`, pieces: encodeNpyPieces(name, array) })),
  );
}
