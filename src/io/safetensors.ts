import type { DType, TypedArray } from "../base/dtype.ts";
import { ArgumentError, FileError, ShapeError } from "../base/errors.ts";
import { findDuplicateKey } from "./json_keys.ts";
import { STORED_DTYPES, type StoredDType, storedBytes, storedName } from "./safetensors_dtypes.ts";

/** A tensor as plain data: what files hold. */
export interface NamedArray {
  data: TypedArray;
  shape: number[];
  dtype: DType;
}

/** What a safetensors file holds. */
export interface SafetensorsContent {
  tensors: Map<string, NamedArray>;
  metadata: Record<string, string>;
}

/** The format's own limit on the header. */
export const MAX_HEADER_BYTES = 100_000_000;

/** The Python package's order of dtypes; wide ones come first, so that every tensor lies aligned. */
const FILE_ORDER: readonly DType[] = [
  "int64",
  "float64",
  "float32",
  "int32",
  "bfloat16",
  "float16",
  "uint8",
  "bool",
];

const PREFIX_BYTES = 8;
const METADATA = "__metadata__";

/**
 * A safetensors file as pieces to be written one after the other: prefix and header, then the data of each
 * tensor. The pieces are views of the tensors' memory where possible, so nothing large is copied.
 *
 * The order is that of the Python package: by dtype, then by name.
 *
 * @throws ShapeError where a shape does not fit its data, ArgumentError for a tensor called `__metadata__`,
 *   DTypeError for an int64 that is not an integer.
 */
export function encodeSafetensorsPieces(
  tensors: ReadonlyMap<string, NamedArray>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array[] {
  const header: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0) header.push([METADATA, checkedMetadata(metadata)]);
  const pieces: Uint8Array[] = [];
  let offset = 0;
  const names = [...tensors.keys()].sort((a, b) => compareForFile(a, b, tensors));
  for (const name of names) {
    const { data, shape, dtype } = tensors.get(name) as NamedArray;
    checkEntry(name, data, shape);
    const bytes = storedBytes(name, data, dtype);
    const end = offset + bytes.length;
    header.push([name, { dtype: storedName(dtype), shape, data_offsets: [offset, end] }]);
    pieces.push(bytes);
    offset = end;
  }
  return [encodeHeader(header), ...pieces];
}

/**
 * A safetensors file in one piece of memory.
 *
 * @example
 * const bytes = encodeSafetensors(new Map([["w", { data: new Float32Array(6), shape: [2, 3], dtype: "float32" }]]));
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, NamedArray>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const pieces = encodeSafetensorsPieces(tensors, metadata);
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let offset = 0;
  for (const piece of pieces) {
    bytes.set(piece, offset);
    offset += piece.length;
  }
  return bytes;
}

/**
 * Reads a safetensors file. The tensors are copies: they do not keep `bytes` alive.
 *
 * F16 and BF16 come as float32, I8, I16 and U16 as int32, U32, I64 and U64 as int64.
 *
 * @param options.name - how messages call the file
 * @throws FileError for anything the format forbids: a header that is cut short, too long, not UTF-8, not
 *   JSON or with a key twice; a tensor whose length does not follow from shape and dtype, that overlaps
 *   another, leaves a hole or reaches beyond the end. Nothing is allocated on the word of the header alone.
 * Source: the format's description in the safetensors package, "Format".
 */
export function decodeSafetensors(
  bytes: Uint8Array,
  options: { name?: string | undefined } = {},
): SafetensorsContent {
  const fail = failureOf(options.name);
  const headerBytes = readHeaderLength(bytes, fail);
  const dataStart = PREFIX_BYTES + headerBytes;
  const header = parseHeader(bytes.subarray(PREFIX_BYTES, dataStart), fail);
  const metadata = readMetadata(header[METADATA], fail);
  const names = Object.keys(header).filter((name) => name !== METADATA);
  const entries = names.map((name) => readEntry(name, header[name], fail));
  checkCoverage(entries, bytes.length - dataStart, fail);
  const tensors = new Map<string, NamedArray>();
  for (const entry of entries) {
    // A copy has a buffer of its own, aligned whatever the offset in the file was. (Not slice(): of a Node
    // Buffer that is a view.)
    const copy = new Uint8Array(bytes.subarray(dataStart + entry.start, dataStart + entry.end));
    const data = entry.stored.read(copy.buffer, entry.length, entry.name);
    tensors.set(entry.name, { data, shape: entry.shape, dtype: entry.stored.dtype });
  }
  return { tensors, metadata };
}

type Fail = (message: string) => FileError;

interface Entry {
  readonly name: string;
  readonly stored: StoredDType;
  readonly shape: number[];
  readonly length: number;
  readonly start: number;
  readonly end: number;
}

function failureOf(name: string | undefined): Fail {
  const start = name === undefined ? "safetensors" : `safetensors file ${name}`;
  return (message) => new FileError(`${start}: ${message}; the file is damaged or not a safetensors file`);
}

