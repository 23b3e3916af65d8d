import { open } from "node:fs/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { FileError } from "../base/errors.ts";
import { fileErrorOf } from "./file_errors.ts";

const gunzipAsync = promisify<Uint8Array, object, Uint8Array>(gunzip);

/** Header, trailer and a little for stored blocks. */
const PACKING_OVERHEAD = 1 << 16;

/**
 * Reads a file and unpacks it where it is gzipped (told by its first bytes, not by its name).
 *
 * The unpacked size is bounded, so a small file that claims to be a huge one costs no memory.
 *
 * @param path - the file
 * @param maxBytes - the most the unpacked content may have
 * @throws FileError where the file cannot be read, is a damaged gzip stream, or unpacks to more.
 */
export async function readMaybeGzipped(path: string, maxBytes: number): Promise<Uint8Array> {
  try {
    return (await isGzipped(path)) ? await gunzipFile(path, maxBytes) : await readBounded(path, maxBytes);
  } catch (error) {
    throw fileErrorOf(error, path, "read");
  }
}

async function isGzipped(path: string): Promise<boolean> {
  const file = await open(path, "r");
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await file.close();
  }
}

async function readBounded(path: string, maxBytes: number): Promise<Uint8Array> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    if (size > maxBytes) throw tooLarge(path, maxBytes, `${size}`);
    // A buffer of its own: pooled ones cannot be handed to a worker.
    const bytes = new Uint8Array(size);
    let at = 0;
    while (at < size) {
      const { bytesRead } = await file.read(bytes, at, size - at, at);
      if (bytesRead === 0) throw new FileError(`${path} became shorter while it was read; try again`);
      at += bytesRead;
    }
    return bytes;
  } finally {
    await file.close();
  }
}

async function gunzipFile(path: string, maxBytes: number): Promise<Uint8Array> {
  // Deflate makes nothing noticeably longer, so a packed file beyond the bound unpacks to more than it.
  const packed = await readBounded(path, maxBytes + PACKING_OVERHEAD);
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
