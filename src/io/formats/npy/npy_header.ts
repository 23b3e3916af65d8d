/**
 * The header of `.npy` files: a Python dict, written as its literal.
 *
 * Source: NumPy, numpy/lib/format.py, versions 1.0 to 3.0.
 */
import { MAX_RANK } from "../../safetensors/safetensors_limits.ts";
import type { Failure } from "../format_failure.ts";

export interface NpyHeader {
  /** NumPy's name of the dtype, such as "<f4". */
  readonly descr: string;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
}

/** Longest header; NumPy itself stops at 10,000 bytes. */
export const MOST_HEADER_BYTES = 65_535;

/** Magic and version. */
export const NPY_PREFIX_BYTES = 8;
const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

export function beginsAsNpy(head: Uint8Array): boolean {
  return MAGIC.every((byte, i) => head[i] === byte);
}

/**
 * Where the header lies.
 *
 * @param head - at least the first twelve bytes, or the whole file if that is shorter.
 */
export function npyHeaderPlace(
  head: Uint8Array,
  fail: Failure,
): { readonly start: number; readonly end: number } {
  if (head.length < NPY_PREFIX_BYTES + 2 || !beginsAsNpy(head))
    throw fail("it does not begin as an array of NumPy");
  const [major, minor] = [head[6], head[7]];
  if (major < 1 || major > 3 || minor !== 0)
    throw fail(`it has version ${major}.${minor} of the format, known are 1.0, 2.0 and 3.0`);
  const wide = major > 1;
  const start = NPY_PREFIX_BYTES + (wide ? 4 : 2);
  if (head.length < start) throw fail("it is cut short", "fetch it again");
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const length = wide ? view.getUint32(8, true) : view.getUint16(8, true);
  if (length > MOST_HEADER_BYTES)
    throw fail(`its header claims ${length} bytes, the limit is ${MOST_HEADER_BYTES}`);
  return { start, end: start + length };
}

/** A dtype's name in quotes, a truth value, or a tuple of integers. */
const PAIR =
  /\s*(?:'(\w+)'|"(\w+)")\s*:\s*(?:'([^']*)'|"([^"]*)"|(True|False)|\(([\d\sL,]*)\))\s*(?:,|(?=\}))/y;

/** @param bytes - the header's text: ASCII, or UTF-8 in version 3.0. */
export function parseNpyHeader(bytes: Uint8Array, fail: Failure): NpyHeader {
  const text = new TextDecoder().decode(bytes);
  const wrong = () => fail(`its header is ${JSON.stringify(text.slice(0, 100))}`);
  const inside = /^\s*\{/.exec(text);
  if (inside === null) throw wrong();
  const found: { descr?: string; fortran_order?: boolean; shape?: number[] } = {};
  let at = inside[0].length;
  for (;;) {
    PAIR.lastIndex = at;
    const pair = PAIR.exec(text);
    if (pair === null) break;
    at = PAIR.lastIndex;
    const [, single, double, quoted, doublyQuoted, truth, tuple] = pair;
    const key = single ?? double;
    const name = quoted ?? doublyQuoted;
    if (Object.hasOwn(found, key)) throw wrong();
    if (key === "descr" && name !== undefined) found.descr = name;
    else if (key === "fortran_order" && truth !== undefined) found.fortran_order = truth === "True";
    else if (key === "shape" && tuple !== undefined) found.shape = sizesIn(tuple) ?? undefined;
    else throw wrong();
  }
  if (/^\s*'descr'\s*:\s*\[/.test(text.slice(at)))
    throw fail("it has a structured dtype", "save its fields as arrays of their own");
  const { descr, fortran_order: fortranOrder, shape } = found;
  if (
    descr === undefined ||
    fortranOrder === undefined ||
    shape === undefined ||
    !/^\s*\}\s*$/.test(text.slice(at))
  )
    throw wrong();
  if (shape.length > MAX_RANK) throw fail(`it has ${shape.length} dimensions, the limit is ${MAX_RANK}`);
  return { descr, fortranOrder, shape };
}

/** The sizes in a tuple; Python 2 writes them with an L. */
function sizesIn(tuple: string): number[] | null {
  const parts = tuple.split(",").map((part) => part.trim());
  if (parts[parts.length - 1] === "") parts.pop();
  const sizes = parts.map((part) => (/^\d+L?$/.test(part) ? Number.parseInt(part, 10) : Number.NaN));
  return sizes.every(Number.isSafeInteger) ? sizes : null;
}
