import { ALIGNMENT, aligned } from "../cpu/memory/memory_layout.ts";
import type { Descriptor, DnnlScope } from "./library/dnnl.ts";
import type { ForeignFunctions } from "./library/foreign_functions.ts";
import { copier } from "./onednn_step.ts";

/** Scratch of one thread, outside of the engine's memory; all steps share it, one after the other. */
export class ThreadScratch {
  readonly #foreign: ForeignFunctions;
  #buffer = new ArrayBuffer(0);
  /** Of the buffer, and of the first aligned byte in it. */
  #start = 0;
  #address = 0;

  constructor(foreign: ForeignFunctions) {
    this.#foreign = foreign;
  }

  /** Makes sure that there are `bytes` bytes. */
  reserve(bytes: number): void {
    if (bytes + ALIGNMENT <= this.#buffer.byteLength) return;
    this.#buffer = new ArrayBuffer(bytes + ALIGNMENT);
    this.#start = this.#foreign.addressOf(new Uint8Array(this.#buffer));
    this.#address = aligned(this.#start);
  }

  /** Sets the first bytes to zero. */
  clear(bytes: number): void {
    new Uint8Array(this.#buffer, this.#address - this.#start, bytes).fill(0);
  }

  /** Where it lies now: it moves when more is reserved. */
  get address(): number {
    return this.#address;
  }
}

/** An operand as a kernel takes it, in place of one that is stored in another way. */
export interface StagingBuffer {
  /** Brings what is stored at `address` into the kernel's form and gives its address. */
  enter(address: number): number;
  /** Where the kernel is to leave what belongs to `address`. */
  place(address: number): number;
  /** Brings what the kernel left into the stored form at `address`. */
  leave(address: number): void;
}

/** Operands of one kernel that need another form, one behind the other in the thread's own scratch. */
export class StagingBuffers {
  readonly #scope: DnnlScope;
  readonly #own: ThreadScratch;
  #bytes = 0;

  constructor(scope: DnnlScope, own: ThreadScratch) {
    this.#scope = scope;
    this.#own = own;
  }

  /** An input; used as it lies if both forms are the same. */
  input(stored: Descriptor, wanted: Descriptor): StagingBuffer {
    if (this.#scope.equal(stored, wanted)) return AS_IT_LIES;
    const copy = copier(this.#scope, stored, wanted);
    const at = this.#reserve(wanted);
    return {
      ...AS_IT_LIES,
      enter: (address) => {
        const to = this.#own.address + at;
        copy(address, to);
        return to;
      },
    };
  }

  /** An output. */
  output(stored: Descriptor, made: Descriptor): StagingBuffer {
    if (this.#scope.equal(stored, made)) return AS_IT_LIES;
    const copy = copier(this.#scope, made, stored);
    const at = this.#reserve(made);
    return {
      ...AS_IT_LIES,
      place: () => this.#own.address + at,
      leave: (address) => copy(this.#own.address + at, address),
    };
  }

  #reserve(layout: Descriptor): number {
    const at = this.#bytes;
    this.#bytes += aligned(this.#scope.bytesOf(layout));
    this.#own.reserve(this.#bytes);
    return at;
  }
}

const AS_IT_LIES: StagingBuffer = {
  enter: (address) => address,
  place: (address) => address,
  leave: () => {},
};
