/**
 * The stream form of `.pth` files (before PyTorch 1.6, 2016 to 2020): five pickles - magic number, version, system,
 * value, keys of the storages - and then the storages, each after the number of its elements.
 *
 * Source: PyTorch, torch/serialization.py, `_legacy_save`.
 */
import type { ByteSource } from "../byte_source.ts";
import type { Failure } from "../format_failure.ts";
import { PickleCutShort } from "../pickle/pickle_bytes.ts";
import { readPickle } from "../pickle/pickle_reader.ts";
import { noteStorage, type PickledStorage } from "./pickled_tensor.ts";
import type { PthContent } from "./pth_content.ts";
import { storageOf, torchNames } from "./torch_names.ts";
import { MOST_PICKLE_BYTES } from "./zip_form.ts";

const MAGIC = 0x1950a86a20f9469cfc6cn;
const VERSION = 1001;

/** Bytes before each storage: how many elements it has. */
const COUNT_BYTES = 8;

/** How much of the file is read first; pickles that are longer are read again with twice as much. */
const FIRST_PIECE = 2 ** 18;

interface Pickles {
  readonly value: unknown;
  readonly keys: unknown;
  readonly storages: ReadonlyMap<string, PickledStorage>;
  readonly end: number;
}

/** Whether a file begins as this form does: a pickle of the magic number. */
export function beginsAsStream(head: Uint8Array): boolean {
  const number = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
  for (let start = 2; start <= 16; start++)
    if (
      head[start - 2] === 0x8a &&
      head[start - 1] === 10 &&
      number.every((byte, i) => head[start + i] === byte)
    )
      return head[0] === 0x80;
  return false;
}

/**
 * Reads the pickles of a file in stream form.
 *
 * @throws FileError for anything but plain data, and storages that do not fit the file.
 */
export async function readStreamForm(source: ByteSource, fail: Failure): Promise<PthContent> {
  const { value, keys, storages, end } = await readPickles(source, fail);
  const places = await placesOf(keys, storages, source, end, fail);
  return {
    value,
    // Always: a machine of the other byte order turns them around when it writes.
    bigEndian: false,
    readStorage: async ({ key, rootBytes }) => {
      const start = places.get(key);
      if (start === undefined) throw fail(`the storage ${key.slice(0, 80)} is missing`);
      return source.read(start, start + rootBytes);
    },
  };
}

async function readPickles(source: ByteSource, fail: Failure): Promise<Pickles> {
  for (let length = FIRST_PIECE; ; length *= 4) {
    const size = Math.min(length, source.size, MOST_PICKLE_BYTES);
    try {
      return picklesIn(await source.read(0, size), fail);
    } catch (error) {
      if (!(error instanceof PickleCutShort)) throw error;
      if (size === source.size) throw fail("it is cut short", "fetch it again");
      if (size === MOST_PICKLE_BYTES) throw fail(`its pickles have more than ${MOST_PICKLE_BYTES} bytes`);
    }
  }
}

function picklesIn(bytes: Uint8Array, fail: Failure): Pickles {
  const storages = new Map<string, PickledStorage>();
  const names = torchNames(fail, (id) => noteStorage(storages, storageOf(id, fail), fail));
  let end = 0;
  const next = () => {
    const pickle = readPickle(bytes, end, names, fail);
    end = pickle.end;
    return pickle.value;
  };
  if (next() !== MAGIC) throw fail("it does not begin with PyTorch's magic number");
  const version = next();
  if (version !== VERSION) throw fail(`it has version ${String(version).slice(0, 20)}, expected ${VERSION}`);
  next();
  return { value: next(), keys: next(), storages, end };
}

/** Where each storage's bytes begin. */
async function placesOf(
  keys: unknown,
  storages: ReadonlyMap<string, PickledStorage>,
  source: ByteSource,
  end: number,
  fail: Failure,
): Promise<ReadonlyMap<string, number>> {
  if (!Array.isArray(keys)) throw fail("its list of storages is missing");
  const places = new Map<string, number>();
  let at = end;
  for (const key of keys) {
    const storage = storages.get(String(key));
    if (storage === undefined || places.has(storage.key))
      throw fail("its list of storages names one that no tensor uses, or one twice");
    const start = at + COUNT_BYTES;
    at = start + storage.rootBytes;
    if (at > source.size)
      throw fail(
        `the storage ${storage.key.slice(0, 80)} reaches ${at - source.size} bytes beyond the end`,
        "fetch it again",
      );
    await checkCount(source, start, storage, fail);
    places.set(storage.key, start);
  }
  return places;
}

async function checkCount(
  source: ByteSource,
  start: number,
  storage: PickledStorage,
  fail: Failure,
): Promise<void> {
  const view = new DataView((await source.read(start - COUNT_BYTES, start)).buffer);
  const count = view.getUint32(4, true) * 2 ** 32 + view.getUint32(0, true);
  if (count !== storage.elements)
    throw fail(
      `the storage ${storage.key.slice(0, 80)} has ${count} elements, the pickle claims ${storage.elements}`,
    );
}
