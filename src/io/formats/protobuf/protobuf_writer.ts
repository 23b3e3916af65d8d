/**
 * Messages in protobuf's wire format. A subset of our own: all that a format needs are its field numbers, which stand in a
 * handful of lines where they are used; a library would bring its own descriptors, generator and ten times the code.
 *
 * Source: protobuf.dev, "Encoding".
 */

/** How a field's value is written. */
export const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** Writes one message, field by field. */
export class ProtobufWriter {
  readonly #pieces: Uint8Array[] = [];
  #length = 0;

  /** An integer (int32, int64, uint64, bool, enum) within ±(2^53 - 1). */
  integer(field: number, value: number | bigint): this {
    this.#tag(field, WIRE.varint);
    return this.#raw(varint(BigInt.asUintN(64, BigInt(value))));
  }

  double(field: number, value: number): this {
    this.#tag(field, WIRE.fixed64);
    return this.#raw(new Uint8Array(doublesLittleEndian([value])));
  }

  float(field: number, value: number): this {
    const view = new DataView(new ArrayBuffer(4));
    view.setFloat32(0, value, true);
    this.#tag(field, WIRE.fixed32);
    return this.#raw(new Uint8Array(view.buffer));
  }

  /** Bytes as they are; they must not change until the message is written. */
  bytes(field: number, bytes: Uint8Array): this {
    this.#tag(field, WIRE.bytes);
    this.#raw(varint(BigInt(bytes.length)));
    return this.#raw(bytes);
  }

  text(field: number, text: string): this {
    return this.bytes(field, new TextEncoder().encode(text));
  }

  message(field: number, message: ProtobufWriter): this {
    this.#tag(field, WIRE.bytes);
    this.#raw(varint(BigInt(message.#length)));
    for (const piece of message.#pieces) this.#raw(piece);
    return this;
  }

  /** A repeated double, packed. */
  doubles(field: number, values: readonly number[]): this {
    return this.bytes(field, new Uint8Array(doublesLittleEndian(values)));
  }

  /** A repeated float, packed. */
  floats(field: number, values: readonly number[]): this {
    const view = new DataView(new ArrayBuffer(4 * values.length));
    for (let i = 0; i < values.length; i++) view.setFloat32(4 * i, values[i], true);
    return this.bytes(field, new Uint8Array(view.buffer));
  }

  /** A repeated integer, packed. */
  integers(field: number, values: readonly (number | bigint)[]): this {
    const inside = new ProtobufWriter();
    for (const value of values) inside.#raw(varint(BigInt.asUintN(64, BigInt(value))));
    return this.message(field, inside);
  }

  /** The message in one piece. */
  end(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(this.#length);
    let at = 0;
    for (const piece of this.#pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return bytes;
  }

  #tag(field: number, wire: number): void {
    this.#raw(varint(BigInt(field * 8 + wire)));
  }

  #raw(piece: Uint8Array): this {
    this.#pieces.push(piece);
    this.#length += piece.length;
    return this;
  }
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

function doublesLittleEndian(values: readonly number[]): ArrayBuffer {
  const view = new DataView(new ArrayBuffer(8 * values.length));
  for (let i = 0; i < values.length; i++) view.setFloat64(8 * i, values[i], true);
  return view.buffer;
}
