/** What the installation leaves in the cache: libraries that only their owner can write, each with a record of what it is. */
import { chmodSync, rmSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { recordOf, recordPath } from "../engines/onednn/library/trusted_file.ts";
import { removeLeftoversSync, writeFileAtomicSync } from "../io/atomic_file.ts";
import { fileErrorOf } from "../io/file_errors.ts";

/** Takes the right to write from others, for the folder of libraries and the cache's own above it. */
export function closeFolder(folder: string): void {
  const above = dirname(folder);
  if (basename(above) === "convoyant") takeWriting(above);
  takeWriting(folder);
  removeLeftoversSync(folder);
}

/** Writes down what a library is that has just been put there; loading it compares. */
export function recordLibrary(path: string): void {
  takeWriting(path);
  writeFileAtomicSync(recordPath(path), `${JSON.stringify(recordOf(path))}\n`);
  takeWriting(recordPath(path));
}

/** Removes a library and its record. */
export function removeLibrary(path: string): void {
  for (const each of [path, recordPath(path)]) rmSync(each, { force: true });
}

function takeWriting(path: string): void {
  try {
    const { mode, uid } = statSync(path);
    const own = process.getuid === undefined || process.getuid() === uid;
    if (own && (mode & 0o022) !== 0) chmodSync(path, mode & 0o7755);
  } catch (error) {
    throw fileErrorOf(error, path, "write");
  }
}
