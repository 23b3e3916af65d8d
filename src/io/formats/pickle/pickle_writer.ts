/** Writes the pickles of state dicts: protocol 2, as `torch.save` does. */

const MARK = 0x28;
const GLOBAL = 0x63;
const REDUCE = 0x52;

/** Each method writes one value; what `body` writes lies inside it. */
export class PickleWriter {
  #bytes = new Uint8Array(1024);
  #length = 0;

  constructor() {
    this.#codes(0x80, 2);
  }

  text(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.#codes(0x58, ...littleEndian(bytes.length, 4));
    this.#raw(bytes);
  }

  boolean(value: boolean): void {
    this.#codes(value ? 0x88 : 0x89);
  }

  integer(value: number): void {
    if (value >= 0 && value < 256) this.#codes(0x4b, value);
    else if (value >= -(2 ** 31) && value < 2 ** 31) this.#codes(0x4a, ...littleEndian(value >>> 0, 4));
    else this.#codes(0x8a, 8, ...bigLittleEndian(value));
  }

  float(value: number): void {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, value);
    this.#codes(0x47);
    this.#raw(new Uint8Array(view.buffer));
  }

  /** A tuple of integers. */
  integers(values: readonly number[]): void {
    this.#codes(MARK);
    for (const value of values) this.integer(value);
    this.#codes(0x74);
  }

  global(module: string, name: string): void {
    this.#codes(GLOBAL);
    this.#raw(new TextEncoder().encode(`${module}\n${name}\n`));
  }

  /** What a function makes of the arguments that `body` writes. */
  call(module: string, name: string, body: () => void): void {
    this.global(module, name);
    this.#codes(MARK);
    body();
    this.#codes(0x74, REDUCE);
  }

  /** What a persistent id stands for: a tuple of what `body` writes. */
  persistent(body: () => void): void {
    this.#codes(MARK);
    body();
    this.#codes(0x74, 0x51);
  }

  /** `body` writes keys and values alternately. */
  orderedDict(body: () => void): void {
    this.call("collections", "OrderedDict", () => {});
    this.#items(body);
  }

  /** Texts, numbers and booleans by name; what is none of these is left out. */
  plainDict(values: Readonly<Record<string, unknown>>): void {
    this.#codes(0x7d);
    this.#items(() => {
      for (const [name, value] of Object.entries(values)) {
        if (value !== null && !["string", "number", "boolean"].includes(typeof value)) continue;
        this.text(name);
        if (typeof value === "string") this.text(value);
        else if (typeof value === "boolean") this.boolean(value);
        else if (value === null) this.#codes(0x4e);
        else if (Number.isSafeInteger(value)) this.integer(value as number);
        else this.float(value as number);
      }
    });
  }

  /** Sets on the last value what `body` writes: names and values alternately. */
  attributes(body: () => void): void {
    this.#codes(0x7d);
    this.#items(body);
    this.#codes(0x62);
  }

  end(): Uint8Array {
    this.#codes(0x2e);
    return this.#bytes.slice(0, this.#length);
  }

  #items(body: () => void): void {
    this.#codes(MARK);
    body();
    this.#codes(0x75);
  }

  #codes(...codes: number[]): void {
    this.#raw(codes);
  }

  #raw(bytes: ArrayLike<number>): void {
    const end = this.#length + bytes.length;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(2 * this.#bytes.length, end));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length = end;
  }
}

function littleEndian(value: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => Math.floor(value / 256 ** i) % 256);
}

function bigLittleEndian(value: number): number[] {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, BigInt(value), true);
  return [...bytes];
}
