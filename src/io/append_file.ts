/** Files that grow (`#append_file`; a page has none). */
import { hostname } from "node:os";
import { join } from "node:path";
import { fileErrorOf } from "./file_errors.ts";
import { makeFolderSync } from "./make_folder.ts";

/** A file to whose end bytes are written, in the order of the calls. It is open only meanwhile: nothing has to close it. */
export interface AppendFile {
  readonly path: string;
  append(bytes: Uint8Array): Promise<void>;
}

/**
 * Makes a file of a new name in a folder, which is made if it is missing: the name, the machine and the process.
 *
 * @throws FileError if it cannot be made or written.
 */
export async function openNewFile(folder: string, name: string): Promise<AppendFile> {
  makeFolderSync(folder);
  for (let index = 0; ; index++) {
    const path = join(folder, `${name}.${hostname()}.${process.pid}.${index}`);
    try {
      await process.getBuiltinModule("node:fs").promises.writeFile(path, "", { flag: "wx" });
      return appending(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw fileErrorOf(error, path, "write");
    }
  }
}

function appending(path: string): AppendFile {
  let last: Promise<unknown> = Promise.resolve();
  return {
    path,
    append(bytes) {
      const done = last
        .then(() => process.getBuiltinModule("node:fs").promises.appendFile(path, bytes))
        .catch((error) => {
          throw fileErrorOf(error, path, "write");
        });
      last = done.catch(() => {});
      return done;
    },
  };
}
