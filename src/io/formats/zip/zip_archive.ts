/** Zip archives, read entry by entry: the directory first, an entry's bytes when they are asked for. */
import { inflateSync } from "fflate";
import { crc32 } from "../../checksums.ts";
import type { ByteSource } from "../byte_source.ts";
import type { Failure } from "../format_failure.ts";
import { readZipDirectory, type ZipEntry } from "./zip_directory.ts";

const LOCAL_HEADER = 0x04034b50;
const LOCAL_HEADER_BYTES = 30;
const STORED = 0;
const DEFLATED = 8;

/** Flag of entries that need a password. */
const ENCRYPTED = 1;

/** What packed entries of any archive may unpack to in all. */
const FREE_UNPACKED_BYTES = 64 * 2 ** 20;

/** Beyond that, how many times an archive's own size. */
const MOST_TIMES_PACKED = 100;

/** Deflate makes at most this much of a byte. */
const MOST_DEFLATE_RATIO = 1032;

/** An archive whose directory was read and checked. */
export class ZipArchive {
  /** By name. */
  readonly entries: ReadonlyMap<string, ZipEntry>;
  readonly #source: ByteSource;
  readonly #fail: Failure;
  readonly #directoryStart: number;

  private constructor(
    source: ByteSource,
    directory: { entries: ReadonlyMap<string, ZipEntry>; start: number },
    fail: Failure,
  ) {
    this.entries = directory.entries;
    this.#source = source;
    this.#directoryStart = directory.start;
    this.#fail = fail;
  }

  /** @throws FileError for a directory that is damaged, too large, or names what cannot be in the archive. */
  static async open(source: ByteSource, fail: Failure): Promise<ZipArchive> {
    const archive = new ZipArchive(source, await readZipDirectory(source, fail), fail);
    archive.#checkUnpackedSize();
    return archive;
  }

  /**
   * An entry's bytes, unpacked and checked against its checksum, in a buffer of their own.
   *
   * @throws FileError if they are damaged, encrypted, or packed by a method other than deflate.
   */
  async read(entry: ZipEntry): Promise<Uint8Array<ArrayBuffer>> {
    const start = await this.#dataStart(entry);
    const packed = await this.#source.read(start, start + entry.packedBytes);
    const bytes = entry.method === STORED ? packed : this.#inflate(entry, packed);
    if (crc32(bytes) !== entry.checksum)
      throw this.#fail(`${entry.name} does not have the checksum that the directory gives it`);
    return bytes;
  }

  #checkUnpackedSize(): void {
    let total = 0;
    for (const { name, method, packedBytes, bytes } of this.entries.values()) {
      if (method !== DEFLATED) continue;
      total += bytes;
      if (bytes > packedBytes * MOST_DEFLATE_RATIO)
        throw this.#fail(
          `${name} claims to unpack from ${packedBytes} bytes to ${bytes}, which deflate cannot`,
        );
    }
    const limit = Math.max(FREE_UNPACKED_BYTES, MOST_TIMES_PACKED * this.#source.size);
    if (total > limit)
      throw this.#fail(
        `it unpacks to ${total} bytes, the limit for its ${this.#source.size} bytes is ${limit}`,
        "save it without compression if that is what it holds",
      );
  }

  async #dataStart(entry: ZipEntry): Promise<number> {
    const { name, offset, method, flags, packedBytes, bytes } = entry;
    if ((flags & ENCRYPTED) !== 0) throw this.#fail(`${name} is encrypted`, "save it without a password");
    if (method !== STORED && method !== DEFLATED)
      throw this.#fail(`${name} is packed by method ${method}`, "pack it by deflate, or not at all");
    if (method === STORED && packedBytes !== bytes)
      throw this.#fail(`${name} is not packed, but claims ${packedBytes} bytes in place of ${bytes}`);
    if (offset + LOCAL_HEADER_BYTES > this.#directoryStart) throw this.#fail(`${name} lies beyond the end`);
    const header = new DataView((await this.#source.read(offset, offset + LOCAL_HEADER_BYTES)).buffer);
    if (header.getUint32(0, true) !== LOCAL_HEADER)
      throw this.#fail(`there is no entry where the directory says that ${name} begins`);
    const start = offset + LOCAL_HEADER_BYTES + header.getUint16(26, true) + header.getUint16(28, true);
    if (start + packedBytes > this.#directoryStart) throw this.#fail(`${name} reaches beyond the end`);
    return start;
  }

  #inflate({ name, bytes }: ZipEntry, packed: Uint8Array): Uint8Array<ArrayBuffer> {
    let unpacked: Uint8Array;
    try {
      // One byte of room more than claimed shows that there is more; nothing is written beyond.
      unpacked = inflateSync(packed, { out: new Uint8Array(bytes + 1) });
    } catch (error) {
      throw this.#fail(`${name} cannot be unpacked (${(error as Error).message})`);
    }
    if (unpacked.length !== bytes)
      throw this.#fail(`${name} does not unpack to the ${bytes} bytes that the directory claims`);
    return unpacked.slice() as Uint8Array<ArrayBuffer>;
  }
}
