import { isError } from "../base/builtin_kinds.ts";
import { FileError } from "../base/errors.ts";
import { TOO_MANY_FILES } from "../base/open_files.ts";

/** What was being done to a file when the system refused. */
export type FileAction = "read" | "write";

interface SystemError {
  readonly code: string;
  readonly message: string;
}

function isSystemError(error: unknown): error is SystemError {
  return isError(error) && typeof (error as Partial<SystemError>).code === "string";
}

/**
 * The FileError that stands for an error of the operating system: names the file and what to do.
 *
 * An error that is a FileError already is returned as it is.
 *
 * @example
 * try { readFileSync(path) } catch (error) { throw fileErrorOf(error, path, "read") }
 */
export function fileErrorOf(error: unknown, path: string, action: FileAction): FileError {
  if (error instanceof FileError) return error;
  const message = isSystemError(error)
    ? explain(error, path, action)
    : `${failed(path, action)}: ${String(error)}`;
  return new FileError(message, { cause: error });
}

function failed(path: string, action: FileAction): string {
  return `cannot ${action} ${path}`;
}

function explain(error: SystemError, path: string, action: FileAction): string {
  const start = failed(path, action);
  const right = action === "read" ? "read" : "write";
  switch (error.code) {
    case "ENOSPC":
    case "EDQUOT":
      return (
        `${start}: the disk is full (${error.code}); free some space or choose another folder` +
        " (a file that was there before is unchanged)"
      );
    case "EACCES":
    case "EPERM":
      return `${start}: permission denied (${error.code}); give yourself the right to ${right} there or choose another folder`;
    case "EROFS":
      return `${start}: the file system is read-only (EROFS); choose a folder that can be written`;
    case "ENOENT":
      return action === "read"
        ? `${start}: there is no such file (ENOENT); check the path`
        : `${start}: its folder does not exist (ENOENT); create it or choose another`;
    case "EEXIST":
      return `${start}: a file of that name is in the way (EEXIST); choose another`;
    case "ENOTDIR":
      return `${start}: a part of the path is a file, not a folder (ENOTDIR); choose another path`;
    case "EISDIR":
      return `${start}: it is a folder (EISDIR); name a file`;
    case "EMFILE":
    case "ENFILE":
      return `${start}: ${TOO_MANY_FILES} (${error.code})`;
    case "EFBIG":
    case "ENAMETOOLONG":
      return `${start}: the ${error.code === "EFBIG" ? "file is too large" : "name is too long"} (${error.code})`;
    default:
      return `${start}: ${error.message}`;
  }
}
