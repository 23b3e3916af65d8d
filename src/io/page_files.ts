/** Files in a page (`#write_file`; Node.js has `atomic_file.ts`): there are none. */
import { FileError } from "../base/errors.ts";

/** @throws FileError always. */
export async function writeFileAtomic(path: string): Promise<void> {
  throw new FileError(
    `${path} cannot be written: a page has no files; offer the contents as a download, or write to a file in Node.js`,
  );
}
