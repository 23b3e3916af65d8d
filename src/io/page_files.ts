/** Files in a page (`#write_file`, `#append_file`; Node.js has `atomic_file.ts`, `append_file.ts`): there are none. */
import { FileError } from "../base/errors.ts";

/** @throws FileError always. */
export async function writeFileAtomic(path: string): Promise<void> {
  throw new FileError(
    `${path} cannot be written: a page has no files; offer the contents as a download, or write to a file in Node.js`,
  );
}

/** @throws FileError always. */
export async function openNewFile(folder: string, name: string): Promise<never> {
  throw new FileError(`${name} cannot be written to ${folder}: a page has no files; do it in Node.js`);
}
