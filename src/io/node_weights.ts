/** Weights by the name of their file (`#weights_file`; a page has `page_weights.ts`). */
import { fileURLToPath } from "node:url";
import { ArgumentError } from "../base/errors.ts";
import type { ByteSource } from "./formats/byte_source.ts";
import { withRegularFile } from "./regular_file.ts";

/** @throws FileError if it cannot be read, and what `body` throws. */
export async function withWeightsFile<T>(path: string, body: (source: ByteSource) => Promise<T>): Promise<T> {
  return withRegularFile(pathOf(path), body);
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
