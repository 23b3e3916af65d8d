/**
 * Blocks of the shared memory into which the caller's thread writes the inputs of a run itself, so that a batch is
 * copied once and no garbage is made. Programs read their inputs where they lie.
 */
import type { TypedArray } from "../../../base/dtype.ts";
import type { EngineHeap, HeapBlock } from "./engine_heap.ts";
import { aligned } from "./memory_layout.ts";

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
  #free: HeapBlock[] = [];
  #blocks = 0;
  /** Bytes of all blocks. */
  bytes = 0;

  constructor(heap: EngineHeap, memory: WebAssembly.Memory) {
    this.#heap = heap;
    this.#memory = memory;
  }

  /**
   * Writes the inputs into a free block, or returns null if there is none: the inputs then travel with the
   * message.
   *
   * A new block may lie where earlier runs still work, or where bytes are still to be moved away, cleared or written:
   * it is used only when all that is over, after what `earlierRunsDone` returns.
   */
  stage(inputs: readonly TypedArray[], earlierRunsDone: () => Promise<unknown> | null): StagedInputs | null {
    const needed = inputs.reduce((sum, input) => sum + aligned(Math.max(1, input.byteLength)), 0);
    let block = this.#takeFree(needed);
    if (block === null) {
      block = this.#make(needed);
      if (block === null) return null;
      const over = earlierRunsDone();
      if (over !== null) {
        const late = block;
        const free = () => this.#free.push(late);
        over.then(free, free);
        return null;
      }
    }
    return this.#write(block, inputs);
  }

  #write(block: HeapBlock, inputs: readonly TypedArray[]): StagedInputs {
    let address = block.address;
    const addresses = inputs.map((input) => {
      const at = address;
      const bytes = new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
      new Uint8Array(this.#memory.buffer, at, input.byteLength).set(bytes);
      address += aligned(Math.max(1, input.byteLength));
      return at;
    });
    return { addresses, release: () => this.#free.push(block) };
  }

  #takeFree(needed: number): HeapBlock | null {
    const i = this.#free.findIndex((block) => block.bytes >= needed);
    return i < 0 ? null : this.#free.splice(i, 1)[0];
  }

  /** A new block, in place of a free one that is too small if there are enough. */
  #make(needed: number): HeapBlock | null {
    if (this.#blocks >= MOST_BLOCKS && !this.#giveBack()) return null;
    const block = this.#heap.fix(needed);
    if (block === null) return null;
    this.#blocks++;
    this.bytes += needed;
    return block;
  }

  /** Gives the blocks back that no run uses. */
  letGo(): void {
    while (this.#giveBack());
  }

  #giveBack(): boolean {
    const block = this.#free.pop();
    if (block === undefined) return false;
    this.#heap.unfix(block);
    this.#blocks--;
    this.bytes -= block.bytes;
    return true;
  }
}
