/** safetensors from anything that is read piece by piece. */
import type { ByteSource } from "../formats/byte_source.ts";
import { type NamedArray, type SafetensorsContent, tensorOf } from "./safetensors.ts";
import { failureOf, PREFIX_BYTES, readHeader, readHeaderLength } from "./safetensors_header.ts";

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
  const prefix = await source.read(0, Math.min(PREFIX_BYTES, source.size));
  const dataStart = PREFIX_BYTES + readHeaderLength(prefix, source.size, fail);
  const header = await source.read(PREFIX_BYTES, dataStart);
  const { entries, metadata } = readHeader(header, source.size - dataStart, fail);
  const tensors = new Map<string, NamedArray>();
  for (const entry of entries) {
    const bytes = await source.read(dataStart + entry.start, dataStart + entry.end);
    tensors.set(entry.name, tensorOf(entry, bytes.buffer, fail));
  }
  return { tensors, metadata };
}

/** Whether it begins with a length and a JSON object; what else is wrong with it is for the reader to explain. */
export async function beginsAsSafetensors(source: ByteSource): Promise<boolean> {
  const [brace, next] = (await source.read(0, Math.min(PREFIX_BYTES + 2, source.size))).subarray(
    PREFIX_BYTES,
  );
  return brace === 0x7b && (next === undefined || next === 0x22 || next === 0x7d || next === 0x20);
}
