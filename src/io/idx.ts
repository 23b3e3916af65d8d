import { allocateArray, type DType, type TypedArray } from "../base/dtype.ts";
import { FileError } from "../base/errors.ts";

/** What an IDX file holds. */
export interface IdxArray {
  data: TypedArray;
  shape: number[];
  dtype: DType;
}

interface IdxType {
  readonly label: string;
  readonly bytes: number;
  readonly dtype: DType;
  readonly get: (view: DataView, offset: number) => number;
}

/** The format's type codes. Numbers are big-endian; 8- and 16-bit signed ones become int32. */
const TYPES: ReadonlyMap<number, IdxType> = new Map([
  [0x08, { label: "unsigned byte", bytes: 1, dtype: "uint8", get: (v, o) => v.getUint8(o) }],
  [0x09, { label: "signed byte", bytes: 1, dtype: "int32", get: (v, o) => v.getInt8(o) }],
  [0x0b, { label: "short", bytes: 2, dtype: "int32", get: (v, o) => v.getInt16(o) }],
  [0x0c, { label: "int", bytes: 4, dtype: "int32", get: (v, o) => v.getInt32(o) }],
  [0x0d, { label: "float", bytes: 4, dtype: "float32", get: (v, o) => v.getFloat32(o) }],
  [0x0e, { label: "double", bytes: 8, dtype: "float64", get: (v, o) => v.getFloat64(o) }],
] as [number, IdxType][]);

/**
 * Parses an IDX file, the format of MNIST and Fashion-MNIST.
 *
 * Bytes are not copied: for `unsigned byte` data, `data` is a view of `bytes`.
 *
 * @param options.name - how messages call the file
 * @param options.dimensions - how many dimensions are expected (3 for images, 1 for labels)
 * @throws FileError for a wrong magic number, a header or data cut short, more data than the header says,
 *   and sizes that do not fit the file. Nothing is allocated on the word of the header alone.
 * Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database", section "The IDX file format".
 * @example
 * const { data, shape } = parseIdx(bytes, { name: "train-images-idx3-ubyte", dimensions: 3 });
 */
export function parseIdx(
  bytes: Uint8Array,
  options: { name?: string | undefined; dimensions?: number | undefined } = {},
): IdxArray {
  const what = options.name === undefined ? "IDX data" : `IDX file ${options.name}`;
  const { type, shape, start } = parseIdxHeader(bytes, what, options.dimensions);
  const length = shape.reduce((product, size) => product * size, 1);
  const found = bytes.length - start;
  if (length * type.bytes !== found) {
    const trouble = length * type.bytes > found ? "cut short" : "longer than its header says";
    throw new FileError(
      `${what} is ${trouble}: [${shape.join(", ")}] of ${type.label} needs ${length * type.bytes} bytes ` +
        `after the header, found ${found}; fetch the file again`,
    );
  }
  if (type.dtype === "uint8") return { data: bytes.subarray(start), shape, dtype: "uint8" };
  const view = new DataView(bytes.buffer, bytes.byteOffset + start);
  const data = allocateArray(type.dtype, length);
  for (let i = 0; i < length; i++) data[i] = type.get(view, i * type.bytes);
  return { data, shape, dtype: type.dtype };
}

/** Writes an IDX file: uint8 as unsigned byte, int32 as int, float32 and float64 as they are. */
export function encodeIdx(array: Readonly<IdxArray>): Uint8Array {
  const codes: Partial<Record<DType, number>> = { uint8: 0x08, int32: 0x0c, float32: 0x0d, float64: 0x0e };
  const code = codes[array.dtype];
  if (code === undefined)
    throw new FileError(`IDX files cannot hold ${array.dtype}; use uint8, int32 or a float`);
  const { bytes: size } = TYPES.get(code) as IdxType;
  const start = 4 + 4 * array.shape.length;
  const bytes = new Uint8Array(start + size * array.data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, (code << 8) | array.shape.length);
  array.shape.forEach((n, i) => {
    view.setUint32(4 + 4 * i, n);
  });
  for (let i = 0; i < array.data.length; i++) {
    const at = start + i * size;
    if (array.dtype === "uint8") view.setUint8(at, array.data[i]);
    else if (array.dtype === "int32") view.setInt32(at, array.data[i]);
    else if (array.dtype === "float32") view.setFloat32(at, array.data[i]);
    else view.setFloat64(at, array.data[i]);
  }
  return bytes;
}

function parseIdxHeader(
  bytes: Uint8Array,
  what: string,
  dimensions: number | undefined,
): { type: IdxType; shape: number[]; start: number } {
  if (bytes.length < 4)
    throw new FileError(`${what} is cut short: ${bytes.length} bytes, the header needs 4 or more`);
  const type = TYPES.get(bytes[2]);
  if (bytes[0] !== 0 || bytes[1] !== 0 || type === undefined || bytes[3] === 0) {
    const magic = [...bytes.subarray(0, 4)].map((b) => b.toString(16).padStart(2, "0")).join(" ");
    const hint = bytes[0] === 0x1f && bytes[1] === 0x8b ? " (it is still gzipped: unpack it)" : "";
    throw new FileError(`${what} is not IDX: it starts with ${magic}, expected 00 00, a type, a rank${hint}`);
  }
  const rank = bytes[3];
  if (dimensions !== undefined && rank !== dimensions) {
    throw new FileError(`${what} has ${rank} dimensions, expected ${dimensions}; images and labels swapped?`);
  }
  const start = 4 + 4 * rank;
  if (bytes.length < start) {
    throw new FileError(`${what} is cut short: ${bytes.length} bytes, its header alone needs ${start}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, start);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  return { type, shape, start };
}
