/** Huffman codes written as bits. Source: ITU-T T.81, annexes C and F. */
import type { CodeLengths } from "./jpeg_code_tables.ts";
import { ZIGZAG } from "./jpeg_tables.ts";

/** By symbol: the code times 32, and its length. */
export type CodeBook = Int32Array;

export function codeBook({ counts, symbols }: CodeLengths): CodeBook {
  const book = new Int32Array(256);
  for (let length = 1, code = 0, i = 0; length <= 16; length++, code <<= 1)
    for (let n = 0; n < counts[length - 1]; n++) book[symbols[i++]] = (code++ << 5) | length;
  return book;
}

/** Bytes that grow; a byte of 255 among the bits is followed by a zero. */
export class JpegWriter {
  #bytes = new Uint8Array(1 << 14);
  #length = 0;
  #bits = 0;
  #count = 0;

  /** Bytes outside of the scan. */
  bytes(...values: readonly number[]): void {
    for (const value of values) this.#put(value);
  }

  /** Codes a block of quantised coefficients in natural order, its DC coefficient as the difference to the one before. */
  block(coefficients: Int32Array, before: number, dcBook: CodeBook, acBook: CodeBook): void {
    const difference = coefficients[0] - before;
    const size = sizeOf(difference);
    this.#code(dcBook[size]);
    this.#value(difference, size);
    let run = 0;
    for (let k = 1; k < 64; k++) {
      const value = coefficients[ZIGZAG[k]];
      if (value === 0) {
        run++;
        continue;
      }
      for (; run > 15; run -= 16) this.#code(acBook[0xf0]);
      const bits = sizeOf(value);
      this.#code(acBook[(run << 4) | bits]);
      this.#value(value, bits);
      run = 0;
    }
    if (run > 0) this.#code(acBook[0]);
  }

  /** Fills the last byte with ones; what was written. */
  finish(): Uint8Array {
    if (this.#count > 0) this.#write((1 << (8 - this.#count)) - 1, 8 - this.#count);
    this.bytes(0xff, 0xd9);
    return this.#bytes.slice(0, this.#length);
  }

  #code(entry: number): void {
    this.#write(entry >> 5, entry & 31);
  }

  /** Negative values as their complement. */
  #value(value: number, size: number): void {
    if (size > 0) this.#write((value < 0 ? value - 1 : value) & ((1 << size) - 1), size);
  }

  #write(value: number, size: number): void {
    this.#bits = (this.#bits << size) | value;
    this.#count += size;
    while (this.#count >= 8) {
      this.#count -= 8;
      const byte = (this.#bits >>> this.#count) & 255;
      this.#put(byte);
      if (byte === 255) this.#put(0);
    }
  }

  #put(byte: number): void {
    if (this.#length === this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#length);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes[this.#length++] = byte;
  }
}

const sizeOf = (value: number) => 32 - Math.clz32(Math.abs(value));
