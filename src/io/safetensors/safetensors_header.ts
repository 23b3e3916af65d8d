/** The header of a safetensors file: which tensors it holds and where, checked before anything is believed. */
import { FileError } from "../../base/errors.ts";
import { isIntegerLike } from "../../base/key_order.ts";
import { findDuplicateKey } from "../json_keys.ts";
import { headerProblem } from "./header_scan.ts";
import { STORED_DTYPES, type StoredDType } from "./safetensors_dtypes.ts";
import { headerLimit, MAX_HEADER_BYTES } from "./safetensors_limits.ts";

/** Bytes before the header, which say how long it is. */
export const PREFIX_BYTES = 8;

/** The header's key for what is not a tensor. */
export const METADATA = "__metadata__";

/** Makes an error of what is wrong and, if the file itself is sound, what to do. */
export type SafetensorsFailure = (message: string, advice?: string) => FileError;

export interface Entry {
  readonly name: string;
  readonly stored: StoredDType;
  readonly shape: number[];
  readonly length: number;
  readonly start: number;
  readonly end: number;
}

/** What makes the errors of a file that is called `name`. */
export function failureOf(name: string | undefined): SafetensorsFailure {
  const start = name === undefined ? "safetensors" : `safetensors file ${name}`;
  return (message, advice = "the file is damaged or not a safetensors file") =>
    new FileError(`${start}: ${message}; ${advice}`);
}

/**
 * Bytes of the header, from the first eight of the file.
 *
 * @param total - bytes of the whole file; the header is not longer than that, whatever it claims.
 */
export function readHeaderLength(bytes: Uint8Array, total: number, fail: SafetensorsFailure): number {
  if (total < PREFIX_BYTES) {
    throw fail(`expected at least ${PREFIX_BYTES} bytes of header length, got ${total} bytes in all`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, PREFIX_BYTES);
  const length = view.getUint32(4, true) * 2 ** 32 + view.getUint32(0, true);
  if (length > MAX_HEADER_BYTES)
    throw fail(`the header claims ${length} bytes, the limit is ${MAX_HEADER_BYTES}`);
  if (PREFIX_BYTES + length > total) {
    throw fail(`the header claims ${length} bytes, only ${total - PREFIX_BYTES} follow`);
  }
  const dataBytes = total - PREFIX_BYTES - length;
  const limit = headerLimit(dataBytes);
  if (length > limit)
    throw fail(`the header claims ${length} bytes, the limit is ${limit} with ${dataBytes} bytes of data`);
  return length;
}

/**
 * What a header says, checked: every tensor has the length that follows from its shape and dtype, and they lie
 * one behind the other.
 *
 * @param dataBytes - bytes of the file behind the header.
 */
export function readHeader(
  bytes: Uint8Array,
  dataBytes: number,
  fail: SafetensorsFailure,
): { entries: Entry[]; metadata: Record<string, string> } {
  const header = parseHeader(bytes, fail);
  const metadata = readMetadata(header[METADATA], fail);
  const names = Object.keys(header).filter((name) => name !== METADATA);
  const entries = names.map((name) => readEntry(name, header[name], fail));
  // An object has lost the place of such names; the data keeps it.
  if (names.some(isIntegerLike)) entries.sort((a, b) => a.start - b.start || a.end - b.end);
  checkCoverage(entries, dataBytes, fail);
  return { entries, metadata };
}

function parseHeader(bytes: Uint8Array, fail: SafetensorsFailure): Record<string, unknown> {
  const problem = headerProblem(bytes);
  if (problem !== null) throw fail(problem);
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
  if (duplicate !== undefined) throw fail(`the header holds the key ${shown(duplicate)} twice`);
  return header as Record<string, unknown>;
}

function readMetadata(value: unknown, fail: SafetensorsFailure): Record<string, string> {
  // The Python package takes null for none.
  if (value === undefined || value === null) return {};
  const pairs = isRecord(value) ? Object.entries(value) : undefined;
  if (pairs === undefined || pairs.some(([, text]) => typeof text !== "string")) {
    throw fail("its __metadata__ must map texts to texts");
  }
  return Object.fromEntries(pairs) as Record<string, string>;
}

function readEntry(name: string, value: unknown, fail: SafetensorsFailure): Entry {
  const quoted = shown(name);
  if (!isRecord(value)) throw fail(`the entry of ${quoted} is not an object`);
  const { dtype, shape, data_offsets: offsets } = value;
  const stored = typeof dtype === "string" ? STORED_DTYPES.get(dtype) : undefined;
  if (stored === undefined) {
    const known = [...STORED_DTYPES.keys()].join(", ");
    throw fail(`${quoted} has dtype ${shown(dtype)}, which cannot be read`, `save it as one of ${known}`);
  }
  if (!isCountArray(shape)) throw fail(`${quoted} has shape ${shown(shape)}`);
  if (!isCountArray(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
    throw fail(`${quoted} has data_offsets ${shown(offsets)}`);
  }
  const length = shape.reduce((product, size) => product * size, 1);
  const [start, end] = offsets;
  if (length * stored.bytes !== end - start) {
    throw fail(
      `${quoted} claims ${end - start} bytes, but ${shown(shape)} of ${dtype} is ${length * stored.bytes}`,
    );
  }
  return { name, stored, shape, length, start, end };
}

/** Tensors must lie one behind the other from the first byte of the data to the last. */
function checkCoverage(entries: readonly Entry[], dataBytes: number, fail: SafetensorsFailure): void {
  let at = 0;
  for (const { name, start, end } of [...entries].sort((a, b) => a.start - b.start || a.end - b.end)) {
    const quoted = shown(name);
    if (start < at) throw fail(`${quoted} starts at byte ${start} of the data and overlaps the one before`);
    if (start > at) throw fail(`bytes ${at} to ${start} of the data, before ${quoted}, belong to no tensor`);
    if (end > dataBytes) throw fail(`${quoted} ends at byte ${end} of the data, which has only ${dataBytes}`);
    at = end;
  }
  if (at !== dataBytes) throw fail(`the last ${dataBytes - at} bytes belong to no tensor`);
}

/** The longest text, and the longest list, that a message shows in full: a header can hold a hundred megabytes. */
const SHOWN_TEXT = 80;
const SHOWN_LIST = 16;

function shown(value: unknown): string {
  if (typeof value === "string")
    return JSON.stringify(value.length > SHOWN_TEXT ? `${value.slice(0, SHOWN_TEXT)}...` : value);
  if (typeof value !== "object" || value === null) return String(value);
  if (!Array.isArray(value)) return "an object";
  const short = value.length <= SHOWN_LIST && value.every((item) => typeof item !== "object");
  return short ? `[${value.map(shown).join(", ")}]` : `a list of ${value.length}`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCountArray(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}
