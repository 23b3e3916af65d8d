/** What a safetensors header is made of, counted in its bytes before it is parsed. */
import { MAX_RANK, MAX_TENSORS } from "./safetensors_limits.ts";

/** Header, entry, shape. */
const DEPTH = 3;

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [LIST, LIST_END, OBJECT, OBJECT_END] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * Whether a header is of a size that can be parsed: `JSON.parse` takes dozens of times the bytes of brackets.
 *
 * @returns what is wrong, or null. That it is JSON is not said.
 */
export function headerProblem(bytes: Uint8Array): string | null {
  /** Commas in each open list or object, from the outermost. */
  const commas = [0, 0, 0, 0];
  const isList = [false, false, false, false];
  let depth = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === QUOTE) i = endOfString(bytes, i);
    else if (byte === LIST_END || byte === OBJECT_END) depth = Math.max(0, depth - 1);
    else if (byte === LIST || byte === OBJECT) {
      if (++depth > DEPTH) return `the header is nested more than ${DEPTH} deep`;
      commas[depth] = 0;
      isList[depth] = byte === LIST;
    } else if (byte === COMMA) {
      const count = ++commas[depth] + 1;
      if (isList[depth] && count > MAX_RANK) return `the header has a list of more than ${MAX_RANK} numbers`;
      if (count > MAX_TENSORS + 1) return `the header has more than ${MAX_TENSORS} entries`;
    }
  }
  return null;
}

function endOfString(bytes: Uint8Array, start: number): number {
  for (let i = start + 1; i < bytes.length; i++) {
    if (bytes[i] === BACKSLASH) i++;
    else if (bytes[i] === QUOTE) return i;
  }
  return bytes.length;
}
