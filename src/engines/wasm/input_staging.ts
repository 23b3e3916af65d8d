/**
 * Blocks of the shared memory into which the caller's thread writes the inputs of a run itself, so that a batch is
 * copied once and no garbage is made. Programs read their inputs where they lie.
 */
import type { TypedArray } from "../../base/dtype.ts";
import { roundUp } from "./address_space.ts";
import type { EngineHeap } from "./engine_heap.ts";

interface Block {
  readonly address: number;
  readonly bytes: number;
}

/** Inputs of a run in their block. */
export interface StagedInputs {
  /** Byte address of each input. */
  readonly addresses: readonly number[];
  /** Hands the block back, once the run is over. */
  release(): void;
}

/** More runs than this are never under way at once, as long as the caller waits for earlier ones. */
const MOST_BLOCKS = 4;

export class InputStaging {
  readonly #heap: EngineHeap;
  readonly #memory: WebAssembly.Memory;
  #free: Block[] = [];
  #blocks = 0;
  /** Bytes of all blocks. */
  bytes = 0;

  constructor(heap: EngineHeap, memory: WebAssembly.Memory) {
    this.#heap = heap;
    this.#memory = memory;
  }

  /**
   * Writes the inputs into a free block, or returns null where there is none: the inputs then travel with the
   * message.
   *
   * A new block may lie where earlier runs still work, so it is used only after `settled`, when they are over.
   */
  stage(inputs: readonly TypedArray[], settled: Promise<unknown> | null): StagedInputs | null {
    const needed = inputs.reduce((sum, input) => sum + roundUp(Math.max(1, input.byteLength)), 0);
    let block = this.#takeFree(needed);
    if (block === null) {
      block = this.#make(needed);
      if (block === null) return null;
      if (settled !== null) {
        const late = block;
        const free = () => this.#free.push(late);
        settled.then(free, free);
        return null;
      }
    }
    return this.#write(block, inputs);
  }

  #write(block: Block, inputs: readonly TypedArray[]): StagedInputs {
    let address = block.address;
    const addresses = inputs.map((input) => {
      const at = address;
      const bytes = new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
      new Uint8Array(this.#memory.buffer, at, input.byteLength).set(bytes);
      address += roundUp(Math.max(1, input.byteLength));
      return at;
    });
    return { addresses, release: () => this.#free.push(block) };
  }

  #takeFree(needed: number): Block | null {
    const i = this.#free.findIndex((block) => block.bytes >= needed);
    return i < 0 ? null : this.#free.splice(i, 1)[0];
  }

  /** A new block, in place of a free one that is too small where there are enough. */
  #make(needed: number): Block | null {
    if (this.#blocks >= MOST_BLOCKS) {
      const small = this.#free.pop();
      if (small === undefined) return null;
      this.#heap.give(small.address, small.bytes);
      this.#blocks--;
      this.bytes -= small.bytes;
    }
    try {
      const block = { address: this.#heap.take(needed, "a program's inputs"), bytes: needed };
      this.#blocks++;
      this.bytes += needed;
      return block;
    } catch {
      return null;
    }
  }
}
