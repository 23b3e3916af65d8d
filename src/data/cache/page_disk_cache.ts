/** Decoded images on disk in a page (`#disk_cache`; Node.js has `disk_cache.ts`): there are none. */
import { ArgumentError } from "../../base/errors.ts";
import type { FileDigest } from "./cached_files.ts";

const ABSENT = 'a page keeps no images on disk; give { cache: "memory" }';

/** @throws ArgumentError always. */
export function cacheFolder(): never {
  throw new ArgumentError(ABSENT);
}

/** Files in memory do not change. */
export function digestOf(_bytes: Uint8Array): FileDigest {
  return null;
}

/** @throws ArgumentError always. */
export function openDiskCache(_folder: string, _maxBytes: number): never {
  throw new ArgumentError(ABSENT);
}

/** @throws ArgumentError always. */
export function useDiskCache(_of: object, _form: string): never {
  throw new ArgumentError(ABSENT);
}
