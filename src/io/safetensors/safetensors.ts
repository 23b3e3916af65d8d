import type { DType, TypedArray } from "../../base/dtype.ts";
import { ArgumentError, ShapeError } from "../../base/errors.ts";
import { joined } from "../joined_pieces.ts";
import { storedBytes, storedName } from "./safetensors_dtypes.ts";
import {
  type Entry,
  failureOf,
  METADATA,
  PREFIX_BYTES,
  readHeader,
  readHeaderLength,
  type SafetensorsFailure,
} from "./safetensors_header.ts";
import { headerLimit, MAX_RANK, MAX_TENSORS } from "./safetensors_limits.ts";

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

/**
 * A safetensors file as pieces to be written one after the other: prefix and header, then the data of each
 * tensor. The pieces are views of the tensors' memory if possible, so nothing large is copied.
 *
 * The order is that of the Python package: by dtype, then by name.
 *
 * @throws ShapeError if a shape does not fit its data, ArgumentError for a tensor called `__metadata__`,
 *   DTypeError for an int64 that is not an integer.
 */
export function encodeSafetensorsPieces(
  tensors: ReadonlyMap<string, NamedArray>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array[] {
  if (Math.max(tensors.size, Object.keys(metadata).length) > MAX_TENSORS)
    throw new ArgumentError(`safetensors: a file holds at most ${MAX_TENSORS} tensors and texts of metadata`);
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
  return [encodeHeader(header, offset), ...pieces];
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
): Uint8Array<ArrayBuffer> {
  return joined(encodeSafetensorsPieces(tensors, metadata));
}

/**
 * Reads a safetensors file. The tensors are copies: they do not keep `bytes` alive.
 *
 * F16 and BF16 come as float32, I8, I16 and U16 as int32, U32, I64 and U64 as int64.
 *
 * @param options.name - how messages call the file
 * @throws FileError for anything the format forbids: a header that is cut short, too long, not UTF-8, not
 *   JSON or with a key twice; a tensor whose length does not follow from shape and dtype, that overlaps
 *   another, leaves a hole or reaches beyond the end; more than 65,536 tensors, 1,024 dimensions, or a header of more
 *   than 16 MiB and an eighth of the data. Nothing is allocated on the word of the header alone.
 * Source: the format's description in the safetensors package, "Format".
 */
export function decodeSafetensors(
  bytes: Uint8Array,
  options: { name?: string | undefined } = {},
): SafetensorsContent {
  const fail = failureOf(options.name);
  const headerBytes = readHeaderLength(bytes, bytes.length, fail);
  const dataStart = PREFIX_BYTES + headerBytes;
  const header = bytes.subarray(PREFIX_BYTES, dataStart);
  const { entries, metadata } = readHeader(header, bytes.length - dataStart, fail);
  const tensors = new Map<string, NamedArray>();
  for (const entry of entries) {
    // A copy has a buffer of its own, aligned whatever the offset in the file was. (Not slice(): of a Node
    // Buffer that is a view.)
    const copy = new Uint8Array(bytes.subarray(dataStart + entry.start, dataStart + entry.end));
    tensors.set(entry.name, tensorOf(entry, copy.buffer, fail));
  }
  return { tensors, metadata };
}

/** The tensor of an entry from the bytes that belong to it alone. */
export function tensorOf(
  { name, stored, shape, length }: Entry,
  buffer: ArrayBuffer,
  fail: SafetensorsFailure,
): NamedArray {
  const data = stored.read(buffer, length, (index) =>
    fail(`${name}[${index}] is beyond ±(2^53 - 1), the integers that can be held`, "save it as F64 or I32"),
  );
  return { data, shape, dtype: stored.dtype };
}

function checkEntry(name: string, data: TypedArray, shape: readonly number[]): void {
  if (name === METADATA) throw new ArgumentError(`safetensors: a tensor cannot be called ${METADATA}`);
  if (shape.length > MAX_RANK)
    throw new ShapeError(`safetensors: ${name} has ${shape.length} dimensions, the limit is ${MAX_RANK}`);
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
function encodeHeader(entries: readonly [string, unknown][], dataBytes: number): Uint8Array {
  // Joined by hand: an object would move names that look like numbers to the front.
  const json = `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(",")}}`;
  const text = new TextEncoder().encode(json);
  const padded = Math.ceil(text.length / 8) * 8;
  const limit = headerLimit(dataBytes);
  if (padded > limit)
    throw new ArgumentError(`safetensors: the header would have ${padded} bytes, the limit is ${limit}`);
  const bytes = new Uint8Array(PREFIX_BYTES + padded).fill(0x20, PREFIX_BYTES);
  new DataView(bytes.buffer).setUint32(0, padded, true);
  bytes.fill(0, 4, PREFIX_BYTES);
  bytes.set(text, PREFIX_BYTES);
  return bytes;
}
