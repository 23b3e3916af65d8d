/** State dicts in safetensors files: PyTorch's keys, so weights travel both ways. Node only. */

import { isMap } from "../base/builtin_kinds.ts";
import { ArgumentError } from "../base/errors.ts";
import { fromTypedArray, Tensor } from "../tensor/tensor.ts";
import type { NamedArray } from "./safetensors.ts";
import { readSafetensors, writeSafetensors } from "./safetensors_file.ts";

/** Tensors by name. */
export type TensorsByName = Readonly<Record<string, Tensor>> | ReadonlyMap<string, Tensor>;

/**
 * Writes a state dict. The file appears whole or not at all.
 *
 * @throws FileError where it cannot be written.
 * @example
 * ```ts
 * await save(net.stateDict(), "lenet.safetensors");
 * ```
 */
export async function save(
  stateDict: TensorsByName,
  path: string,
  metadata: Record<string, string> = {},
): Promise<void> {
  await writeSafetensors(path, await readArrays(stateDict), { format: "pt", ...metadata });
}

/**
 * Reads a safetensors file as tensors by name. Nothing in it is executed, and nothing is allocated that the
 * file merely claims.
 *
 * @throws FileError where it cannot be read or is not what it claims to be.
 * @example
 * ```ts
 * await save(net.stateDict(), "lenet.safetensors");
 * net.loadStateDict(await load("lenet.safetensors"));
 * ```
 */
export async function load(path: string): Promise<Record<string, Tensor>> {
  return toTensors((await readSafetensors(path)).tensors);
}

/** Every tensor of a state dict, read. */
export async function readArrays(stateDict: TensorsByName): Promise<Map<string, NamedArray>> {
  const entries = isMap(stateDict)
    ? [...(stateDict as Map<string, Tensor>)]
    : Object.entries(stateDict as Record<string, Tensor>);
  const arrays = await Promise.all(
    entries.map(([name, tensor]) => {
      if (!(tensor instanceof Tensor))
        throw new ArgumentError(`save: expected tensors by name, "${name}" is ${typeof tensor}`);
      return toNamedArray(tensor);
    }),
  );
  return new Map(entries.map(([name], i) => [name, arrays[i]]));
}

/** What a file held, as tensors by name. */
export function toTensors(arrays: ReadonlyMap<string, NamedArray>): Record<string, Tensor> {
  const out: Record<string, Tensor> = Object.create(null);
  for (const [name, { data, shape, dtype }] of arrays) out[name] = fromTypedArray(data, shape, dtype);
  return out;
}

/** A tensor's contents as they go into a file. */
export async function toNamedArray(tensor: Tensor): Promise<NamedArray> {
  return { data: await tensor.data(), shape: tensor.shape, dtype: tensor.dtype };
}
