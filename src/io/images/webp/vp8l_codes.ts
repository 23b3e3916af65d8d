/** Bits and prefix codes of lossless WebP. Source: RFC 9649, sections 3.4 and 3.7. */
import type { ImageFailure } from "../image_failure.ts";

const LOOKUP_BITS = 8;
const MAX_LENGTH = 15;

/** Bits, the lowest of a byte first; behind the last stand zeros. */
export class BitReader {
  readonly #bytes: Uint8Array;
  readonly #fail: ImageFailure;
  #at = 0;
  #bits = 0;
  #count = 0;
  #padding = 0;

  constructor(bytes: Uint8Array, fail: ImageFailure) {
    this.#bytes = bytes;
    this.#fail = fail;
  }

  /** @throws FileError if more bits were read than there are. */
  check(): void {
    if (this.#padding > this.#count) throw this.#fail("it is cut short");
  }

  /** An integer of up to 24 bits. */
  read(size: number): number {
    if (this.#count < size) this.#fill();
    const value = this.#bits & ((1 << size) - 1);
    this.#bits >>>= size;
    this.#count -= size;
    return value;
  }

  /** The next symbol of a code. */
  symbol(code: PrefixCode): number {
    if (this.#count < MAX_LENGTH) this.#fill();
    const entry = code.lookup[this.#bits & ((1 << LOOKUP_BITS) - 1)];
    if (entry !== LONG) {
      const length = entry & 15;
      this.#bits >>>= length;
      this.#count -= length;
      return entry >> 4;
    }
    let value = 0;
    for (let length = 1; length <= MAX_LENGTH; length++) {
      value = (value << 1) | ((this.#bits >>> (length - 1)) & 1);
      const place = value - code.first[length];
      if (place >= code.counts[length]) continue;
      this.#bits >>>= length;
      this.#count -= length;
      return code.symbols[code.offset[length] + place];
    }
    throw this.#fail("its packed data is damaged");
  }

  #fill(): void {
    while (this.#count <= 24) {
      if (this.#at < this.#bytes.length) this.#bits |= this.#bytes[this.#at++] << this.#count;
      else this.#padding += 8;
      this.#count += 8;
    }
  }
}

/** For a longer code than are looked up. */
const LONG = 0xffff;

/** A canonical prefix code. */
export interface PrefixCode {
  /** By the next 8 bits: the symbol times 16 and the length of its code. */
  readonly lookup: Uint16Array;
  /** Of each length: the first code, how many there are, and where their symbols begin. */
  readonly first: Uint16Array;
  readonly counts: Uint16Array;
  readonly offset: Uint16Array;
  readonly symbols: Uint16Array;
}

/** The code of lengths by symbol, 0 for symbols that do not occur; of a single symbol it has no bits. */
export function prefixCode(lengths: Uint8Array, fail: ImageFailure): PrefixCode {
  const counts = new Uint16Array(MAX_LENGTH + 1);
  for (const length of lengths) counts[length]++;
  counts[0] = 0;
  const first = new Uint16Array(MAX_LENGTH + 1);
  const offset = new Uint16Array(MAX_LENGTH + 1);
  const lookup = new Uint16Array(1 << LOOKUP_BITS).fill(LONG);
  let [code, total] = [0, 0];
  for (let length = 1; length <= MAX_LENGTH; length++) {
    code <<= 1;
    first[length] = code;
    offset[length] = total;
    code += counts[length];
    total += counts[length];
  }
  const symbols = new Uint16Array(total);
  const next = offset.slice();
  for (let symbol = 0; symbol < lengths.length; symbol++)
    if (lengths[symbol] > 0) symbols[next[lengths[symbol]]++] = symbol;
  if (total === 1) return { lookup: lookup.fill(symbols[0] << 4), first, counts, offset, symbols };
  // All codes together are all there can be.
  if (total === 0 || code !== 1 << MAX_LENGTH) throw fail("a table of codes is damaged");
  for (let length = 1; length <= LOOKUP_BITS; length++) {
    for (let i = 0; i < counts[length]; i++) {
      const start = reversed(first[length] + i, length);
      const entry = (symbols[offset[length] + i] << 4) | length;
      for (let at = start; at < lookup.length; at += 1 << length) lookup[at] = entry;
    }
  }
  return { lookup, first, counts, offset, symbols };
}

function reversed(code: number, length: number): number {
  let result = 0;
  for (let i = 0; i < length; i++) result |= ((code >> i) & 1) << (length - 1 - i);
  return result;
}

const LENGTH_ORDER = [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

/** Reads a prefix code of an alphabet. */
export function readPrefixCode(reader: BitReader, alphabet: number, fail: ImageFailure): PrefixCode {
  const lengths = new Uint8Array(alphabet);
  if (reader.read(1) === 1) {
    const count = reader.read(1) + 1;
    const symbols = [reader.read(reader.read(1) === 1 ? 8 : 1)];
    if (count === 2) symbols.push(reader.read(8));
    for (const symbol of symbols) {
      if (symbol >= alphabet) throw fail("a table of codes is damaged");
      lengths[symbol] = 1;
    }
  } else readLengths(reader, lengths, fail);
  reader.check();
  return prefixCode(lengths, fail);
}

function readLengths(reader: BitReader, lengths: Uint8Array, fail: ImageFailure): void {
  const ofLengths = new Uint8Array(19);
  const count = 4 + reader.read(4);
  for (let i = 0; i < count; i++) ofLengths[LENGTH_ORDER[i]] = reader.read(3);
  const code = prefixCode(ofLengths, fail);
  let left = lengths.length;
  if (reader.read(1) === 1) {
    left = 2 + reader.read(2 + 2 * reader.read(3));
    if (left > lengths.length) throw fail("a table of codes is damaged");
  }
  let previous = 8;
  for (let symbol = 0; symbol < lengths.length && left > 0; left--) {
    const length = reader.symbol(code);
    if (length < 16) {
      lengths[symbol++] = length;
      if (length > 0) previous = length;
      continue;
    }
    const repeat =
      length === 16 ? 3 + reader.read(2) : length === 17 ? 3 + reader.read(3) : 11 + reader.read(7);
    if (symbol + repeat > lengths.length) throw fail("a table of codes is damaged");
    if (length === 16) lengths.fill(previous, symbol, symbol + repeat);
    symbol += repeat;
  }
}
