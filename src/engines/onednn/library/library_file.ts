/**
 * Looks at a library's file before the system's loader does: that would wait for a pipe without end, and a file cut
 * short takes the process with it, since its pages are in the address space but not on the disk.
 */
import { EngineError } from "../../../base/errors.ts";

/** Sizes and places in the header of a 64-bit ELF file, and in its table of segments. */
const HEADER_BYTES = 64;
const SEGMENT_BYTES = 56;
const LOADED = 1;

/**
 * @param path - a name without a slash is the system's to find, and not looked at.
 * @throws EngineError if it is not a regular file, or is cut short. What is not a library, or another machine's, is left
 *   to the loader.
 */
export function checkLibraryFile(path: string): void {
  if (!path.includes("/")) return;
  const fs = process.getBuiltinModule("node:fs");
  const stats = fs.statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isFile())
    throw new EngineError(`it is ${stats.isDirectory() ? "a folder" : "not a file"}; name a library file`);
  const descriptor = fs.openSync(path, "r");
  try {
    const read = (at: number, bytes: number) => {
      const buffer = Buffer.alloc(bytes);
      return new DataView(buffer.buffer, buffer.byteOffset, fs.readSync(descriptor, buffer, 0, bytes, at));
    };
    const needed = bytesOfSegments(read);
    if (needed > stats.size)
      throw new EngineError(
        `it is cut short: it needs ${needed} bytes and has ${stats.size}; bring it again`,
      );
  } finally {
    fs.closeSync(descriptor);
  }
}

/** Where the last segment ends that is loaded; 0 if this is not a 64-bit library of a little-endian machine. */
function bytesOfSegments(read: (at: number, bytes: number) => DataView): number {
  const header = read(0, HEADER_BYTES);
  const known = header.byteLength === HEADER_BYTES && header.getUint32(0) === 0x7f454c46;
  if (!known || header.getUint8(4) !== 2 || header.getUint8(5) !== 1) return 0;
  const at = Number(header.getBigUint64(32, true));
  const count = header.getUint16(56, true);
  if (header.getUint16(54, true) !== SEGMENT_BYTES || count === 0) return 0;
  const table = read(at, count * SEGMENT_BYTES);
  if (table.byteLength < count * SEGMENT_BYTES) return at + count * SEGMENT_BYTES;
  const ends = Array.from({ length: count }, (_, i) => i * SEGMENT_BYTES)
    .filter((start) => table.getUint32(start, true) === LOADED)
    .map((start) => Number(table.getBigUint64(start + 8, true) + table.getBigUint64(start + 32, true)));
  return Math.max(0, ...ends);
}
