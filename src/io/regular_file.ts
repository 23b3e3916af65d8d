/**
 * Files that are read whole: regular ones only. A pipe would keep us waiting for its other end, and a device such
 * as /dev/zero never ends.
 */
import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { isError } from "../base/builtin_kinds.ts";
import { FileError } from "../base/errors.ts";
import { fileErrorOf } from "./file_errors.ts";

/** Opening does not wait, should the file have become a pipe since it was looked at. (Windows has neither.) */
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** The most that one read asks for: the system gives no more than 2 GiB. */
const PIECE = 1 << 30;

/** A file that is open, and its size when it was opened. */
export interface OpenFile {
  readonly size: number;
  /** The bytes from `start` to `end`, in a buffer of their own. */
  read(start: number, end: number): Promise<Uint8Array<ArrayBuffer>>;
}

/**
 * Opens a file, passes it to `body` and closes it again.
 *
 * @throws FileError if it cannot be read, is not a regular file, or becomes shorter meanwhile.
 */
export async function withRegularFile<T>(path: string, body: (file: OpenFile) => Promise<T>): Promise<T> {
  const { open, stat } = process.getBuiltinModule("node:fs").promises;
  let handle: FileHandle | undefined;
  try {
    requireRegular(path, await stat(path));
    handle = await open(path, FLAGS);
    const stats = await handle.stat();
    requireRegular(path, stats);
    const { size } = stats;
    const opened = handle;
    return await body({ size, read: (start, end) => readBetween(opened, path, start, end) });
  } catch (error) {
    throw isError(error) && "code" in error ? fileErrorOf(error, path, "read") : error;
  } finally {
    await handle?.close();
  }
}

/**
 * All bytes of a file.
 *
 * @param maxBytes - the most that it may have.
 * @throws FileError as {@link withRegularFile}, and if it is larger.
 */
export function readRegularFile(path: string, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  return withRegularFile(path, (file) => {
    if (file.size > maxBytes) throw tooLarge(path, file.size, maxBytes);
    return file.read(0, file.size);
  });
}

/** Text files that we read line by line: records and metrics, some kilobytes, after a very long training megabytes. */
const MAX_TEXT_BYTES = 64 * 2 ** 20;

/** The most that a file may have that is one JSON value: the settings of a run. */
export const MOST_JSON_BYTES = 4 * 2 ** 20;

/** {@link readRegularFile} of a text in UTF-8, at once. */
export function readTextSync(path: string, maxBytes = MAX_TEXT_BYTES): string {
  let descriptor: number | undefined;
  try {
    requireRegular(path, statSync(path));
    descriptor = openSync(path, FLAGS);
    const stats = fstatSync(descriptor);
    requireRegular(path, stats);
    if (stats.size > maxBytes) throw tooLarge(path, stats.size, maxBytes);
    const bytes = Buffer.alloc(stats.size);
    let at = 0;
    while (at < bytes.length) {
      const count = readSync(descriptor, bytes, at, bytes.length - at, at);
      if (count === 0) throw becameShorter(path);
      at += count;
    }
    return bytes.toString("utf8");
  } catch (error) {
    throw fileErrorOf(error, path, "read");
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

async function readBetween(
  handle: FileHandle,
  path: string,
  start: number,
  end: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = allocate(path, end - start);
  let at = 0;
  while (at < bytes.length) {
    const { bytesRead } = await handle.read(bytes, at, Math.min(PIECE, bytes.length - at), start + at);
    if (bytesRead === 0) throw becameShorter(path);
    at += bytesRead;
  }
  return bytes;
}

function allocate(path: string, bytes: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(bytes);
  } catch (error) {
    throw new FileError(`cannot read ${path}: there is no room for ${bytes} bytes in one piece`, {
      cause: error,
    });
  }
}

function requireRegular(path: string, stats: Stats): void {
  if (stats.isFile()) return;
  if (stats.isDirectory()) throw new FileError(`cannot read ${path}: it is a folder; name a file`);
  const kind = stats.isFIFO() ? "a pipe" : stats.isSocket() ? "a socket" : "a device";
  throw new FileError(
    `cannot read ${path}: it is ${kind}, not a regular file; copy what it gives into a file`,
  );
}

function becameShorter(path: string): FileError {
  return new FileError(`${path} became shorter while it was read; try again`);
}

function tooLarge(path: string, size: number, maxBytes: number): FileError {
  return new FileError(
    `${path} is not the file it should be: expected at most ${maxBytes} bytes, it has ${size}`,
  );
}
