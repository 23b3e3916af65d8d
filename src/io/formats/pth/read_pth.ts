/** The tensors of `.pth` files, from the part of their storages that they use. */
import type { NamedArray } from "../../safetensors/safetensors.ts";
import { MAX_TENSORS } from "../../safetensors/safetensors_limits.ts";
import type { ByteSource } from "../byte_source.ts";
import { collectElements, elementsOf, swapElementBytes } from "../element_layout.ts";
import type { Failure } from "../format_failure.ts";
import type { StoredArrays } from "../stored_arrays.ts";
import type { ZipArchive } from "../zip/zip_archive.ts";
import { chooseStateDict } from "./choose_state_dict.ts";
import type { PickledTensor } from "./pickled_tensor.ts";
import type { PthContent } from "./pth_content.ts";
import { readStreamForm } from "./stream_form.ts";
import { readZipForm } from "./zip_form.ts";

/** Tensors may share storages, or repeat one element: how much more than their storages they may take. */
const MOST_TIMES_STORED = 4;
const FREE_BYTES = 16 * 2 ** 20;

/** @param key - see `chooseStateDict`. */
export async function readPthArchive(
  archive: ZipArchive,
  folder: string,
  key: string | undefined,
  fail: Failure,
): Promise<StoredArrays> {
  return readTensors(await readZipForm(archive, folder, fail), key, fail);
}

/** @param key - see `chooseStateDict`. */
export async function readPthStream(
  source: ByteSource,
  key: string | undefined,
  fail: Failure,
): Promise<StoredArrays> {
  return readTensors(await readStreamForm(source, fail), key, fail);
}

/** Storage by storage, so that only one lies in memory beside the tensors. */
async function readTensors(
  content: PthContent,
  key: string | undefined,
  fail: Failure,
): Promise<StoredArrays> {
  const { tensors, metadata } = chooseStateDict(content.value, key, fail);
  if (tensors.size > MAX_TENSORS) throw fail(`it holds ${tensors.size} tensors, the limit is ${MAX_TENSORS}`);
  const places = new Map<string, PickledTensor[]>();
  for (const tensor of tensors.values()) {
    const { key: place } = tensor.storage;
    const there = places.get(place);
    if (there === undefined) places.set(place, [tensor]);
    else there.push(tensor);
  }
  checkSize([...places.values()], fail);
  const arrays = new Map<PickledTensor, NamedArray>();
  for (const sharing of places.values()) {
    const bytes = await content.readStorage(sharing[0].storage);
    const made = new Map<string, NamedArray>();
    const alone = new Set(sharing.map(placeOf)).size === 1;
    for (const tensor of sharing) {
      const place = placeOf(tensor);
      const array = made.get(place) ?? arrayOf(tensor, bytes, { bigEndian: content.bigEndian, alone }, fail);
      made.set(place, array);
      arrays.set(tensor, array);
    }
  }
  const named = [...tensors].map(([name, tensor]) => [name, arrays.get(tensor) as NamedArray] as const);
  return { format: "pth", tensors: new Map(named), metadata };
}

/** Two tensors of the same place are one array: tied weights stay tied. */
function placeOf({ storage, stored, layout }: PickledTensor): string {
  return [storage.start, stored.bytes, stored.dtype, layout.offset, layout.shape, layout.strides].join(";");
}

function checkSize(places: readonly (readonly PickledTensor[])[], fail: Failure): void {
  let [taken, held] = [0, 0];
  for (const sharing of places) {
    held += sharing[0].storage.rootBytes;
    const seen = new Map(sharing.map((tensor) => [placeOf(tensor), tensor]));
    for (const { layout, stored } of seen.values()) taken += elementsOf(layout.shape) * stored.bytes;
  }
  const limit = MOST_TIMES_STORED * held + FREE_BYTES;
  if (!(taken <= limit))
    throw fail(
      `its tensors take ${taken} bytes, the limit for its ${held} bytes of storages is ${limit}`,
      "save copies of them",
    );
}

/** @param alone - whether no other array is made of the storage, so that its buffer can become the array's. */
function arrayOf(
  { storage, stored, layout }: PickledTensor,
  root: Uint8Array<ArrayBuffer>,
  { bigEndian, alone }: { readonly bigEndian: boolean; readonly alone: boolean },
  fail: Failure,
): NamedArray {
  const { start, bytes, rootBytes } = storage;
  const within = start === 0 && bytes === rootBytes ? root : root.slice(start, start + bytes);
  const collected = collectElements(within, stored.bytes, layout);
  const own = collected === root && !alone ? collected.slice() : collected;
  if (bigEndian) swapElementBytes(own, stored.bytes);
  const length = elementsOf(layout.shape);
  const data = stored.read(own.buffer, length, (index) =>
    fail(
      `element ${index} of a tensor is beyond ±(2^53 - 1), the integers that can be held`,
      "save it as float64",
    ),
  );
  return { data, shape: [...layout.shape], dtype: stored.dtype };
}
