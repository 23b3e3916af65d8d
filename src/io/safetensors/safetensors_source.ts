/** safetensors from anything that is read piece by piece. */
import type { ByteSource } from "../formats/byte_source.ts";
import { type NamedArray, type SafetensorsContent, tensorOf } from "./safetensors.ts";
import {
  failureOf,
  PREFIX_BYTES,
  readHeader,
  readHeaderLength,
  type SafetensorsFailure,
} from "./safetensors_header.ts";

/**
 * Reads a safetensors file tensor by tensor: one of gigabytes is never in memory a second time.
 *
 * @param name - how messages call it.
 * @throws FileError as `decodeSafetensors`.
 */
export async function readSafetensorsFrom(
  source: ByteSource,
  name: string | undefined,
): Promise<SafetensorsContent> {
  const fail = failureOf(name);
  const { entries, metadata, dataStart } = await headerOf(source, fail);
  const tensors = new Map<string, NamedArray>();
  for (const entry of entries) {
    const bytes = await source.read(dataStart + entry.start, dataStart + entry.end);
    tensors.set(entry.name, tensorOf(entry, bytes.buffer, fail));
  }
  return { tensors, metadata };
}

/** What the header of a safetensors file says, checked. */
async function headerOf(source: ByteSource, fail: SafetensorsFailure) {
  const prefix = await source.read(0, Math.min(PREFIX_BYTES, source.size));
  const dataStart = PREFIX_BYTES + readHeaderLength(prefix, source.size, fail);
  const header = await source.read(PREFIX_BYTES, dataStart);
  return { ...readHeader(header, source.size - dataStart, fail), dataStart };
}

/**
 * How much memory the tensors of a safetensors file take as 32-bit numbers, and the texts of its metadata, from its header
 * alone; null for a file of another format.
 *
 * @throws FileError as {@link readSafetensorsFrom}.
 */
export async function readSafetensorsSizes(
  source: ByteSource,
  name: string | undefined,
): Promise<{ readonly bytes: number; readonly metadata: Readonly<Record<string, string>> } | null> {
  if (!(await beginsAsSafetensors(source))) return null;
  const { entries, metadata } = await headerOf(source, failureOf(name));
  const bytes = entries.reduce((sum, { length, stored }) => sum + length * Math.max(4, stored.bytes), 0);
  return { bytes, metadata };
}

/** Whether it begins with a length and a JSON object; what else is wrong with it is for the reader to explain. */
export async function beginsAsSafetensors(source: ByteSource): Promise<boolean> {
  const [brace, next] = (await source.read(0, Math.min(PREFIX_BYTES + 2, source.size))).subarray(
    PREFIX_BYTES,
  );
  return brace === 0x7b && (next === undefined || next === 0x22 || next === 0x7d || next === 0x20);
}
