import { writeFileAtomic } from "../atomic_file.ts";
import { withRegularFile } from "../regular_file.ts";
import { encodeSafetensorsPieces, type NamedArray, type SafetensorsContent } from "./safetensors.ts";
import { readSafetensorsFrom } from "./safetensors_source.ts";

/**
 * Reads a safetensors file from the disk.
 *
 * @throws FileError if it cannot be read or is not what it claims to be; the message names the file.
 * @example
 * const { tensors, metadata } = await readSafetensors("runs/a/best.safetensors");
 */
export async function readSafetensors(path: string): Promise<SafetensorsContent> {
  return withRegularFile(path, (file) => readSafetensorsFrom(file, path));
}

/**
 * Writes a safetensors file so that it is never seen half-written (see writeFileAtomic).
 *
 * @throws FileError if it cannot be written.
 */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, NamedArray>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  await writeFileAtomic(path, encodeSafetensorsPieces(tensors, metadata));
}
