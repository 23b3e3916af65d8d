/** The directory of a zip archive, checked before anything in it is believed. */
import type { ByteSource } from "../byte_source.ts";
import type { Failure } from "../format_failure.ts";

/** A file in an archive. */
export interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly flags: number;
  /** CRC-32 of the unpacked bytes. */
  readonly checksum: number;
  readonly packedBytes: number;
  readonly bytes: number;
  /** Where its local header begins. */
  readonly offset: number;
}

const END = 0x06054b50;
const END_BYTES = 22;
const END64 = 0x06064b50;
const END64_BYTES = 56;
const LOCATOR64 = 0x07064b50;
const LOCATOR64_BYTES = 20;
const ENTRY = 0x02014b50;
const ENTRY_BYTES = 46;
const LOCAL_HEADER_BYTES = 30;
const EXTRA64 = 1;
const MOST_COMMENT = 0xffff;

/** Limits: two entries for each of the most tensors, and their names. */
const MOST_ENTRIES = 131_072;
const MOST_DIRECTORY_BYTES = 32 * 2 ** 20;

/** Says that the number stands in the entry's extra field, or in the 64-bit end of the directory. */
const ELSEWHERE = 0xffffffff;

interface DirectoryPlace {
  readonly start: number;
  readonly bytes: number;
  readonly count: number;
}

/**
 * Reads an archive's directory, also one of more than 4 GiB or 65,535 entries (zip64).
 *
 * @throws FileError if it is cut short or too large, names a file twice, or its files overlap each other.
 */
export async function readZipDirectory(
  source: ByteSource,
  fail: Failure,
): Promise<{ entries: Map<string, ZipEntry>; start: number }> {
  const place = await findDirectory(source, fail);
  const { start, bytes, count } = place;
  if (start + bytes > source.size) throw fail("the directory reaches beyond the end");
  if (count > MOST_ENTRIES) throw fail(`it claims ${count} entries, the limit is ${MOST_ENTRIES}`);
  if (bytes > MOST_DIRECTORY_BYTES)
    throw fail(`its directory claims ${bytes} bytes, the limit is ${MOST_DIRECTORY_BYTES}`);
  if (count * ENTRY_BYTES > bytes) throw fail(`${bytes} bytes of directory do not hold ${count} entries`);
  const directory = await source.read(start, start + bytes);
  const entries = new Map<string, ZipEntry>();
  let at = 0;
  for (let i = 0; i < count; i++) {
    const { entry, end } = readEntry(directory, at, fail);
    if (entries.has(entry.name)) throw fail(`it holds ${entry.name} twice`);
    entries.set(entry.name, entry);
    at = end;
  }
  if (at !== bytes) throw fail("its directory has more than the entries that it claims");
  checkPlaces([...entries.values()], start, fail);
  return { entries, start };
}

async function findDirectory(source: ByteSource, fail: Failure): Promise<DirectoryPlace> {
  const tailStart = Math.max(0, source.size - END_BYTES - MOST_COMMENT);
  const tail = new DataView((await source.read(tailStart, source.size)).buffer);
  for (let at = tail.byteLength - END_BYTES; at >= 0; at--) {
    if (tail.getUint32(at, true) !== END) continue;
    if (at + END_BYTES + tail.getUint16(at + 20, true) !== tail.byteLength) continue;
    const count = tail.getUint16(at + 10, true);
    const bytes = tail.getUint32(at + 12, true);
    const start = tail.getUint32(at + 16, true);
    const short = count !== 0xffff && bytes !== ELSEWHERE && start !== ELSEWHERE;
    return short ? { start, bytes, count } : findDirectory64(source, tailStart + at, fail);
  }
  throw fail("the end of the zip archive is missing, so it is cut short", "fetch it again");
}

async function findDirectory64(source: ByteSource, end: number, fail: Failure): Promise<DirectoryPlace> {
  const missing = () => fail("the 64-bit end of its directory is missing");
  if (end < LOCATOR64_BYTES) throw missing();
  const locator = new DataView((await source.read(end - LOCATOR64_BYTES, end)).buffer);
  if (locator.getUint32(0, true) !== LOCATOR64) throw missing();
  const offset = readUint64(locator, 8);
  if (offset + END64_BYTES > source.size) throw missing();
  const record = new DataView((await source.read(offset, offset + END64_BYTES)).buffer);
  if (record.getUint32(0, true) !== END64) throw missing();
  return { count: readUint64(record, 32), bytes: readUint64(record, 40), start: readUint64(record, 48) };
}

function readEntry(
  directory: Uint8Array,
  at: number,
  fail: Failure,
): { readonly entry: ZipEntry; readonly end: number } {
  const view = new DataView(directory.buffer, directory.byteOffset, directory.length);
  if (at + ENTRY_BYTES > directory.length || view.getUint32(at, true) !== ENTRY)
    throw fail(`its directory is damaged at byte ${at}`);
  const nameEnd = at + ENTRY_BYTES + view.getUint16(at + 28, true);
  const extraEnd = nameEnd + view.getUint16(at + 30, true);
  const end = extraEnd + view.getUint16(at + 32, true);
  if (end > directory.length) throw fail(`its directory is damaged at byte ${at}`);
  const name = new TextDecoder().decode(directory.subarray(at + ENTRY_BYTES, nameEnd));
  const sizes = [view.getUint32(at + 24, true), view.getUint32(at + 20, true), view.getUint32(at + 42, true)];
  const wide = sizes.filter((size) => size === ELSEWHERE).length;
  if (wide > 0) {
    const numbers = numbers64(view, nameEnd, extraEnd, wide);
    if (numbers === null) throw fail(`the directory does not say how large ${name} is`);
    for (let i = 0; i < sizes.length; i++) if (sizes[i] === ELSEWHERE) sizes[i] = numbers.shift() as number;
  }
  const [bytes, packedBytes, offset] = sizes;
  const flags = view.getUint16(at + 8, true);
  const method = view.getUint16(at + 10, true);
  const checksum = view.getUint32(at + 16, true);
  return { entry: { name, method, flags, checksum, packedBytes, bytes, offset }, end };
}

/** The first `count` numbers of the zip64 field among the extra fields. */
function numbers64(view: DataView, start: number, end: number, count: number): number[] | null {
  for (let at = start; at + 4 <= end; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== EXTRA64) continue;
    const bytes = view.getUint16(at + 2, true);
    if (bytes < 8 * count || at + 4 + bytes > end) return null;
    return Array.from({ length: count }, (_, i) => readUint64(view, at + 4 + 8 * i));
  }
  return null;
}

/** Beyond 2^53 it is not exact, but far beyond the end of any file. */
function readUint64(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * 2 ** 32 + view.getUint32(at, true);
}

/** Entries must not share bytes: a small archive could unpack the same ones a thousand times. */
function checkPlaces(entries: ZipEntry[], end: number, fail: Failure): void {
  let free = 0;
  for (const { name, offset, packedBytes } of entries.sort((a, b) => a.offset - b.offset)) {
    if (offset < free) throw fail(`${name} overlaps the entry before it`);
    free = offset + LOCAL_HEADER_BYTES + packedBytes;
    if (free > end) throw fail(`${name} reaches beyond the end`);
  }
}
