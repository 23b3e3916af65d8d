/**
 * The books of the wasm engine's memory: one linear memory that grows as needed, with the state buffers and one
 * arena that all programs share. The bytes themselves are touched by the workers only.
 */
import { EngineError, OutOfMemoryError } from "../../base/errors.ts";
import { formatBytes } from "../run_program.ts";
import { AddressSpace } from "./address_space.ts";
import { HEAP_BASE } from "./kernels/memory_layout.ts";

const PAGE = 65536;
/** What 32-bit addresses reach. Where so much cannot be reserved, half of it is asked for, and so on. */
const MOST_PAGES = 65536;
const FEWEST_PAGES = 1024;
/** The kernels' own page and a little: less can hold no program. */
const FEWEST_LIMIT_PAGES = 16;
/** The kernels' own page, and room for the first small buffers. */
const FIRST_PAGES = 2;

export class EngineHeap {
  /** The shared memory; undefined where the one worker has a memory of its own. */
  readonly memory: WebAssembly.Memory | undefined;
  readonly limitBytes: number;
  readonly #space: AddressSpace;
  readonly #growElsewhere: (pages: number) => void;
  #pages = FIRST_PAGES;
  /** Bytes of the buffers and the arena. */
  #taken = 0;
  #arena = { address: 0, bytes: 0 };

  /**
   * @param shared Reserves a shared memory.
   * @param growElsewhere Asks the worker to make its own memory so many pages long, where it is not shared.
   * @param limit Bytes that it may have at most; 4 GiB where it is undefined.
   * @throws EngineError where no memory can be reserved, or the limit is out of range.
   */
  constructor(shared: boolean, growElsewhere: (pages: number) => void, limit?: number) {
    const most = limit === undefined ? MOST_PAGES : pagesOf(limit);
    const reserved = shared ? reserveShared(most) : { memory: undefined, pages: most };
    this.memory = reserved.memory;
    this.limitBytes = reserved.pages * PAGE;
    this.#space = new AddressSpace(HEAP_BASE, this.limitBytes);
    this.#growElsewhere = growElsewhere;
  }

  /** Address and size of the arena. */
  get arena(): { readonly address: number; readonly bytes: number } {
    return this.#arena;
  }

  /**
   * The address of `bytes` free bytes, a multiple of 64; grows the memory where needed.
   *
   * @throws OutOfMemoryError where they do not fit, with `what` needs them.
   */
  take(bytes: number, what: string): number {
    const address = this.#space.take(bytes);
    if (address !== undefined && this.#reach(this.#space.top)) {
      this.#taken += bytes;
      return address;
    }
    if (address !== undefined) this.#space.give(address, bytes);
    throw new OutOfMemoryError(
      `wasm: out of memory: ${what} needs ${formatBytes(bytes)}, ${formatBytes(this.#taken)} of at most ` +
        `${formatBytes(this.limitBytes)} are taken; use a smaller batch or smaller pictures, or free tensors`,
    );
  }

  give(address: number, bytes: number): void {
    this.#space.give(address, bytes);
    this.#taken -= bytes;
  }

  /** Makes the arena at least so large. It holds nothing between runs, and runs take effect in order: it can move. */
  growArena(bytes: number): void {
    const before = this.#arena;
    if (bytes <= before.bytes) return;
    this.give(before.address, before.bytes);
    try {
      this.#arena = { address: this.take(bytes, "the program's arena"), bytes };
    } catch (error) {
      this.#arena = { address: this.take(before.bytes, "the arena"), bytes: before.bytes };
      throw error;
    }
  }

  /** Makes sure that the memory has all addresses below `top`. */
  #reach(top: number): boolean {
    const pages = Math.ceil(top / PAGE);
    if (pages <= this.#pages) return true;
    try {
      if (this.memory !== undefined) this.memory.grow(pages - this.#pages);
      else this.#growElsewhere(pages);
    } catch {
      return false;
    }
    this.#pages = pages;
    return true;
  }
}

/** Whole pages within a limit that was asked for. */
function pagesOf(limit: number): number {
  const pages = Math.floor(limit / PAGE);
  if (pages >= FEWEST_LIMIT_PAGES && pages <= MOST_PAGES) return pages;
  throw new EngineError(
    `expected \`memoryLimit\` to be from ${FEWEST_LIMIT_PAGES * PAGE} to ${MOST_PAGES * PAGE} bytes, got ${limit}`,
  );
}

function reserveShared(most: number): { memory: WebAssembly.Memory; pages: number } {
  for (let pages = most; ; pages = Math.ceil(pages / 2)) {
    try {
      const memory = new WebAssembly.Memory({ initial: FIRST_PAGES, maximum: pages, shared: true });
      return { memory, pages };
    } catch (error) {
      if (pages > FEWEST_PAGES) continue;
      throw new EngineError(`no memory can be reserved: ${(error as Error).message}`);
    }
  }
}
