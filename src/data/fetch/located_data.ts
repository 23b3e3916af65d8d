/** What is asked for and found when a data set is opened, on any platform. */
import type { UrlLike } from "../../base/web_types.ts";
import type { WebLimits } from "../../io/fetch/web_limits.ts";
import { parseIdx } from "../../io/idx.ts";
import type { DataFile } from "../../records/data_file.ts";
import type { ArrayBatch } from "../array_batch.ts";

export interface LocateOptions {
  /** The training images, else the test images. */
  readonly train: boolean;
  /** A folder to look in first, and to put fetched files into; default: CONVOYANT_DATA. Node.js only. */
  readonly dataDir?: string | undefined;
  /** The folder on the web that holds the files, by default the publishers'. A page needs it. */
  readonly url?: string | UrlLike | undefined;
  /** Whether files that are nowhere may be fetched. Default true. */
  readonly download?: boolean | undefined;
  /** Called with what is being fetched; nothing by default. */
  readonly onProgress?: ((message: string) => void) | undefined;
  /** Milliseconds that the web may take; by default 5,000 until it answers and 15,000 without data. */
  readonly limits?: WebLimits | undefined;
}

/** Images and labels of a data set, and where they came from. */
export interface LocatedData {
  readonly images: ArrayBatch;
  readonly labels: ArrayBatch;
  readonly folder: string;
}

/** The array of an unpacked file: images with a channel, labels as int64. */
export function arrayOfFile(bytes: Uint8Array, name: string, dimensions: 1 | 3): ArrayBatch {
  const { data, shape } = parseIdx(bytes, { name, dimensions });
  if (dimensions === 1) return { data: Float64Array.from(data), shape, dtype: "int64" };
  const [count, height, width] = shape;
  return { data, shape: [count, 1, height, width], dtype: "uint8" };
}

/** A sentence about unpacked bytes that are not the file's, or null. `sha256` is null if it cannot be computed here. */
export function problemOf(bytes: Uint8Array, sha256: string | null, file: DataFile): string | null {
  if (bytes.length !== file.bytes)
    return `is cut short: expected ${file.bytes} bytes unpacked, got ${bytes.length}`;
  if (sha256 === null || sha256 === file.sha256) return null;
  return `is not the file it should be: its SHA-256 (unpacked) is ${sha256}, expected ${file.sha256}`;
}
