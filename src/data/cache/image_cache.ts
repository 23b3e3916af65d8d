/** A cache of decoded images that have passed the steady start of their pipeline: in memory or on disk. */
import { cacheFolder, digestOf, openDiskCache, useDiskCache } from "#disk_cache";
import { ArgumentError } from "../../base/errors.ts";
import { shownValue } from "../../base/shown_value.ts";
import type { ArrayBatch } from "../array_batch.ts";
import type { TransformSpec } from "../transforms/transform_spec.ts";
import type { OpenFolder } from "./cached_files.ts";
import { type MemoryRoom, memoryCacheOf, reserveRoom } from "./memory_cache.ts";

/** Where decoded images are kept, so that they need not be decoded in every epoch. */
export interface CacheOptions {
  /** In memory, shared by all workers, or on disk. By default on disk. */
  where?: "memory" | "disk";
  /** The folder on disk; by default `images` in Convoyant's cache. */
  folder?: string;
  /** The most bytes: 1 GiB of memory, 10 GiB on disk by default. Images beyond are decoded every time. */
  maxBytes?: number;
}

/** A cache as plain data, from which a worker can use it too. */
export type CacheDescription =
  | { readonly kind: "memory"; readonly maxBytes: number; readonly room: MemoryRoom | null }
  | ({ readonly kind: "disk" } & OpenFolder);

/** What an image in a cache depends on beside the file: how it is decoded, and the transforms. */
export interface CachedForm {
  readonly decode: unknown;
  readonly decoder: string;
  readonly leading: readonly TransformSpec[];
}

const GIBIBYTE = 2 ** 30;
const DEFAULT_BYTES = { memory: GIBIBYTE, disk: 10 * GIBIBYTE };

/** Options, complete; undefined if there is no cache. @throws ArgumentError for a wrong value. */
export function checkedCacheOptions(
  caller: string,
  given: "memory" | "disk" | CacheOptions | null | undefined,
): Required<CacheOptions> | undefined {
  if (given == null) return undefined;
  const wrong = (what: string, value: unknown) =>
    new ArgumentError(`${caller}: expected ${what}, got ${shownValue(value)}`);
  const options = typeof given === "string" ? { where: given } : given;
  if (typeof options !== "object")
    throw wrong('`cache` to be "memory", "disk" or { where, folder, maxBytes }', given);
  const unknown = Object.keys(options).find((name) => !["where", "folder", "maxBytes"].includes(name));
  if (unknown !== undefined) throw wrong("`cache` to hold where, folder or maxBytes", unknown);
  const { where = "disk", folder, maxBytes = DEFAULT_BYTES[where] } = options;
  if (where !== "memory" && where !== "disk") throw wrong('`cache` to be "memory" or "disk"', where);
  if (!Number.isSafeInteger(maxBytes) || maxBytes < 1)
    throw wrong("`cache.maxBytes` to be a number of bytes", maxBytes);
  if (folder !== undefined && (typeof folder !== "string" || folder === ""))
    throw wrong("`cache.folder` to be a path", folder);
  if (folder !== undefined && where === "memory")
    throw new ArgumentError(`${caller}: a cache in memory has no folder; give { where: "disk", folder }`);
  return { where, folder: folder ?? (where === "disk" ? cacheFolder() : ""), maxBytes };
}

/**
 * Opens a cache for a data set.
 *
 * @param images - how many there are.
 * @param imageBytes - of each after the steady transforms; undefined if they differ.
 * @throws FileError if the folder cannot be made; ArgumentError if the memory cannot be reserved.
 */
export function openCache(
  { where, folder, maxBytes }: Required<CacheOptions>,
  images: number,
  imageBytes: number | undefined,
): CacheDescription {
  if (where === "memory")
    return { kind: "memory", maxBytes, room: reserveRoom(images, imageBytes, maxBytes) };
  return { kind: "disk", folder, maxBytes, used: openDiskCache(folder, maxBytes) };
}

/** A cache in use: what it finds before a file is read, what it finds by the file's bytes, and where new images go. */
export interface ImageCache {
  before(index: number): ArrayBatch | undefined;
  with(index: number, bytes: Uint8Array): ArrayBatch | undefined;
  put(index: number, bytes: Uint8Array, image: ArrayBatch): void;
}

/** Uses a cache in this thread. */
export function useCache(description: CacheDescription, form: CachedForm): ImageCache {
  if (description.kind === "memory") {
    const memory = memoryCacheOf(description, description.room, description.maxBytes);
    const filesChange = digestOf(new Uint8Array(0)) !== null;
    return {
      before: (index) => (filesChange ? undefined : memory.get(index, null)),
      with: (index, bytes) => memory.get(index, digestOf(bytes)),
      put: (index, bytes, image) => memory.put(index, digestOf(bytes), image),
    };
  }
  const disk = useDiskCache(description, JSON.stringify(form));
  return {
    before: () => undefined,
    with: (_, bytes) => disk.get(bytes),
    put: (_, bytes, image) => disk.put(bytes, image),
  };
}