function readHeaderLength(bytes: Uint8Array, fail: Fail): number {
  if (bytes.length < PREFIX_BYTES) {
    throw fail(`expected at least ${PREFIX_BYTES} bytes of header length, got ${bytes.length} bytes in all`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, PREFIX_BYTES);
  const length = view.getUint32(4, true) * 2 ** 32 + view.getUint32(0, true);
  if (length > MAX_HEADER_BYTES)
    throw fail(`the header claims ${length} bytes, the limit is ${MAX_HEADER_BYTES}`);
  if (PREFIX_BYTES + length > bytes.length) {
    throw fail(`the header claims ${length} bytes, only ${bytes.length - PREFIX_BYTES} follow`);
  }
  return length;
}

function parseHeader(bytes: Uint8Array, fail: Fail): Record<string, unknown> {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw fail("the header is not UTF-8");
  }
  if (!text.startsWith("{")) throw fail('the header does not start with "{"');
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch (error) {
    throw fail(`the header is not JSON (${(error as Error).message})`);
  }
  const duplicate = findDuplicateKey(text);
  if (duplicate !== undefined) throw fail(`the header holds the key ${JSON.stringify(duplicate)} twice`);
  return header as Record<string, unknown>;
}

function readMetadata(value: unknown, fail: Fail): Record<string, string> {
  if (value === undefined) return {};
  const pairs = isRecord(value) ? Object.entries(value) : undefined;
  if (pairs === undefined || pairs.some(([, text]) => typeof text !== "string")) {
    throw fail("its __metadata__ must map texts to texts");
  }
  return Object.fromEntries(pairs) as Record<string, string>;
}

function readEntry(name: string, value: unknown, fail: Fail): Entry {
  const quoted = JSON.stringify(name);
  if (!isRecord(value)) throw fail(`the entry of ${quoted} is not an object`);
  const { dtype, shape, data_offsets: offsets } = value;
  const stored = typeof dtype === "string" ? STORED_DTYPES.get(dtype) : undefined;
  if (stored === undefined) {
    const known = [...STORED_DTYPES.keys()].join(", ");
    throw fail(`${quoted} has dtype ${JSON.stringify(dtype)}, which cannot be read (known: ${known})`);
  }
  if (!isCountArray(shape)) throw fail(`${quoted} has shape ${JSON.stringify(shape)}`);
  if (!isCountArray(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
    throw fail(`${quoted} has data_offsets ${JSON.stringify(offsets)}`);
  }
  const length = shape.reduce((product, size) => product * size, 1);
  const [start, end] = offsets;
  if (length * stored.bytes !== end - start) {
    throw fail(
      `${quoted} claims ${end - start} bytes, but [${shape.join(", ")}] of ${dtype} is ${length * stored.bytes}`,
    );
  }
  return { name, stored, shape, length, start, end };
}

/** Tensors must lie one behind the other from the first byte of the data to the last. */
function checkCoverage(entries: readonly Entry[], dataBytes: number, fail: Fail): void {
  let at = 0;
  for (const { name, start, end } of [...entries].sort((a, b) => a.start - b.start || a.end - b.end)) {
    const quoted = JSON.stringify(name);
    if (start < at) throw fail(`${quoted} starts at byte ${start} of the data and overlaps the one before`);
    if (start > at) throw fail(`bytes ${at} to ${start} of the data, before ${quoted}, belong to no tensor`);
    if (end > dataBytes) throw fail(`${quoted} ends at byte ${end} of the data, which has only ${dataBytes}`);
    at = end;
  }
  if (at !== dataBytes) throw fail(`the last ${dataBytes - at} bytes belong to no tensor`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCountArray(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}

function checkEntry(name: string, data: TypedArray, shape: readonly number[]): void {
  if (name === METADATA) throw new ArgumentError(`safetensors: a tensor cannot be called ${METADATA}`);
  const length = shape.reduce((product, size) => product * size, 1);
  if (length !== data.length) {
    throw new ShapeError(
      `safetensors: ${name} has shape [${shape.join(", ")}] (${length} elements) and ${data.length} elements of data`,
    );
  }
}

function checkedMetadata(metadata: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== "string") {
      throw new ArgumentError(`safetensors: metadata must be text, ${key} is ${typeof value}`);
    }
  }
  return metadata;
}

function compareForFile(a: string, b: string, tensors: ReadonlyMap<string, NamedArray>): number {
  const rank = (name: string) => FILE_ORDER.indexOf((tensors.get(name) as NamedArray).dtype);
  return rank(a) - rank(b) || (a < b ? -1 : a > b ? 1 : 0);
}

/** Prefix and JSON; spaces fill up to a multiple of 8, so that the data is aligned. */
function encodeHeader(entries: readonly [string, unknown][]): Uint8Array {
  // Joined by hand: an object would move names that look like numbers to the front.
  const json = `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(",")}}`;
  const text = new TextEncoder().encode(json);
  const padded = Math.ceil(text.length / 8) * 8;
  if (padded > MAX_HEADER_BYTES) {
    throw new ArgumentError(
      `safetensors: the header would have ${padded} bytes, the limit is ${MAX_HEADER_BYTES}`,
    );
  }
  const bytes = new Uint8Array(PREFIX_BYTES + padded).fill(0x20, PREFIX_BYTES);
  new DataView(bytes.buffer).setUint32(0, padded, true);
  bytes.fill(0, 4, PREFIX_BYTES);
  bytes.set(text, PREFIX_BYTES);
  return bytes;
}
