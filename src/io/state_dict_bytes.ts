/** State dicts as bytes, from wherever they come: PyTorch's keys, so weights travel both ways. */

import { isMap, isPlainObject } from "../base/builtin_kinds.ts";
import { ArgumentError, didYouMean } from "../base/errors.ts";
import { orderedRecord } from "../base/key_order.ts";
import { shownValue } from "../base/shown_value.ts";
import { keepMetadata, loadedMetadata } from "../records/loaded_metadata.ts";
import { fromTypedArray, Tensor } from "../tensor/tensor.ts";
import { type ReadSettings, readArraysFrom } from "./formats/read_arrays.ts";
import type { ArrayFormat, StoredArrays } from "./formats/stored_arrays.ts";
import { checkedFormat, encodeArrays } from "./formats/write_arrays.ts";
import { joined } from "./joined_pieces.ts";
import { type WeightsSource, withSource } from "./opened_source.ts";
import type { NamedArray } from "./safetensors/safetensors.ts";

/** Tensors by name. */
export type TensorsByName = Readonly<Record<string, Tensor>> | ReadonlyMap<string, Tensor>;

export type { WeightsSource } from "./opened_source.ts";

/** Settings of `toBytes`. */
export interface ToBytesOptions {
  /** The format of the bytes. @default "safetensors" */
  readonly format?: ArrayFormat;
}

/**
 * A state dict as the bytes of a file, safetensors by default: for a download, an upload or a database, in Node.js and in
 * a page.
 *
 * @param metadata - texts for the header of safetensors.
 * @throws ArgumentError for values that are not tensors, metadata in another format, and several arrays as `"npy"`;
 *   DTypeError for bfloat16 as `"npz"` or `"npy"`.
 * @example
 * ```ts
 * const bytes = await toBytes(net.stateDict());
 * net.loadStateDict(await load(bytes));
 * const forPython = await toBytes(net.stateDict(), {}, { format: "npz" });
 * ```
 */
export async function toBytes(
  stateDict: TensorsByName,
  metadata: Record<string, string> = {},
  options: ToBytesOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const format = checkedFormat(options.format ?? "safetensors", "toBytes");
  return joined(await encodeStateDict(stateDict, format, metadata, "toBytes"));
}

/** A state dict as the pieces of a file. */
export async function encodeStateDict(
  stateDict: TensorsByName,
  format: ArrayFormat,
  texts: Readonly<Record<string, string>>,
  of: string,
): Promise<Uint8Array[]> {
  const loaded = loadedMetadata(stateDict);
  return encodeArrays(await readArrays(stateDict, of), format, { texts, loaded }, of);
}

/** Settings of `load`. */
export interface LoadOptions {
  /**
   * Which part of a PyTorch checkpoint holds the state dict, when it holds several: `"model_ema"`, or with keys inside
   * keys `"nets.student"`. Nothing if it holds one.
   */
  readonly key?: string;
}

/**
 * Reads tensors by name. The content decides the format, not the ending: safetensors, PyTorch's `.pth` (`torch.save` of a
 * state dict or of a checkpoint that holds one), NumPy's `.npz`, and `.npy`, whose array is called `arr_0`. Nothing in a
 * file is executed, and nothing is allocated that it merely claims.
 *
 * A checkpoint that holds one state dict beside epoch, optimiser and the like is unwrapped, and so are the prefixes of
 * DataParallel (`module.`) and torch.compile (`_orig_mod.`) if all keys have them.
 *
 * @param source - in Node.js the path of a file; in a page an address, seen from the page. On both: an absolute URL,
 * bytes (ArrayBuffer, Uint8Array, Node's Buffer), a Blob or File, or the Response of a `fetch`.
 * @throws FileError if it cannot be read or is not what it claims to be, if it holds more than plain data (the message
 * names the class), or several state dicts (it lists them); ArgumentError for any other source.
 * @example
 * ```ts
 * await save(net.stateDict(), "lenet.safetensors");
 * net.loadStateDict(await load("lenet.safetensors"));
 * ```
 */
export async function load(
  source: WeightsSource,
  options: LoadOptions = {},
): Promise<Record<string, Tensor>> {
  const { tensors, metadata } = await readSource(source, checkedOptions(options));
  const stateDict = toTensors(tensors);
  keepMetadata(stateDict, metadata);
  return stateDict;
}

function checkedOptions(options: unknown): ReadSettings {
  if (!isPlainObject(options))
    throw new ArgumentError(`load: expected an object of options, got ${shownValue(options)}`);
  for (const name of Object.keys(options))
    if (name !== "key")
      throw new ArgumentError(`load: unknown option ${shownValue(name)}${didYouMean(name, ["key"])}`);
  const { key } = options;
  if (key !== undefined && typeof key !== "string")
    throw new ArgumentError(`load: expected key to be a text, got ${shownValue(key)}`);
  return { key };
}

type Arrays = ReadonlyMap<string, NamedArray>;

function readSource(source: unknown, settings: ReadSettings): Promise<StoredArrays> {
  return withSource(source, "load", (opened) => readArraysFrom(opened.source, opened.name, settings));
}

/** Every tensor of a state dict, read. */
export async function readArrays(stateDict: TensorsByName, of = "save"): Promise<Map<string, NamedArray>> {
  if (stateDict instanceof Tensor)
    throw new ArgumentError(`${of}: expected tensors by name, got a tensor; give it one: { name: tensor }`);
  const entries = isMap(stateDict)
    ? [...(stateDict as Map<string, Tensor>)]
    : Object.entries(stateDict as Record<string, Tensor>);
  const arrays = await Promise.all(
    entries.map(([name, tensor]) => {
      if (!(tensor instanceof Tensor))
        throw new ArgumentError(`${of}: expected tensors by name, "${name}" is ${typeof tensor}`);
      return toNamedArray(tensor);
    }),
  );
  return new Map(entries.map(([name], i) => [name, arrays[i]]));
}

/** What a file held, as tensors by name. Names of one array are handles on one tensor: they share its memory. */
export function toTensors(arrays: Arrays): Record<string, Tensor> {
  const made = new Map<NamedArray, Tensor>();
  return orderedRecord(
    [...arrays].map(([name, array]) => {
      const first = made.get(array);
      if (first !== undefined) return [name, first.detach()] as const;
      const tensor = fromTypedArray(array.data, array.shape, array.dtype);
      made.set(array, tensor);
      return [name, tensor] as const;
    }),
  );
}

/** A tensor's contents as they go into a file. */
export async function toNamedArray(tensor: Tensor): Promise<NamedArray> {
  return { data: await tensor.data(), shape: tensor.shape, dtype: tensor.dtype };
}
