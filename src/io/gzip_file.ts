import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { FileError } from "../base/errors.ts";
import { withRegularFile } from "./regular_file.ts";

const gunzipAsync = promisify<Uint8Array, object, Uint8Array>(gunzip);

/** Header, trailer and a little for stored blocks. */
const PACKING_OVERHEAD = 1 << 16;

/**
 * Reads a file and unpacks it if it is gzipped (recognised by its first bytes, not by its name).
 *
 * The unpacked size is bounded, so a small file that claims to be a huge one costs no memory.
 *
 * @param path - the file
 * @param maxBytes - the most the unpacked content may have
 * @throws FileError if the file cannot be read, is a damaged gzip stream, or unpacks to more.
 */
export function readMaybeGzipped(path: string, maxBytes: number): Promise<Uint8Array> {
  return withRegularFile(path, async (file) => {
    const [first, second] = await file.read(0, Math.min(2, file.size));
    const packed = first === 0x1f && second === 0x8b;
    // Deflate makes nothing noticeably longer, so a packed file beyond the bound unpacks to more than it.
    if (file.size > maxBytes + (packed ? PACKING_OVERHEAD : 0))
      throw tooLarge(path, maxBytes, `${file.size}`);
    // A buffer of its own: pooled ones cannot be handed to a worker.
    const bytes = await file.read(0, file.size);
    return packed ? unpack(bytes, path, maxBytes) : bytes;
  });
}

async function unpack(packed: Uint8Array, path: string, maxBytes: number): Promise<Uint8Array> {
  try {
    // Unpacks piece by piece off the main thread and stops at the bound.
    const unpacked = await gunzipAsync(packed, { maxOutputLength: maxBytes, chunkSize: 1 << 18 });
    return new Uint8Array(unpacked.buffer, unpacked.byteOffset, unpacked.length);
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    if (code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(path, maxBytes, "more");
    if (!code.startsWith("Z_")) throw error;
    throw new FileError(`${path} is a damaged or incomplete gzip file (${message}); fetch it again`, {
      cause: error,
    });
  }
}

function tooLarge(path: string, maxBytes: number, found: string): FileError {
  return new FileError(
    `${path} is not the file it should be: expected at most ${maxBytes} bytes unpacked, got ${found}`,
  );
}
