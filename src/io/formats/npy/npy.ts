/** Arrays of NumPy, one to a file (`.npy`). */
import type { DType } from "../../../base/dtype.ts";
import { DTypeError } from "../../../base/errors.ts";
import type { NamedArray } from "../../safetensors/safetensors.ts";
import { STORED_DTYPES, type StoredDType, storedBytes } from "../../safetensors/safetensors_dtypes.ts";
import type { ByteSource } from "../byte_source.ts";
import { collectElements, denseStrides, elementsOf, swapElementBytes } from "../element_layout.ts";
import type { Failure } from "../format_failure.ts";
import { type NpyHeader, npyHeaderPlace, parseNpyHeader } from "./npy_header.ts";

/** NumPy's kinds and sizes by the names of `STORED_DTYPES`. */
const DTYPES: Readonly<Record<string, string>> = {
  b1: "BOOL",
  i1: "I8",
  i2: "I16",
  i4: "I32",
  i8: "I64",
  u1: "U8",
  u2: "U16",
  u4: "U32",
  u8: "U64",
  f2: "F16",
  f4: "F32",
  f8: "F64",
};

/** What cannot be read, and what to do about it. */
const REFUSED: Readonly<Record<string, readonly [what: string, advice: string]>> = {
  O: ["Python objects, which only Python can make", "save numbers: array.astype(numpy.float32)"],
  c: ["complex numbers", "save the real and the imaginary part as two arrays"],
  S: ["texts", "save numbers"],
  a: ["texts", "save numbers"],
  U: ["texts", "save numbers"],
  M: ["dates", "save numbers: array.astype(numpy.int64)"],
  m: ["durations", "save numbers: array.astype(numpy.int64)"],
  V: ["raw bytes", "save numbers: array.astype(numpy.float32)"],
  f: ["numbers of more than 64 bits", "save them as float64"],
};

const WRITTEN: Readonly<Partial<Record<DType, string>>> = {
  float64: "<f8",
  float32: "<f4",
  float16: "<f2",
  int64: "<i8",
  int32: "<i4",
  uint8: "|u1",
  bool: "|b1",
};

/** The data begin at a multiple of this. */
const ALIGNMENT = 64;

/**
 * Reads an array. What follows it in the file is left alone, as NumPy does.
 *
 * float16 comes as float16, int8, int16 and uint16 as int32, uint32, int64 and uint64 as int64.
 *
 * @throws FileError for objects, complex numbers and texts, and if the file is shorter than the header claims.
 */
export async function readNpy(source: ByteSource, fail: Failure): Promise<NamedArray> {
  const { start, end } = npyHeaderPlace(await source.read(0, Math.min(12, source.size)), fail);
  if (end > source.size) throw fail("it is cut short", "fetch it again");
  const header = parseNpyHeader(await source.read(start, end), fail);
  const { stored, bigEndian } = dtypeOf(header, fail);
  const length = elementsOf(header.shape);
  const bytes = length * stored.bytes;
  if (!(bytes <= source.size - end))
    throw fail(
      `its header claims ${header.shape.join(" x ") || "1"} elements (${bytes} bytes), ${source.size - end} bytes follow`,
      "the file is cut short: fetch it again",
    );
  const inFile = await source.read(end, end + bytes);
  const { shape } = header;
  const strides = denseStrides(shape, header.fortranOrder ? "first" : "last");
  const own = collectElements(inFile, stored.bytes, { offset: 0, shape, strides });
  if (bigEndian) swapElementBytes(own, stored.bytes);
  const data = stored.read(own.buffer, length, (index) =>
    fail(`element ${index} is beyond ±(2^53 - 1), the integers that can be held`, "save it as float64"),
  );
  return { data, shape: [...shape], dtype: stored.dtype };
}

function dtypeOf(
  { descr }: NpyHeader,
  fail: Failure,
): { readonly stored: StoredDType; readonly bigEndian: boolean } {
  const parts = /^([<>=|]?)([a-zA-Z?])(\d*)/.exec(descr);
  const name = parts === null ? undefined : DTYPES[parts[2] === "?" ? "b1" : `${parts[2]}${parts[3]}`];
  const stored = name === undefined ? undefined : STORED_DTYPES.get(name);
  if (parts === null || stored === undefined || parts[0] !== descr) {
    const refused = Object.hasOwn(REFUSED, parts?.[2] ?? "")
      ? REFUSED[(parts as RegExpExecArray)[2]]
      : undefined;
    const shown = JSON.stringify(descr.slice(0, 40));
    if (refused === undefined) throw fail(`it has the unknown dtype ${shown}`);
    throw fail(`it holds ${refused[0]} (dtype ${shown})`, refused[1]);
  }
  return { stored, bigEndian: parts[1] === ">" };
}

/**
 * An array as the pieces of a `.npy` file, version 1.0: the header and, if possible as a view, the data.
 *
 * @param name - how messages call it.
 * @throws DTypeError for bfloat16, which NumPy does not have.
 */
export function encodeNpyPieces(name: string, { data, shape, dtype }: NamedArray): Uint8Array[] {
  const descr = WRITTEN[dtype];
  if (descr === undefined)
    throw new DTypeError(
      `save: ${name} is ${dtype}, which NumPy does not have; convert it: tensor.to("float32")`,
    );
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const padded = Math.ceil((10 + text.length + 1) / ALIGNMENT) * ALIGNMENT;
  const header = new Uint8Array(padded).fill(0x20);
  header.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, (padded - 10) & 255, (padded - 10) >> 8]);
  header.set(new TextEncoder().encode(text), 10);
  header[padded - 1] = 0x0a;
  return [header, storedBytes(name, data, dtype)];
}
