/** Typed arrays over the engine's memory, which may grow at any time, from any thread. */
import { bytesOf, type DType, type TypedArray, viewArray } from "../../../base/dtype.ts";

const PAGE = 65536;

export class MemoryViews {
  readonly memory: WebAssembly.Memory;

  constructor(memory: WebAssembly.Memory) {
    this.memory = memory;
  }

  bytes(address: number, bytes: number): Uint8Array {
    return new Uint8Array(this.#buffer(address + bytes), address, bytes);
  }

  array(dtype: DType, address: number, length: number): TypedArray {
    return viewArray(dtype, this.#buffer(address + length * bytesOf(dtype)), address, length);
  }

  /** Makes the memory `pages` long, if it is shorter. */
  grow(pages: number): void {
    const missing = pages - this.memory.buffer.byteLength / PAGE;
    if (missing > 0) this.memory.grow(missing);
  }

  #buffer(end: number): ArrayBufferLike {
    // Another thread's growth shows in a fresh buffer object, which growing by nothing makes.
    if (this.memory.buffer.byteLength < end) this.memory.grow(0);
    return this.memory.buffer;
  }
}
