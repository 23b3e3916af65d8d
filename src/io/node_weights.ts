/** Weights by the name of their file (`#weights_file`; a page has `page_weights.ts`). */
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { ArgumentError, FileError } from "../base/errors.ts";
import { fileErrorOf } from "./file_errors.ts";
import type { ByteSource, OpenBeside } from "./formats/byte_source.ts";
import { withRegularFile } from "./regular_file.ts";

/** @throws FileError if it cannot be read, and what `body` throws. */
export async function withWeightsFile<T>(
  name: string,
  body: (source: ByteSource, beside?: OpenBeside) => Promise<T>,
): Promise<T> {
  const path = pathOf(name);
  return withRegularFile(path, (source) =>
    body(source, async (location, read) => withRegularFile(await besideOf(path, location), read)),
  );
}

/** The path of a file beside another. Links may not lead out of the folder. */
async function besideOf(path: string, location: string): Promise<string> {
  const { realpath } = process.getBuiltinModule("node:fs").promises;
  const asked = join(dirname(path), location);
  try {
    const [folder, found] = [await realpath(dirname(path)), await realpath(asked)];
    const from = relative(folder, found);
    if (from.split(/[/\\]/)[0] !== ".." && join(folder, from) === found) return found;
  } catch (error) {
    throw fileErrorOf(error, asked, "read");
  }
  throw new FileError(`cannot read ${asked}: it is a link to a file outside its folder; copy the file there`);
}

/** A file: URL as a path. */
function pathOf(name: string): string {
  if (!/^file:/i.test(name)) return name;
  try {
    return fileURLToPath(name);
  } catch (error) {
    throw new ArgumentError(`load: ${name} names no file of this machine`, { cause: error });
  }
}
