/** Zip archives, written without compression: every entry is there as it is. */
import { ArgumentError } from "../../../base/errors.ts";
import { crc32 } from "../../checksums.ts";

/** A file for an archive. */
export interface ZipContent {
  readonly name: string;
  readonly pieces: readonly Uint8Array[];
}

/** What a zip archive without 64-bit fields can hold. */
const MOST_BYTES = 0xffffffff;
const MOST_ENTRIES = 0xffff;

/** Version 2.0, names in UTF-8, 1 January 1980: the same input gives the same bytes. */
const VERSION = 20;
const FLAGS = 0x800;
const DATE = 0x21;

/** Files begin at a multiple of this, so that they can be used where they lie, as PyTorch wants it. */
const ALIGNMENT = 64;
const PADDING_FIELD = 0x4246;

/**
 * The pieces of an archive. They are views of what was given where that is possible, so nothing large is copied.
 *
 * @throws ArgumentError for more than 4 GiB or 65,535 files.
 */
export function encodeZipPieces(contents: readonly ZipContent[]): Uint8Array[] {
  if (contents.length > MOST_ENTRIES)
    throw new ArgumentError(`save: a zip archive holds at most ${MOST_ENTRIES} arrays; save as safetensors`);
  const pieces: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  const add = (piece: Uint8Array) => {
    pieces.push(piece);
    at += piece.length;
  };
  for (const { name, pieces: parts } of contents) {
    const encoded = new TextEncoder().encode(name);
    const bytes = parts.reduce((sum, part) => sum + part.length, 0);
    const facts = { encoded, bytes, checksum: checksumOf(parts), offset: at };
    directory.push(directoryEntry(facts));
    add(localHeader(facts));
    for (const part of parts) add(part);
    if (at > MOST_BYTES)
      throw new ArgumentError(
        "save: a zip archive holds at most 4 GiB; save as safetensors, which has no such limit",
      );
  }
  const directoryBytes = directory.reduce((sum, entry) => sum + entry.length, 0);
  return [...pieces, ...directory, endOf(contents.length, directoryBytes, at)];
}

interface EntryFacts {
  readonly encoded: Uint8Array;
  readonly bytes: number;
  readonly checksum: number;
  readonly offset: number;
}

function checksumOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => crc32(part, sum), 0);
}

function localHeader({ encoded, bytes, checksum, offset }: EntryFacts): Uint8Array {
  const bare = 30 + encoded.length + 4;
  const padding = (ALIGNMENT - ((offset + bare) % ALIGNMENT)) % ALIGNMENT;
  const header = new Uint8Array(bare + padding);
  const view = new DataView(header.buffer);
  view.setUint32(0, 0x04034b50, true);
  sharedFields(view, 4, { checksum, bytes, nameBytes: encoded.length });
  view.setUint16(28, 4 + padding, true);
  header.set(encoded, 30);
  view.setUint16(30 + encoded.length, PADDING_FIELD, true);
  view.setUint16(32 + encoded.length, padding, true);
  return header;
}

function directoryEntry({ encoded, bytes, checksum, offset }: EntryFacts): Uint8Array {
  const entry = new Uint8Array(46 + encoded.length);
  const view = new DataView(entry.buffer);
  view.setUint32(0, 0x02014b50, true);
  view.setUint16(4, VERSION, true);
  sharedFields(view, 6, { checksum, bytes, nameBytes: encoded.length });
  view.setUint32(42, offset, true);
  entry.set(encoded, 46);
  return entry;
}

/** What the local header and the directory say in the same order. */
function sharedFields(
  view: DataView,
  at: number,
  facts: { readonly checksum: number; readonly bytes: number; readonly nameBytes: number },
): void {
  view.setUint16(at, VERSION, true);
  view.setUint16(at + 2, FLAGS, true);
  view.setUint16(at + 8, DATE, true);
  view.setUint32(at + 10, facts.checksum, true);
  view.setUint32(at + 14, facts.bytes, true);
  view.setUint32(at + 18, facts.bytes, true);
  view.setUint16(at + 22, facts.nameBytes, true);
}

function endOf(count: number, directoryBytes: number, directoryStart: number): Uint8Array {
  const end = new Uint8Array(22);
  const view = new DataView(end.buffer);
  view.setUint32(0, 0x06054b50, true);
  view.setUint16(8, count, true);
  view.setUint16(10, count, true);
  view.setUint32(12, directoryBytes, true);
  view.setUint32(16, directoryStart, true);
  return end;
}
