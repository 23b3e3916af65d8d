import { readFile } from "node:fs/promises";
import { writeFileAtomic } from "./atomic_file.ts";
import { fileErrorOf } from "./file_errors.ts";
import {
  decodeSafetensors,
  encodeSafetensorsPieces,
  type NamedArray,
  type SafetensorsContent,
} from "./safetensors.ts";

/**
 * Reads a safetensors file from the disk.
 *
 * @throws FileError where it cannot be read or is not what it claims to be; the message names the file.
 * @example
 * const { tensors, metadata } = await readSafetensors("runs/a/best.safetensors");
 */
export async function readSafetensors(path: string): Promise<SafetensorsContent> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw fileErrorOf(error, path, "read");
  }
  return decodeSafetensors(bytes, { name: path });
}

/**
 * Writes a safetensors file so that it is never seen half-written (see writeFileAtomic).
 *
 * @throws FileError where it cannot be written.
 */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, NamedArray>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  await writeFileAtomic(path, encodeSafetensorsPieces(tensors, metadata));
}
