/** State dicts as safetensors bytes, from wherever they come: PyTorch's keys, so weights travel both ways. */

import { readWeights } from "#weights_file";
import { isArrayBuffer, isMap, isSharedArrayBuffer, tagOf } from "../base/builtin_kinds.ts";
import { ArgumentError, FileError } from "../base/errors.ts";
import { orderedRecord } from "../base/key_order.ts";
import type { BlobLike, ResponseLike, UrlLike } from "../base/web_types.ts";
import { fromTypedArray, Tensor } from "../tensor/tensor.ts";
import { decodeSafetensors, encodeSafetensors, type NamedArray } from "./safetensors/safetensors.ts";
import { bytesOfResponse, fetchBytes } from "./web_bytes.ts";

/** Tensors by name. */
export type TensorsByName = Readonly<Record<string, Tensor>> | ReadonlyMap<string, Tensor>;

/** Where weights can come from: a path or an address, or what was read already. */
export type WeightsSource = string | UrlLike | ArrayBuffer | ArrayBufferView | BlobLike | ResponseLike;

/**
 * A state dict as the bytes of a safetensors file: for a download, an upload or a database, in Node.js and in a page.
 *
 * @throws ArgumentError for values that are not tensors.
 * @example
 * ```ts
 * const bytes = await toBytes(net.stateDict());
 * net.loadStateDict(await load(bytes));
 * ```
 */
export async function toBytes(
  stateDict: TensorsByName,
  metadata: Record<string, string> = {},
): Promise<Uint8Array<ArrayBuffer>> {
  return encodeSafetensors(await readArrays(stateDict, "toBytes"), { format: "pt", ...metadata });
}

/**
 * Reads safetensors as tensors by name. Nothing in it is executed, and nothing is allocated that it merely claims.
 *
 * @param source - in Node.js the path of a file; in a page an address, seen from the page. On both: an absolute URL,
 * bytes (ArrayBuffer, Uint8Array, Node's Buffer), a Blob or File, or the Response of a `fetch`.
 * @throws FileError if it cannot be read or is not what it claims to be; ArgumentError for any other source.
 * @example
 * ```ts
 * await save(net.stateDict(), "lenet.safetensors");
 * net.loadStateDict(await load("lenet.safetensors"));
 * ```
 */
export async function load(source: WeightsSource): Promise<Record<string, Tensor>> {
  return toTensors(await readSource(source));
}

type Arrays = ReadonlyMap<string, NamedArray>;

async function readSource(source: unknown): Promise<Arrays> {
  if (typeof source === "string") return readAddress(source);
  if (ArrayBuffer.isView(source)) {
    return decode(new Uint8Array(source.buffer, source.byteOffset, source.byteLength), undefined);
  }
  if (isArrayBuffer(source) || isSharedArrayBuffer(source)) return decode(new Uint8Array(source), undefined);
  switch (tagOf(source)) {
    case "URL":
      return readAddress((source as UrlLike).href);
    case "Blob":
    case "File":
      return decode(await bytesOfBlob(source as Blob), (source as File).name);
    case "Response": {
      const name = (source as Response).url || "the response";
      return decode(await bytesOfResponse(source as Response, name), name);
    }
  }
  throw new ArgumentError(
    "load: expected a path, a URL, an ArrayBuffer, a typed array, a Blob or a Response, got " +
      (source === null ? "null" : typeof source),
  );
}

/** Addresses on the web are the same everywhere; the rest is a path, or an address seen from the page. */
async function readAddress(address: string): Promise<Arrays> {
  if (!/^(https?|data|blob):/i.test(address)) return readWeights(address);
  return decode(await fetchBytes(address), shortName(address));
}

function decode(bytes: Uint8Array, name: string | undefined): Arrays {
  return decodeSafetensors(bytes, { name }).tensors;
}

async function bytesOfBlob(blob: Blob): Promise<Uint8Array> {
  try {
    return new Uint8Array(await blob.arrayBuffer());
  } catch (error) {
    throw new FileError(`load: the Blob cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

/** A data: URL holds the whole file. */
function shortName(url: string): string {
  return url.length > 200 ? `${url.slice(0, 40)}...` : url;
}

/** Every tensor of a state dict, read. */
export async function readArrays(stateDict: TensorsByName, of = "save"): Promise<Map<string, NamedArray>> {
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

/** What a file held, as tensors by name. */
export function toTensors(arrays: Arrays): Record<string, Tensor> {
  return orderedRecord(
    [...arrays].map(([name, { data, shape, dtype }]) => [name, fromTypedArray(data, shape, dtype)] as const),
  );
}

/** A tensor's contents as they go into a file. */
export async function toNamedArray(tensor: Tensor): Promise<NamedArray> {
  return { data: await tensor.data(), shape: tensor.shape, dtype: tensor.dtype };
}
