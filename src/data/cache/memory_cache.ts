/** Images in memory that all workers of a loader share. */
import { ArgumentError } from "../../base/errors.ts";
import { numel } from "../../base/shape.ts";
import type { ArrayBatch } from "../array_batch.ts";
import { DIGEST_BYTES, type FileDigest } from "./cached_files.ts";

/** Memory for the images of a data set. */
export interface MemoryRoom {
  /** For each image: state, channels, height, width, place (in units). */
  readonly table: Int32Array;
  /** For each image: SHA-256 of its file. */
  readonly digests: Uint8Array;
  /** Units taken. */
  readonly top: Int32Array;
  readonly pixels: Uint8Array;
}

const FIELDS = 5;
/** Places are counted in units, so that they fit into 32 bits. */
const UNIT = 64;

/** States of an image: an image is written by the thread that moves it from EMPTY to WRITING, and never again. */
const [EMPTY, WRITING, READY] = [0, 1, 2];

/**
 * Reserves memory; the system gives it when it is written. Null if threads cannot share any: each then keeps its own.
 *
 * @throws ArgumentError if there is not so much.
 */
export function reserveRoom(
  images: number,
  imageBytes: number | undefined,
  maxBytes: number,
): MemoryRoom | null {
  if (typeof SharedArrayBuffer === "undefined") return null;
  const needed = imageBytes === undefined ? maxBytes : images * units(imageBytes) * UNIT;
  const bytes = Math.min(needed, maxBytes);
  try {
    return {
      table: new Int32Array(new SharedArrayBuffer(4 * FIELDS * images)),
      digests: new Uint8Array(new SharedArrayBuffer(DIGEST_BYTES * images)),
      top: new Int32Array(new SharedArrayBuffer(4)),
      pixels: new Uint8Array(new SharedArrayBuffer(bytes)),
    };
  } catch (error) {
    const message = `cache: ${bytes} bytes of memory cannot be reserved; give less, { where: "memory", maxBytes }, or use the disk`;
    throw new ArgumentError(message, { cause: error });
  }
}

const units = (bytes: number): number => Math.ceil(bytes / UNIT);

/** A cache in memory. What is taken from it is a copy. */
export interface MemoryCache {
  /** @param digest - of the file; null finds the image of any. */
  get(index: number, digest: FileDigest): ArrayBatch | undefined;
  put(index: number, digest: FileDigest, image: ArrayBatch): void;
}

/** Caches of this thread alone, where memory cannot be shared. */
const own = new WeakMap<object, OwnCache>();

/** @param of - what stands for the cache in this thread, always the same object. */
export function memoryCacheOf(of: object, room: MemoryRoom | null, maxBytes: number): MemoryCache {
  if (room !== null) return new SharedCache(room);
  let cache = own.get(of);
  if (cache === undefined) {
    cache = new OwnCache(maxBytes);
    own.set(of, cache);
  }
  return cache;
}

function isSame(digest: FileDigest, kept: FileDigest): boolean {
  return digest?.every((byte, i) => byte === kept?.[i]) ?? true;
}

class SharedCache implements MemoryCache {
  readonly #room: MemoryRoom;

  constructor(room: MemoryRoom) {
    this.#room = room;
  }

  get(index: number, digest: FileDigest): ArrayBatch | undefined {
    const { table, digests, pixels } = this.#room;
    const at = index * FIELDS;
    if (Atomics.load(table, at) !== READY) return undefined;
    if (!isSame(digest, digests.subarray(index * DIGEST_BYTES))) return undefined;
    const shape = [1, table[at + 1], table[at + 2], table[at + 3]];
    const start = table[at + 4] * UNIT;
    return { data: pixels.slice(start, start + numel(shape)), shape, dtype: "uint8" };
  }

  put(index: number, digest: FileDigest, { data, shape }: ArrayBatch): void {
    const { table, digests, top, pixels } = this.#room;
    const at = index * FIELDS;
    const size = units(data.length);
    if ((Atomics.load(top, 0) + size) * UNIT > pixels.length) return;
    if (Atomics.compareExchange(table, at, EMPTY, WRITING) !== EMPTY) return;
    const place = Atomics.add(top, 0, size);
    // Another thread may have taken the last place in between; nothing fits from here on.
    if (place * UNIT + data.length > pixels.length) return;
    pixels.set(data, place * UNIT);
    if (digest !== null) digests.set(digest, index * DIGEST_BYTES);
    for (let axis = 1; axis < 4; axis++) table[at + axis] = shape[axis];
    table[at + 4] = place;
    Atomics.store(table, at, READY);
  }
}

class OwnCache implements MemoryCache {
  readonly #images = new Map<number, { readonly digest: FileDigest; readonly image: ArrayBatch }>();
  #left: number;

  constructor(maxBytes: number) {
    this.#left = maxBytes;
  }

  get(index: number, digest: FileDigest): ArrayBatch | undefined {
    const found = this.#images.get(index);
    if (found === undefined || !isSame(digest, found.digest)) return undefined;
    return { ...found.image, data: found.image.data.slice() };
  }

  put(index: number, digest: FileDigest, image: ArrayBatch): void {
    if (this.#images.has(index) || image.data.length > this.#left) return;
    this.#left -= image.data.length;
    this.#images.set(index, { digest, image: { ...image, data: image.data.slice() } });
  }
}
