/** Huffman codes of JPEG files, and the bits that they are read from. Source: ITU-T T.81, annexes C and F. */
import type { ImageFailure } from "../image_failure.ts";

/** Codes of up to this many bits are looked up in one step. */
const LOOKUP_BITS = 9;

/** A table of codes, ready to be read by. */
export interface HuffmanTable {
  /** For the next 9 bits: the length of the code in the upper byte, its symbol in the lower; 0 for longer codes. */
  readonly lookup: Uint16Array;
  /** The largest code of each length, -1 if there is none. */
  readonly largest: Int32Array;
  /** What to add to a code of each length to find its symbol. */
  readonly offset: Int32Array;
  readonly symbols: Uint8Array;
}

/** @param counts - how many codes have 1 to 16 bits. */
export function huffmanTable(counts: Uint8Array, symbols: Uint8Array, fail: ImageFailure): HuffmanTable {
  const lookup = new Uint16Array(1 << LOOKUP_BITS);
  const largest = new Int32Array(17).fill(-1);
  const offset = new Int32Array(17);
  let code = 0;
  let index = 0;
  for (let length = 1; length <= 16; length++, code <<= 1) {
    const count = counts[length - 1];
    if (code + count > 1 << length) throw fail("a Huffman table has more codes than fit");
    offset[length] = index - code;
    for (let i = 0; i < count; i++, code++, index++) {
      if (length > LOOKUP_BITS) continue;
      const first = code << (LOOKUP_BITS - length);
      lookup.fill((length << 8) | symbols[index], first, first + (1 << (LOOKUP_BITS - length)));
    }
    if (count > 0) largest[length] = code - 1;
  }
  return { lookup, largest, offset, symbols };
}

/** Bits of one scan, up to the next marker; behind it stand zeros, which {@link EntropyReader.overrun} reports. */
export class EntropyReader {
  /** The next byte to take. */
  at: number;
  readonly #data: Uint8Array;
  readonly #fail: ImageFailure;
  /** The lower `#count` bits are still to be read. */
  #bits = 0;
  #count = 0;
  #padding = 0;
  #ended = false;

  constructor(data: Uint8Array, at: number, fail: ImageFailure) {
    this.#data = data;
    this.at = at;
    this.#fail = fail;
  }

  /** Whether more bits were read than the scan has. */
  get overrun(): boolean {
    return this.#padding > this.#count;
  }

  /** The next symbol of a table. */
  symbol(table: HuffmanTable): number {
    if (this.#count < 16) this.#fill();
    const entry = table.lookup[(this.#bits >>> (this.#count - LOOKUP_BITS)) & ((1 << LOOKUP_BITS) - 1)];
    if (entry !== 0) {
      this.#count -= entry >> 8;
      return entry & 255;
    }
    for (let length = LOOKUP_BITS + 1; length <= 16; length++) {
      const code = (this.#bits >>> (this.#count - length)) & ((1 << length) - 1);
      if (code > table.largest[length]) continue;
      this.#count -= length;
      return table.symbols[table.offset[length] + code];
    }
    throw this.#fail("its compressed data is damaged");
  }

  /** An integer of `size` bits (1 to 16), the smaller half of which stand for negative ones. */
  signed(size: number): number {
    const value = this.bits(size);
    return value < 1 << (size - 1) ? value - (1 << size) + 1 : value;
  }

  /** The next `size` bits, 1 to 16. */
  bits(size: number): number {
    if (this.#count < size) this.#fill();
    this.#count -= size;
    return (this.#bits >>> this.#count) & ((1 << size) - 1);
  }

  /** Goes on behind restart marker `number`. */
  restart(number: number): void {
    if (this.overrun) throw this.#fail("its compressed data is damaged or cut short");
    this.at = nextMarker(this.#data, this.at);
    if (this.#data[this.at] !== 0xff || this.#data[this.at + 1] !== 0xd0 + (number & 7))
      throw this.#fail("a restart marker is missing or out of order");
    this.at += 2;
    this.#bits = 0;
    this.#count = 0;
    this.#padding = 0;
    this.#ended = false;
  }

  #fill(): void {
    const data = this.#data;
    while (this.#count <= 24) {
      let byte = this.#ended ? 0 : data[this.at];
      if (byte === 0xff && data[this.at + 1] === 0) this.at++;
      else if (byte === 0xff || this.at >= data.length) {
        this.#ended = true;
        byte = 0;
      }
      if (this.#ended) this.#padding += 8;
      else this.at++;
      this.#bits = (this.#bits << 8) | byte;
      this.#count += 8;
    }
  }
}

/** Where the next marker stands, fill bytes before it skipped; the length of the data if there is none. */
export function nextMarker(data: Uint8Array, from: number): number {
  for (let at = from; at + 1 < data.length; at++) {
    if (data[at] === 0xff && data[at + 1] !== 0 && data[at + 1] !== 0xff) return at;
  }
  return data.length;
}
