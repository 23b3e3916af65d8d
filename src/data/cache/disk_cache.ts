/** Decoded images on disk (`#disk_cache`; a page has `page_disk_cache.ts`). */
import * as nodeFs from "node:fs";
import { join } from "node:path";
import { warnOnce } from "../../base/warnings.ts";
import { type WriterFs, writeFileAtomicSync } from "../../io/atomic_file.ts";
import { crc32 } from "../../io/checksums.ts";
import { makeFolderSync } from "../../io/make_folder.ts";
import type { ArrayBatch } from "../array_batch.ts";
import { cacheFolder as convoyantCache } from "../fetch/data_folders.ts";
import type { FileCache, FileDigest, OpenFolder } from "./cached_files.ts";

/** Where images are kept if no folder is named. */
export function cacheFolder(): string {
  return join(convoyantCache(), "images");
}

/** What a file is known by, whatever it is called and whenever it was changed. */
export function digestOf(bytes: Uint8Array): FileDigest {
  const { createHash } = process.getBuiltinModule("node:crypto");
  return createHash("sha256").update(bytes).digest();
}

/** A file begins with this, then channels, height, width and a checksum of these and the pixels, 32 bits each. */
const MAGIC = "CVIMAGE1";
const HEADER_BYTES = MAGIC.length + 16;

/** Of the names of files: nothing else in the folder is counted or removed. */
const NAME = /^[0-9a-f]{62}\.pixels$/;
const SUBFOLDER = /^[0-9a-f]{2}$/;

const KIBIBYTE = 1024;

/** When a folder is this full, the oldest images are removed until it is half full. */
const FULL = 0.95;

/** A cache can be computed again: it need not survive a power cut, only be found whole or not at all. */
const FAST_FS: WriterFs = Object.create(nodeFs, { fsyncSync: { value: () => {} } });

interface CachedFile {
  readonly path: string;
  readonly bytes: number;
  readonly changed: number;
}

/**
 * Makes the folder if it is missing, and removes the oldest images of a full one.
 *
 * @returns KiB in the folder, in memory that workers share.
 * @throws FileError if it cannot be made.
 */
export function openDiskCache(folder: string, maxBytes: number): Int32Array {
  makeFolderSync(folder);
  const files = filesIn(folder);
  let used = files.reduce((sum, { bytes }) => sum + bytes, 0);
  if (used > FULL * maxBytes) {
    for (const { path, bytes } of files.sort((a, b) => a.changed - b.changed)) {
      if (used <= maxBytes / 2) break;
      nodeFs.rmSync(path, { force: true });
      used -= bytes;
    }
  }
  const counter = new Int32Array(new SharedArrayBuffer(4));
  counter[0] = Math.min(2 ** 31 - 1, Math.ceil(used / KIBIBYTE));
  return counter;
}

function filesIn(folder: string): CachedFile[] {
  const namesIn = (path: string, wanted: RegExp) =>
    nodeFs.readdirSync(path).filter((name) => wanted.test(name));
  return namesIn(folder, SUBFOLDER).flatMap((sub) =>
    namesIn(join(folder, sub), NAME).flatMap((name) => {
      const path = join(folder, sub, name);
      const stats = nodeFs.statSync(path, { throwIfNoEntry: false });
      return stats === undefined ? [] : [{ path, bytes: stats.size, changed: stats.mtimeMs }];
    }),
  );
}

/** A folder of decoded images, whose names are hashes of the image files and of what was done to them. */
class DiskCache implements FileCache {
  readonly #folder: string;
  readonly #maxBytes: number;
  readonly #used: Int32Array;
  readonly #form: string;

  constructor({ folder, maxBytes, used }: OpenFolder, form: string) {
    this.#folder = folder;
    this.#maxBytes = maxBytes;
    this.#used = used ?? new Int32Array(1);
    this.#form = form;
  }

  /** The image of a file with these bytes; undefined if it is not there, or damaged. */
  get(bytes: Uint8Array): ArrayBatch | undefined {
    try {
      return imageOf(nodeFs.readFileSync(this.#pathOf(bytes)));
    } catch {
      return undefined;
    }
  }

  /** Keeps an image if there is room. */
  put(bytes: Uint8Array, { data, shape }: ArrayBatch): void {
    const kibibytes = Math.ceil((HEADER_BYTES + data.length) / KIBIBYTE);
    if ((Atomics.load(this.#used, 0) + kibibytes) * KIBIBYTE > this.#maxBytes) {
      this.#isFull();
      return;
    }
    Atomics.add(this.#used, 0, kibibytes);
    const path = this.#pathOf(bytes);
    try {
      makeFolderSync(join(path, ".."));
      writeFileAtomicSync(path, [headerOf(shape, data as Uint8Array), data as Uint8Array], FAST_FS);
    } catch (error) {
      warnOnce(`image cache ${this.#folder}`, `decoded images are not cached: ${(error as Error).message}`);
    }
  }

  #isFull(): void {
    warnOnce(
      `image cache full ${this.#folder}`,
      `the cache of decoded images in ${this.#folder} is full (${this.#maxBytes} bytes): further images are decoded ` +
        "in every epoch; raise `cache.maxBytes`, or remove the folder",
    );
  }

  #pathOf(bytes: Uint8Array): string {
    const { createHash } = process.getBuiltinModule("node:crypto");
    const file = createHash("sha256").update(bytes).digest("hex");
    const name = createHash("sha256").update(`${file} ${this.#form}`).digest("hex");
    return join(this.#folder, name.slice(0, 2), `${name.slice(2)}.pixels`);
  }
}

/** Uses a folder in this thread. @param form - what the images depend on beside their files. */
export function useDiskCache(of: OpenFolder, form: string): FileCache {
  return new DiskCache(of, form);
}

function headerOf([, channels, height, width]: readonly number[], pixels: Uint8Array): Uint8Array {
  const header = new Uint8Array(HEADER_BYTES);
  header.set(new TextEncoder().encode(MAGIC));
  const view = new DataView(header.buffer, MAGIC.length);
  [channels, height, width].forEach((value, i) => view.setUint32(4 * i, value));
  view.setUint32(12, crc32(pixels, crc32(header.subarray(0, HEADER_BYTES - 4))));
  return header;
}

/** An image that is whole; undefined for anything else. */
function imageOf(file: Uint8Array): ArrayBatch | undefined {
  if (file.length < HEADER_BYTES) return undefined;
  const view = new DataView(file.buffer, file.byteOffset + MAGIC.length);
  const shape = [1, view.getUint32(0), view.getUint32(4), view.getUint32(8)];
  const data = file.slice(HEADER_BYTES);
  if (shape[1] * shape[2] * shape[3] !== data.length) return undefined;
  const header = headerOf(shape, data);
  return header.every((byte, i) => byte === file[i]) ? { data, shape, dtype: "uint8" } : undefined;
}
