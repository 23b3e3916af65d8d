/** When the system lets a process open no more files. */
import { isError } from "./builtin_kinds.ts";
import { FileError } from "./errors.ts";

/** What to do about it. */
export const TOO_MANY_FILES = "too many files are open; close some or raise the limit (ulimit -n)";

/** Whether an error says so: by its code, or, across a worker's border, by its text. */
export function isTooManyFiles(error: unknown): boolean {
  if (!isError(error)) return false;
  const { code } = error as { code?: unknown };
  return code === "EMFILE" || code === "ENFILE" || /\bE[MN]FILE\b/.test(error.message);
}

/**
 * A module of ours that is loaded when it is needed: `await loadedModule(import("./x.ts"))`.
 *
 * @throws FileError if its files cannot be opened, in place of the loader's own error.
 */
export async function loadedModule<T>(loading: Promise<T>): Promise<T> {
  try {
    return await loading;
  } catch (error) {
    if (!isTooManyFiles(error)) throw error;
    throw new FileError(`cannot load a part of convoyant: ${TOO_MANY_FILES}`, { cause: error });
  }
}
