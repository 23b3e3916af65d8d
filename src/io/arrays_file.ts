/** Arrays by name in files of any of the formats. Node.js only. */
import { readArraysFrom } from "./formats/read_arrays.ts";
import type { StoredArrays } from "./formats/stored_arrays.ts";
import { withRegularFile } from "./regular_file.ts";

/** @throws FileError if it cannot be read or is not what it claims to be; the message names the file. */
export function readArraysFile(path: string): Promise<StoredArrays> {
  return withRegularFile(path, (file) => readArraysFrom(file, path));
}
