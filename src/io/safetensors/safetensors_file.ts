import { writeFileAtomic } from "../atomic_file.ts";
import { withRegularFile } from "../regular_file.ts";
import {
  encodeSafetensorsPieces,
  type NamedArray,
  type SafetensorsContent,
  tensorOf,
} from "./safetensors.ts";
import { failureOf, PREFIX_BYTES, readHeader, readHeaderLength } from "./safetensors_header.ts";

/**
 * Reads a safetensors file from the disk.
 *
 * @throws FileError if it cannot be read or is not what it claims to be; the message names the file.
 * @example
 * const { tensors, metadata } = await readSafetensors("runs/a/best.safetensors");
 */
export async function readSafetensors(path: string): Promise<SafetensorsContent> {
  const fail = failureOf(path);
  return withRegularFile(path, async (file) => {
    const prefix = await file.read(0, Math.min(PREFIX_BYTES, file.size));
    const dataStart = PREFIX_BYTES + readHeaderLength(prefix, file.size, fail);
    const header = await file.read(PREFIX_BYTES, dataStart);
    const { entries, metadata } = readHeader(header, file.size - dataStart, fail);
    const tensors = new Map<string, NamedArray>();
    // One after the other: a file of gigabytes is never in memory a second time.
    for (const entry of entries) {
      const bytes = await file.read(dataStart + entry.start, dataStart + entry.end);
      tensors.set(entry.name, tensorOf(entry, bytes.buffer, fail));
    }
    return { tensors, metadata };
  });
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
