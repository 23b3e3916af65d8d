/** Image files as caches know them. */
import type { ArrayBatch } from "../array_batch.ts";

/** A file's time of change and size: another file under the same path is told apart by them. */
export type FileVersion = readonly [changed: number, bytes: number];

/** Images that are found by the bytes of their files. */
export interface FileCache {
  /** The image of a file with these bytes; undefined if it is not there, or damaged. */
  get(bytes: Uint8Array): ArrayBatch | undefined;
  /** Keeps an image if there is room. */
  put(bytes: Uint8Array, image: ArrayBatch): void;
}

/** A folder of decoded images. */
export interface OpenFolder {
  readonly folder: string;
  readonly maxBytes: number;
  /** KiB in the folder, counted by all workers; null if they can share nothing. */
  readonly used: Int32Array | null;
}
