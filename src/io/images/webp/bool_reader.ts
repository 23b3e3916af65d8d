/** VP8's arithmetic decoder. Source: RFC 6386, section 7. */
export class BoolReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  /** 128 to 255 between two bits. */
  #range = 255;
  /** Less than `range << bits`. */
  #value = 0;
  #bits = -8;
  /** Whether more was read than there is. */
  overrun = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** A bit that is 0 with `probability` of 256. */
  bit(probability: number): number {
    if (this.#bits < 0) this.#fill();
    const split = 1 + (((this.#range - 1) * probability) >> 8);
    const compared = split << this.#bits;
    let bit = 0;
    let range = split;
    if (this.#value >= compared) {
      bit = 1;
      range = this.#range - split;
      this.#value -= compared;
    }
    if (range < 128) {
      const shift = Math.clz32(range) - 24;
      range <<= shift;
      this.#bits -= shift;
    }
    this.#range = range;
    return bit;
  }

  /** An unsigned integer of `size` bits, the highest first. */
  integer(size: number): number {
    let value = 0;
    for (let i = 0; i < size; i++) value = (value << 1) | this.bit(128);
    return value;
  }

  /** A flag, and behind it, if it is set, an integer with its sign behind it; else 0. */
  optional(size: number): number {
    if (this.bit(128) === 0) return 0;
    const value = this.integer(size);
    return this.bit(128) === 1 ? -value : value;
  }

  #fill(): void {
    while (this.#bits < 8) {
      if (this.#at >= this.#bytes.length) {
        if (this.#bits >= 0) return;
        this.overrun = true;
      }
      this.#value = (this.#value << 8) | (this.#at < this.#bytes.length ? this.#bytes[this.#at++] : 0);
      this.#bits += 8;
    }
  }
}
