/**
 * A small writer of WebAssembly binaries: module sections, functions with typed locals, structured control
 * flow, and the numeric and SIMD instructions that generated loops need.
 *
 * Source: WebAssembly Core Specification 3.0, chapter 5 (binary format), and the relaxed SIMD proposal.
 */
import type { OpName, SimdName } from "./opcodes.ts";
import { OP, SIMD } from "./opcodes.ts";

export type ValueType = "i32" | "i64" | "f32" | "f64" | "v128";

const TYPE_CODE: Record<ValueType, number> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b };
const VOID = 0x40;

/** A growing array of bytes. */
class Bytes {
  #data = new Uint8Array(256);
  #length = 0;
  #view = new DataView(this.#data.buffer);

  get length(): number {
    return this.#length;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#data[this.#length++] = value;
  }

  append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#data.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Unsigned LEB128. */
  unsigned(value: number): void {
    let rest = value >>> 0;
    while (rest >= 0x80) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.byte(rest);
  }

  /** Signed LEB128 of a 32-bit integer. */
  signed(value: number): void {
    let rest = value | 0;
    for (;;) {
      const low = rest & 0x7f;
      rest >>= 7;
      if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) {
        this.byte(low);
        return;
      }
      this.byte(low | 0x80);
    }
  }

  float32(value: number): void {
    this.#reserve(4);
    this.#view.setFloat32(this.#length, value, true);
    this.#length += 4;
  }

  float64(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  name(text: string): void {
    const encoded = new TextEncoder().encode(text);
    this.unsigned(encoded.length);
    this.append(encoded);
  }

  take(): Uint8Array<ArrayBuffer> {
    return this.#data.slice(0, this.#length);
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#data.length) return;
    const grown = new Uint8Array(Math.max(this.#data.length * 2, this.#length + count));
    grown.set(this.#data);
    this.#data = grown;
    this.#view = new DataView(grown.buffer);
  }
}

/** A function parameter or local: its index and type. */
export interface Local {
  readonly index: number;
  readonly type: ValueType;
}

/** One function being written: every method appends an instruction. */
export class FunctionBuilder {
  readonly params: readonly Local[];
  readonly #locals: ValueType[] = [];
  readonly #code = new Bytes();

  constructor(params: readonly ValueType[]) {
    this.params = params.map((type, index) => ({ index, type }));
  }

  local(type: ValueType): Local {
    this.#locals.push(type);
    return { index: this.params.length + this.#locals.length - 1, type };
  }

  get(local: Local): this {
    this.#code.byte(0x20);
    this.#code.unsigned(local.index);
    return this;
  }

  set(local: Local): this {
    this.#code.byte(0x21);
    this.#code.unsigned(local.index);
    return this;
  }

  tee(local: Local): this {
    this.#code.byte(0x22);
    this.#code.unsigned(local.index);
    return this;
  }

  /** Pops into a new local of this type. */
  keep(type: ValueType): Local {
    const local = this.local(type);
    this.set(local);
    return local;
  }

  i32(value: number): this {
    this.#code.byte(0x41);
    this.#code.signed(value);
    return this;
  }

  f32(value: number): this {
    this.#code.byte(0x43);
    this.#code.float32(value);
    return this;
  }

  f64(value: number): this {
    this.#code.byte(0x44);
    this.#code.float64(value);
    return this;
  }

  /** Four copies of one float. */
  v128f32(value: number): this {
    this.#code.byte(0xfd);
    this.#code.unsigned(12);
    for (let lane = 0; lane < 4; lane++) this.#code.float32(value);
    return this;
  }

  /** Four 32-bit integers. */
  v128i32(lanes: readonly [number, number, number, number]): this {
    this.#code.byte(0xfd);
    this.#code.unsigned(12);
    for (const lane of lanes) for (let bit = 0; bit < 32; bit += 8) this.#code.byte((lane >>> bit) & 0xff);
    return this;
  }

  op(name: OpName): this {
    const code = OP[name];
    if (code > 0xff) {
      this.#code.byte(code >> 8);
      this.#code.unsigned(code & 0xff);
    } else {
      this.#code.byte(code);
    }
    return this;
  }

  /** A SIMD instruction without immediates. */
  simd(name: SimdName): this {
    this.#code.byte(0xfd);
    this.#code.unsigned(SIMD[name]);
    return this;
  }

  /** A SIMD instruction with a lane number: extract and replace. */
  lane(name: SimdName, lane: number): this {
    this.simd(name);
    this.#code.byte(lane);
    return this;
  }

  shuffle(lanes: readonly number[]): this {
    this.#code.byte(0xfd);
    this.#code.unsigned(13);
    for (const lane of lanes) this.#code.byte(lane);
    return this;
  }

  /** A load or store of a number; `offset` is added to the address on the stack. */
  memory(name: OpName, offset = 0): this {
    this.op(name);
    this.#code.unsigned(0);
    this.#code.unsigned(offset);
    return this;
  }

  /** A SIMD load or store. */
  simdMemory(name: SimdName, offset = 0): this {
    this.simd(name);
    this.#code.unsigned(0);
    this.#code.unsigned(offset);
    return this;
  }

  simdMemoryLane(name: SimdName, offset: number, lane: number): this {
    this.simdMemory(name, offset);
    this.#code.byte(lane);
    return this;
  }

  call(index: number): this {
    this.#code.byte(0x10);
    this.#code.unsigned(index);
    return this;
  }

  /** `if` the value on the stack is not 0. */
  when(body: () => void, otherwise?: () => void): this {
    this.#code.byte(0x04);
    this.#code.byte(VOID);
    body();
    if (otherwise !== undefined) {
      this.#code.byte(0x05);
      otherwise();
    }
    this.#code.byte(0x0b);
    return this;
  }

  /** `do body while (condition)`: the body leaves an i32 on the stack. */
  repeatWhile(body: () => void): this {
    this.#code.byte(0x03);
    this.#code.byte(VOID);
    body();
    this.#code.byte(0x0d);
    this.#code.unsigned(0);
    this.#code.byte(0x0b);
    return this;
  }

  /** `for (; index < end; index += step)` over unsigned numbers; `end` and `index` are i32 locals. */
  loop(index: Local, end: Local, step: number, body: () => void): this {
    this.get(index).get(end).op("i32.lt_u");
    return this.when(() => {
      this.repeatWhile(() => {
        body();
        this.get(index).i32(step).op("i32.add").tee(index).get(end).op("i32.lt_u");
      });
    });
  }

  /** The body of the function as the code section holds it. */
  finish(): Uint8Array {
    const out = new Bytes();
    const runs: [ValueType, number][] = [];
    for (const type of this.#locals) {
      const last = runs.at(-1);
      if (last !== undefined && last[0] === type) last[1]++;
      else runs.push([type, 1]);
    }
    out.unsigned(runs.length);
    for (const [type, count] of runs) {
      out.unsigned(count);
      out.byte(TYPE_CODE[type]);
    }
    out.append(this.#code.take());
    out.byte(0x0b);
    return out.take();
  }
}

interface Signature {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** One module: imports first, then functions; `finish` gives the binary. */
export class ModuleBuilder {
  readonly #types = new Map<string, { index: number; signature: Signature }>();
  readonly #imports: { module: string; name: string; type: number }[] = [];
  readonly #functions: { type: number; code: Uint8Array | undefined }[] = [];
  readonly #exports: { name: string; index: number }[] = [];
  readonly #shared: boolean;

  /** Imports `env.memory`, shared or not. */
  constructor(options: { shared: boolean }) {
    this.#shared = options.shared;
  }

  /** An imported function; all imports come before the first function. Returns its index. */
  importFunction(
    module: string,
    name: string,
    params: readonly ValueType[],
    results: readonly ValueType[],
  ): number {
    if (this.#functions.length > 0) throw new Error("imports must come before functions");
    this.#imports.push({ module, name, type: this.#type({ params, results }) });
    return this.#imports.length - 1;
  }

  /** A function; `write` fills it. Returns its index. */
  defineFunction(
    params: readonly ValueType[],
    results: readonly ValueType[],
    write: (f: FunctionBuilder) => void,
    exportName?: string,
  ): number {
    const entry: { type: number; code: Uint8Array | undefined } = {
      type: this.#type({ params, results }),
      code: undefined,
    };
    const index = this.#imports.length + this.#functions.push(entry) - 1;
    const builder = new FunctionBuilder(params);
    write(builder);
    entry.code = builder.finish();
    if (exportName !== undefined) this.#exports.push({ name: exportName, index });
    return index;
  }

  finish(): Uint8Array<ArrayBuffer> {
    const out = new Bytes();
    out.append(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
    section(out, 1, [...this.#types.values()], (body, { signature }) => {
      body.byte(0x60);
      for (const list of [signature.params, signature.results]) {
        body.unsigned(list.length);
        for (const type of list) body.byte(TYPE_CODE[type]);
      }
    });
    section(out, 2, [undefined, ...this.#imports], (body, entry) => {
      body.name(entry?.module ?? "env");
      body.name(entry?.name ?? "memory");
      if (entry === undefined) {
        body.byte(2);
        body.byte(this.#shared ? 3 : 1);
        body.unsigned(0);
        body.unsigned(65536);
      } else {
        body.byte(0);
        body.unsigned(entry.type);
      }
    });
    section(out, 3, this.#functions, (body, entry) => body.unsigned(entry.type));
    section(out, 7, this.#exports, (body, entry) => {
      body.name(entry.name);
      body.byte(0);
      body.unsigned(entry.index);
    });
    section(out, 10, this.#functions, (body, entry) => {
      const code = entry.code as Uint8Array;
      body.unsigned(code.length);
      body.append(code);
    });
    return out.take();
  }

  #type(signature: Signature): number {
    const key = `${signature.params.join()}>${signature.results.join()}`;
    let entry = this.#types.get(key);
    if (entry === undefined) {
      entry = { index: this.#types.size, signature };
      this.#types.set(key, entry);
    }
    return entry.index;
  }
}

function section<T>(
  out: Bytes,
  id: number,
  entries: readonly T[],
  write: (body: Bytes, entry: T) => void,
): void {
  if (entries.length === 0) return;
  const body = new Bytes();
  body.unsigned(entries.length);
  for (const entry of entries) write(body, entry);
  out.byte(id);
  out.unsigned(body.length);
  out.append(body.take());
}
