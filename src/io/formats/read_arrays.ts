/** Arrays by name from a file of any of the formats; its content decides which it is. */
import { FileError } from "../../base/errors.ts";
import { loadedModule } from "../../base/open_files.ts";
import { beginsAsSafetensors, readSafetensorsFrom } from "../safetensors/safetensors_source.ts";
import type { ByteSource } from "./byte_source.ts";
import { failureOf } from "./format_failure.ts";
import { type StoredArrays, UNNAMED_ARRAY } from "./stored_arrays.ts";

/** What the caller knows of the file. */
export interface ReadSettings {
  /** Which part of a checkpoint holds the state dict. */
  readonly key?: string | undefined;
}

/**
 * Reads tensors by name: safetensors, `.pth` in both forms, `.npz`, `.npy`. Nothing in a file is executed, and nothing is
 * allocated that it merely claims. The readers of the formats are loaded when a file needs them.
 *
 * @param name - how messages call the file.
 * @throws FileError for any other file, and one that is damaged.
 */
export async function readArraysFrom(
  source: ByteSource,
  name: string | undefined,
  { key }: ReadSettings = {},
): Promise<StoredArrays> {
  const readSafetensors = async (): Promise<StoredArrays> => ({
    format: "safetensors",
    ...(await readSafetensorsFrom(source, name)),
  });
  if (await beginsAsSafetensors(source)) return readSafetensors();
  const { recognise } = await loadedModule(import("./recognise.ts"));
  const found = await recognise(source, name);
  if (typeof found === "object")
    throw new FileError(`${name === undefined ? "load" : `load: ${name}`}: ${found.what}; ${found.advice}`);
  switch (found) {
    case "safetensors":
      return readSafetensors();
    case "zip":
      return (await loadedModule(import("./zip/read_zip_arrays.ts"))).readZipArrays(source, name, key);
    case "pth stream": {
      const { readPthStream } = await loadedModule(import("./pth/read_pth.ts"));
      return readPthStream(source, key, failureOf(".pth file", name));
    }
    case "npy": {
      const { readNpy } = await loadedModule(import("./npy/npy.ts"));
      const array = await readNpy(source, failureOf(".npy file", name));
      return { format: "npy", tensors: new Map([[UNNAMED_ARRAY, array]]), metadata: {} };
    }
  }
}
