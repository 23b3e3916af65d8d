import { existsSync } from "node:fs";
import { join } from "node:path";
import { FileError } from "../../base/errors.ts";
import { readMaybeGzipped } from "../../io/gzip_file.ts";
import type { DataFile } from "../../records/data_file.ts";
import { problemOf } from "./located_data.ts";

/** The path of a data file in a folder, packed or not; undefined if it is not there. */
export function findDataFile(folder: string, file: DataFile): string | undefined {
  return [join(folder, file.name), join(folder, `${file.name}.gz`)].find((path) => existsSync(path));
}

/**
 * The unpacked bytes of a data file, verified.
 *
 * @throws FileError if it cannot be read or is not, byte for byte, the file it should be.
 */
export async function readDataFile(path: string, file: DataFile): Promise<Uint8Array> {
  const bytes = await readMaybeGzipped(path, file.bytes);
  const { createHash } = process.getBuiltinModule("node:crypto");
  const problem = problemOf(bytes, createHash("sha256").update(bytes).digest("hex"), file);
  if (problem !== null) throw new FileError(`${path} ${problem}`);
  return bytes;
}
