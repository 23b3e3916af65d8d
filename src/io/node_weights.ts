/** Weights by the name of their file (`#weights_file`; a page has `page_weights.ts`). */
import { fileURLToPath } from "node:url";
import { ArgumentError } from "../base/errors.ts";
import type { NamedArray } from "./safetensors/safetensors.ts";
import { readSafetensors } from "./safetensors/safetensors_file.ts";

/** @throws FileError if it cannot be read or is not what it claims to be. */
export async function readWeights(path: string): Promise<Map<string, NamedArray>> {
  return (await readSafetensors(pathOf(path))).tensors;
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
