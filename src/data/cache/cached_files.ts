/** Image files as caches know them. */
import type { ArrayBatch } from "../array_batch.ts";

/** Bytes of a {@link FileDigest}. */
export const DIGEST_BYTES = 32;

/** SHA-256 of a file's bytes; null in a page, whose files do not change. */
export type FileDigest = Uint8Array | null;

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
