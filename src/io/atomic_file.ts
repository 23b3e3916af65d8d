import * as nodeFs from "node:fs";
import { basename, dirname, join } from "node:path";
import { isBytes } from "../base/builtin_kinds.ts";
import { FileError } from "../base/errors.ts";
import { processRuns } from "../base/running_process.ts";
import { fileErrorOf } from "./file_errors.ts";

/** The calls of node:fs that writing needs; tests put one in that fails where they want. */
export type WriterFs = Pick<
  typeof nodeFs,
  "openSync" | "writeSync" | "fsyncSync" | "closeSync" | "renameSync" | "unlinkSync" | "statSync"
>;

/** What can be written: text, bytes, or several pieces of bytes one after the other. */
export type FileContent = string | Uint8Array | readonly Uint8Array[];

const TEMPORARY = /^\.(.+)\.(\d+)\.[0-9a-f]{12}\.tmp$/;

/**
 * Writes a file so that at any moment, also after a crash or a power cut, `path` holds either the old
 * content or all of the new one.
 *
 * The bytes go to a temporary file in the same folder, which is flushed to the disk, renamed over `path`,
 * and the folder is flushed too. After an error the temporary file is removed and `path` is as before.
 *
 * @throws FileError that names the file and what to do: full disk, no permission, no such folder, or a
 *   `path` that is a folder or a device.
 * @example
 * writeFileAtomicSync("runs/a/config.json", JSON.stringify(config));
 */
export function writeFileAtomicSync(path: string, content: FileContent, fs: WriterFs = nodeFs): void {
  let temporary: string | undefined;
  try {
    refuseSpecialFile(path, fs);
    removeOldLeftovers(dirname(path));
    const name = temporaryName(path);
    const descriptor = fs.openSync(name, "wx");
    temporary = name;
    try {
      for (const piece of piecesOf(content)) writeWhole(descriptor, piece, fs);
      fs.fsyncSync(descriptor);
    } finally {
      fs.closeSync(descriptor);
    }
    fs.renameSync(temporary, path);
    temporary = undefined;
    flushFolder(dirname(path), fs);
  } catch (error) {
    if (temporary !== undefined) removeQuietly(temporary, fs);
    throw fileErrorOf(error, path, "write");
  }
}

/** {@link writeFileAtomicSync} without blocking the event loop while the disk works. */
export async function writeFileAtomic(path: string, content: FileContent): Promise<void> {
  let temporary: string | undefined;
  try {
    refuseSpecialFile(path, nodeFs);
    removeOldLeftovers(dirname(path));
    const name = temporaryName(path);
    const file = await nodeFs.promises.open(name, "wx");
    temporary = name;
    try {
      for (const piece of piecesOf(content)) await writeWholeAsync(file, piece);
      await file.sync();
    } finally {
      await file.close();
    }
    await nodeFs.promises.rename(temporary, path);
    temporary = undefined;
    flushFolder(dirname(path), nodeFs);
  } catch (error) {
    if (temporary !== undefined) removeQuietly(temporary, nodeFs);
    throw fileErrorOf(error, path, "write");
  }
}

/**
 * Removes temporary files in `folder` that writers left behind when they were killed. Those of a process
 * that still runs are left alone. Returns the names that were removed.
 *
 * @param age - milliseconds since the last change that a file must have; if nothing says that the folder is in no
 *   other machine's use, its processes cannot be seen.
 */
export function removeLeftoversSync(folder: string, age = 0): string[] {
  const removed: string[] = [];
  for (const name of nodeFs.readdirSync(folder)) {
    const match = TEMPORARY.exec(name);
    if (match === null || processRuns(Number(match[2]))) continue;
    const changed = nodeFs.statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs;
    // A file that was made just now may have a time that is ahead of the clock, which counts whole milliseconds.
    if (changed === undefined || (age > 0 && Date.now() - changed < age)) continue;
    removeQuietly(join(folder, name), nodeFs);
    removed.push(name);
  }
  return removed;
}

/** Folders that this process has looked through. */
const seen = new Set<string>();
const MOST_SEEN = 1000;
const AN_HOUR = 60 * 60 * 1000;

/** Every folder that is written into is kept clean: no other code does it. */
function removeOldLeftovers(folder: string): void {
  if (seen.has(folder) || seen.size >= MOST_SEEN) return;
  seen.add(folder);
  try {
    removeLeftoversSync(folder, AN_HOUR);
  } catch {
    // Writing will say what is wrong with the folder.
  }
}

function temporaryName(path: string): string {
  const { randomBytes } = process.getBuiltinModule("node:crypto");
  return join(dirname(path), `.${basename(path)}.${process.pid}.${randomBytes(6).toString("hex")}.tmp`);
}

function piecesOf(content: FileContent): readonly Uint8Array[] {
  if (typeof content === "string") return [new TextEncoder().encode(content)];
  return isBytes(content) ? [content] : content;
}

/** Renaming over a device or a pipe would replace it by a plain file: /dev/null must stay /dev/null. */
function refuseSpecialFile(path: string, fs: WriterFs): void {
  const stat = fs.statSync(path, { throwIfNoEntry: false });
  if (stat === undefined || stat.isFile()) return;
  const kind = stat.isDirectory() ? "a folder" : "not a regular file";
  throw new FileError(`cannot write ${path}: it is ${kind}; name a file`);
}

/** A disk that fills up first takes a part: write on until all is there or the system says why not. */
function writeWhole(descriptor: number, piece: Uint8Array, fs: WriterFs): void {
  let offset = 0;
  while (offset < piece.length) {
    offset += fs.writeSync(descriptor, piece, offset, piece.length - offset);
  }
}

async function writeWholeAsync(file: nodeFs.promises.FileHandle, piece: Uint8Array): Promise<void> {
  let offset = 0;
  while (offset < piece.length) {
    offset += (await file.write(piece, offset, piece.length - offset)).bytesWritten;
  }
}

/** Makes the rename itself durable. Systems that cannot flush a folder (Windows) do without. */
function flushFolder(folder: string, fs: WriterFs): void {
  let descriptor: number | undefined;
  try {
    descriptor = fs.openSync(folder, "r");
    fs.fsyncSync(descriptor);
  } catch {
    // The new content is in place and readable; only its survival of a power cut is less certain.
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor);
  }
}

function removeQuietly(path: string, fs: WriterFs): void {
  try {
    fs.unlinkSync(path);
  } catch {
    // The first error is the one worth reporting.
  }
}
