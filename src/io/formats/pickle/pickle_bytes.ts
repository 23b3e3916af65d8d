/** The bytes of a pickle, taken one after the other. */
import type { Failure } from "../format_failure.ts";

/** The bytes end before the pickle does: those who have only read a part of the file read on. */
export class PickleCutShort extends Error {}

/** Longest line of a number or a name, and bytes of an integer. */
const MOST_LINE = 512;
const MOST_INTEGER_BYTES = 32;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const latin1 = new TextDecoder("latin1");

export class PickleBytes {
  at: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #fail: Failure;

  constructor(bytes: Uint8Array, at: number, fail: Failure) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#fail = fail;
    this.at = at;
  }

  get length(): number {
    return this.#bytes.length;
  }

  byte(): number {
    return this.#bytes[this.#advance(1)];
  }

  uint16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }

  int32(): number {
    return this.#view.getInt32(this.#advance(4), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  /** A length: one beyond the bytes cannot be met anyway. */
  uint64(): number {
    const at = this.#advance(8);
    return this.#view.getUint32(at + 4, true) * 2 ** 32 + this.#view.getUint32(at, true);
  }

  float64(): number {
    return this.#view.getFloat64(this.#advance(8), false);
  }

  raw(length: number): Uint8Array {
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  text(length: number): string {
    const bytes = this.raw(length);
    try {
      return utf8.decode(bytes);
    } catch {
      throw this.#fail("the pickle has a text that is not UTF-8");
    }
  }

  /** A text of Python 2, whose encoding is not said. */
  oldText(length: number): string {
    const bytes = this.raw(length);
    try {
      return utf8.decode(bytes);
    } catch {
      return latin1.decode(bytes);
    }
  }

  /** An integer in two's complement, the lowest byte first. */
  integer(length: number): number | bigint {
    if (length > MOST_INTEGER_BYTES)
      throw this.#fail(`the pickle has an integer of ${length} bytes, the limit is ${MOST_INTEGER_BYTES}`);
    const bytes = this.raw(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]);
    return plainInteger(BigInt.asIntN(8 * length, value));
  }

  /** The text up to the end of the line. */
  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.at);
    if (end === -1 && this.#bytes.length - this.at <= MOST_LINE) throw new PickleCutShort();
    if (end === -1 || end - this.at > MOST_LINE)
      throw this.#fail(`the pickle has a line of more than ${MOST_LINE} bytes`);
    const text = this.text(end - this.at);
    this.at++;
    return text;
  }

  #advance(count: number): number {
    const start = this.at;
    if (start + count > this.#bytes.length) throw new PickleCutShort();
    this.at = start + count;
    return start;
  }
}

/** As a number if it is one exactly. */
export function plainInteger(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
