/** Gzip without Node.js's zlib. */
import { FileError } from "../base/errors.ts";

/** Recognised by the first bytes, not by a name. */
export function isGzipped(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Unpacks gzipped bytes, and stops as soon as there are more than `maxBytes`.
 *
 * @throws FileError for a damaged stream and one that unpacks to more.
 */
export async function gunzip(packed: Uint8Array, name: string, maxBytes: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(maxBytes);
  let length = 0;
  const stream = new Blob([packed as Uint8Array<ArrayBuffer>]).stream();
  const reader = stream.pipeThrough(new DecompressionStream("gzip")).getReader();
  for (;;) {
    const { done, value } = await reader.read().catch((error: Error) => {
      throw new FileError(`${name} is a damaged or incomplete gzip file (${error.message}); fetch it again`, {
        cause: error,
      });
    });
    if (done) return bytes.subarray(0, length);
    if (length + value.length > maxBytes) {
      await reader.cancel();
      throw new FileError(
        `${name} is not the file it should be: expected at most ${maxBytes} bytes unpacked, got more`,
      );
    }
    bytes.set(value, length);
    length += value.length;
  }
}
