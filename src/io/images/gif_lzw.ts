/** GIF's variable-length LZW codes. Source: CompuServe, GIF 89a, appendix F. */
import type { ImageFailure } from "./image_failure.ts";

const MAX_CODES = 4096;

/**
 * Unpacks the rows of a frame.
 *
 * @param at - where the data begin: the smallest code size, then blocks of up to 255 bytes.
 * @param row - room for a row, given to `take` when it is full.
 */
export function readLzw(
  bytes: Uint8Array,
  at: number,
  row: Uint8Array,
  rows: number,
  take: (row: Uint8Array, number: number) => void,
  fail: ImageFailure,
): void {
  const start = bytes[at];
  if (!(start >= 1 && start <= 11)) throw fail("its smallest code size is damaged");
  const clear = 1 << start;
  const prefix = new Uint16Array(MAX_CODES);
  const suffix = new Uint8Array(MAX_CODES);
  const stack = new Uint8Array(MAX_CODES + 1);
  for (let code = 0; code < clear; code++) suffix[code] = code;
  const codes = new CodeReader(bytes, at + 1, fail);
  let [size, next, previous, first] = [start + 1, clear + 2, -1, 0];
  let [filled, done] = [0, 0];
  const put = (index: number) => {
    row[filled++] = index;
    if (filled < row.length) return;
    if (done < rows) take(row, done++);
    filled = 0;
  };
  while (done < rows) {
    const code = codes.next(size);
    if (code === clear) {
      [size, next, previous] = [start + 1, clear + 2, -1];
      continue;
    }
    if (code === clear + 1) break;
    if (code > next || (code === next && previous < 0) || (previous < 0 && code > clear))
      throw fail("its packed data is damaged");
    let depth = 0;
    let walk = code;
    // The code that is about to be defined: the string before and its own first index.
    if (code === next) {
      stack[depth++] = first;
      walk = previous;
    }
    for (; walk > clear; walk = prefix[walk]) stack[depth++] = suffix[walk];
    first = suffix[walk];
    put(first);
    while (depth > 0) put(stack[--depth]);
    if (previous >= 0 && next < MAX_CODES) {
      prefix[next] = previous;
      suffix[next] = first;
      next++;
      if (next === 1 << size && size < 12) size++;
    }
    previous = code;
  }
  if (done < rows) throw fail(`its packed data end after ${done} of ${rows} rows`);
}

/** Codes of a number of bits, lowest first, from blocks. */
class CodeReader {
  readonly #bytes: Uint8Array;
  readonly #fail: ImageFailure;
  #at: number;
  #left = 0;
  #bits = 0;
  #count = 0;

  constructor(bytes: Uint8Array, at: number, fail: ImageFailure) {
    this.#bytes = bytes;
    this.#at = at;
    this.#fail = fail;
  }

  next(size: number): number {
    while (this.#count < size) {
      if (this.#left === 0) {
        this.#left = this.#bytes[this.#at++] ?? 0;
        if (this.#left === 0) throw this.#fail("it is cut short");
      }
      if (this.#at >= this.#bytes.length) throw this.#fail("it is cut short");
      this.#bits |= this.#bytes[this.#at++] << this.#count;
      this.#count += 8;
      this.#left--;
    }
    const code = this.#bits & ((1 << size) - 1);
    this.#bits >>>= size;
    this.#count -= size;
    return code;
  }
}
