import type { ForeignFunctions } from "./foreign_functions.ts";

const ALIGNMENT = 64;

/** Scratch of one thread, outside of the engine's memory; all steps share it, one after the other. */
export class OwnScratch {
  readonly #foreign: ForeignFunctions;
  #buffer = new ArrayBuffer(0);
  #address = 0;

  constructor(foreign: ForeignFunctions) {
    this.#foreign = foreign;
  }

  /** Makes sure that there are so many bytes. */
  reserve(bytes: number): void {
    if (bytes + ALIGNMENT <= this.#buffer.byteLength) return;
    this.#buffer = new ArrayBuffer(bytes + ALIGNMENT);
    const start = this.#foreign.addressOf(new Uint8Array(this.#buffer));
    this.#address = Math.ceil(start / ALIGNMENT) * ALIGNMENT;
  }

  /** Where it lies now: it moves when more is reserved. */
  get address(): number {
    return this.#address;
  }
}
