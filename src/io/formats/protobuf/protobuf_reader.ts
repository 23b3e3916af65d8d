/** Reads messages in protobuf's wire format (the writer beside it says why it is our own), within limits. */
import type { Failure } from "../format_failure.ts";
import { WIRE } from "./protobuf_writer.ts";

/** Messages inside messages; protobuf's own libraries stop at 100. */
const MOST_LEVELS = 64;

/**
 * Walks through the fields of a message:
 *
 * `while (reader.next()) if (reader.field === 1) name = reader.text(); else reader.skip();`
 *
 * Nothing is copied: bytes and messages are views of what was given.
 *
 * @throws FileError for anything that reaches beyond its message, a value of another wire type than is asked for, groups,
 *   and messages nested too deep.
 */
export class ProtobufReader {
  /** The number of the field that `next` found. */
  field = 0;
  #wire = 0;
  #at = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #fail: Failure;
  readonly #level: number;

  constructor(bytes: Uint8Array, fail: Failure, level = 0) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#fail = fail;
    this.#level = level;
    if (level > MOST_LEVELS) throw fail(`messages are nested more than ${MOST_LEVELS} deep`);
  }

  /** Goes to the next field; its value must be read or skipped. False at the end of the message. */
  next(): boolean {
    if (this.#at >= this.#bytes.length) return false;
    const tag = Number(this.#number());
    this.field = Math.floor(tag / 8);
    this.#wire = tag % 8;
    if (this.field === 0 || tag > 0xffffffff) throw this.#fail("a message has a field without a number");
    return true;
  }

  /** The value of an int32, int64, bool or enum. One beyond ±(2^53 - 1) is an error. */
  integer(): number {
    const value = this.bigInteger();
    const number = Number(value);
    if (!Number.isSafeInteger(number))
      throw this.#fail(`field ${this.field} is ${value}, beyond ±(2^53 - 1)`);
    return number;
  }

  /** The value of an int64; one beyond ±(2^53 - 1) is cut to that. */
  saturated(): number {
    return clamped(this.bigInteger());
  }

  bigInteger(): bigint {
    this.#require(WIRE.varint);
    return BigInt.asIntN(64, this.#varint());
  }

  double(): number {
    this.#require(WIRE.fixed64);
    return this.#view.getFloat64(this.#advance(8), true);
  }

  float(): number {
    this.#require(WIRE.fixed32);
    return this.#view.getFloat32(this.#advance(4), true);
  }

  bytes(): Uint8Array {
    this.#require(WIRE.bytes);
    return this.#lengthDelimited();
  }

  text(): string {
    const bytes = this.bytes();
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      throw this.#fail(`field ${this.field} is not UTF-8`);
    }
  }

  message(): ProtobufReader {
    return new ProtobufReader(this.bytes(), this.#fail, this.#level + 1);
  }

  /** Adds the values of a repeated integer, packed or one by one. */
  integersInto(values: (number | bigint)[]): void {
    if (this.#wire !== WIRE.bytes) {
      this.#require(WIRE.varint);
      values.push(this.#signed());
      return;
    }
    const inside = new ProtobufReader(this.bytes(), this.#fail, this.#level + 1);
    while (inside.#at < inside.#bytes.length) values.push(inside.#signed());
  }

  /** Adds the values of a repeated float, packed or one by one. */
  floatsInto(values: number[]): void {
    this.#fixedInto(values, WIRE.fixed32, 4);
  }

  /** Adds the values of a repeated double, packed or one by one. */
  doublesInto(values: number[]): void {
    this.#fixedInto(values, WIRE.fixed64, 8);
  }

  skip(): void {
    if (this.#wire === WIRE.varint) this.#varint();
    else if (this.#wire === WIRE.bytes) this.#lengthDelimited();
    else if (this.#wire === WIRE.fixed64) this.#advance(8);
    else if (this.#wire === WIRE.fixed32) this.#advance(4);
    else throw this.#fail(`field ${this.field} has wire type ${this.#wire}, which is not in use`);
  }

  #fixedInto(values: number[], wire: number, size: 4 | 8): void {
    if (this.#wire === wire) {
      values.push(size === 4 ? this.float() : this.double());
      return;
    }
    const bytes = this.bytes();
    if (bytes.length % size !== 0)
      throw this.#fail(`field ${this.field} has ${bytes.length} bytes of numbers of ${size}`);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at < bytes.length; at += size)
      values.push(size === 4 ? view.getFloat32(at, true) : view.getFloat64(at, true));
  }

  #lengthDelimited(): Uint8Array {
    const length = Number(this.#number());
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  #require(wire: number): void {
    if (this.#wire !== wire)
      throw this.#fail(`field ${this.field} has wire type ${this.#wire}, expected ${wire}`);
  }

  /** A varint as an int64. */
  #signed(): number | bigint {
    const value = this.#number();
    return typeof value === "number" ? value : plain(BigInt.asIntN(64, value));
  }

  /** A varint; a number if it has up to four bytes, as most have: big integers take ten times as long. */
  #number(): number | bigint {
    let value = 0;
    const end = Math.min(this.#at + 4, this.#bytes.length);
    for (let at = this.#at, shift = 0; at < end; at++, shift += 7) {
      const byte = this.#bytes[at];
      value |= (byte & 127) << shift;
      if (byte < 128) {
        this.#at = at + 1;
        return value;
      }
    }
    return this.#varint();
  }

  #varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#bytes[this.#advance(1)];
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asUintN(64, value);
    }
    throw this.#fail("a number has more than ten bytes");
  }

  #advance(count: number): number {
    const start = this.#at;
    if (start + count > this.#bytes.length) throw this.#fail("a message ends before its last field does");
    this.#at = start + count;
    return start;
  }
}

/** An integer as a number, cut to ±(2^53 - 1). */
export function clamped(value: number | bigint): number {
  return Math.min(Math.max(Number(value), -Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
}

function plain(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
