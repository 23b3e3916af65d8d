import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { fileErrorOf } from "./file_errors.ts";

/**
 * Makes a folder and those above it that are missing; one that is there already is fine.
 *
 * Not mkdir's own `recursive`, which never returns in Node.js 20 if the system answers ENOENT although the
 * folder above exists (as /proc does).
 *
 * @throws FileError that names the folder and what to do.
 */
export function makeFolderSync(path: string): void {
  try {
    make(path);
  } catch (error) {
    throw fileErrorOf(error, path, "write");
  }
}

function make(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" && statSync(path).isDirectory()) return;
    const above = dirname(path);
    if (code !== "ENOENT" || existsSync(above)) throw error;
    make(above);
    make(path);
  }
}
