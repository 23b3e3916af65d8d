/**
 * The books of the wasm engine's memory: one linear memory that grows as needed, with the state buffers and one
 * arena that all programs share. The bytes themselves are touched by the workers only.
 */
import { EngineError, OutOfMemoryError } from "../../../base/errors.ts";
import { formatBytes } from "../../contract/run_program.ts";
import { AddressSpace } from "./address_space.ts";
import { HEAP_BASE } from "./memory_layout.ts";

const PAGE = 65536;
/** What 32-bit addresses reach. If so much cannot be reserved, half of it is asked for, and so on. */
const MOST_PAGES = 65536;
const FEWEST_PAGES = 1024;
/** The kernels' own page and a little: less can hold no program. */
const FEWEST_LIMIT_PAGES = 16;
/** The kernels' own page, and room for the first small buffers. */
const FIRST_PAGES = 2;

/** A place in the memory. It stays the same object when what lies there is moved. */
export interface HeapBlock {
  readonly address: number;
  readonly bytes: number;
}

/** What the heap asks of those who touch the bytes, in order with the runs. */
export interface HeapOrders {
  /** The worker makes its own memory that many pages long, if it is not shared. */
  grow(pages: number): void;
  /** Bytes go to a lower address; the two ranges may overlap. */
  move(from: number, to: number, bytes: number): void;
  /** Fixed blocks that are not in use are given back. */
  letGo(): void;
}

/** Where things would lie. */
interface Arrangement {
  readonly space: AddressSpace;
  readonly moves: readonly (readonly [block: Mutable<HeapBlock>, to: number])[];
  readonly arena: number;
  /** Where the new block would. */
  readonly address: number;
}

type Mutable<T> = { -readonly [key in keyof T]: T[key] };

export class EngineHeap {
  /** The shared memory; undefined if the one worker has a memory of its own. */
  readonly memory: WebAssembly.Memory | undefined;
  readonly limitBytes: number;
  #space: AddressSpace;
  readonly #orders: HeapOrders;
  #pages = FIRST_PAGES;
  /** Bytes of the blocks, movable and fixed: not the arena's. */
  #taken = 0;
  readonly #movable = new Set<Mutable<HeapBlock>>();
  #arena: HeapBlock = { address: HEAP_BASE, bytes: 0 };

  /**
   * @param shared Reserves a shared memory.
   * @param limit Bytes that it may have at most; 4 GiB if it is undefined.
   * @throws EngineError if no memory can be reserved, or the limit is out of range.
   */
  constructor(shared: boolean, orders: HeapOrders, limit?: number) {
    const most = limit === undefined ? MOST_PAGES : pagesOf(limit);
    const reserved = shared ? reserveShared(most) : { memory: undefined, pages: most };
    this.memory = reserved.memory;
    this.limitBytes = reserved.pages * PAGE;
    this.#space = new AddressSpace(HEAP_BASE, this.limitBytes);
    this.#orders = orders;
  }

  /** Where the arena is. */
  get arena(): HeapBlock {
    return this.#arena;
  }

  /**
   * `bytes` free bytes at a multiple of 64, whose contents may be moved; grows the memory if needed.
   *
   * @throws OutOfMemoryError if they do not fit, with `what` needs them.
   */
  allocate(bytes: number, what: string): HeapBlock {
    const block = { address: this.#find(bytes) ?? this.#arrange(this.#arena.bytes, bytes, what), bytes };
    this.#movable.add(block);
    this.#taken += bytes;
    return block;
  }

  free(block: HeapBlock): void {
    this.#movable.delete(block);
    this.unfix(block);
  }

  /** A block that is never moved, for bytes that others write than the workers; null if it does not fit. */
  fix(bytes: number): HeapBlock | null {
    const address = this.#find(bytes);
    if (address === undefined) return null;
    this.#taken += bytes;
    return { address, bytes };
  }

  unfix({ address, bytes }: HeapBlock): void {
    this.#space.give(address, bytes);
    this.#taken -= bytes;
  }

  /**
   * Makes the arena at least so large. It holds nothing between runs, and runs take effect in order: it can move.
   *
   * @throws OutOfMemoryError if it does not fit; it is then as large as before.
   */
  growArena(bytes: number): void {
    if (bytes > this.#arena.bytes) this.#arrange(bytes, 0, "the program's arena");
  }

  #find(bytes: number): number | undefined {
    const address = this.#space.take(bytes);
    if (address === undefined || this.#reach(this.#space.top)) return address;
    this.#space.give(address, bytes);
    return undefined;
  }

  /**
   * Finds room for an arena and a block: moves the arena, which costs nothing, and if that does not do, pushes
   * all blocks together, so that what is free is in one piece.
   *
   * @returns the new block's address.
   */
  #arrange(arenaBytes: number, bytes: number, what: string): number {
    for (const moving of this.#canHold(arenaBytes + bytes) ? [false, true] : []) {
      if (moving) this.#orders.letGo();
      const found = this.#arrangement(arenaBytes, bytes, moving);
      if (found === undefined || !this.#reach(found.space.top)) continue;
      this.#space = found.space;
      this.#arena = { address: found.arena, bytes: arenaBytes };
      for (const [block, to] of found.moves) {
        this.#orders.move(block.address, to, block.bytes);
        block.address = to;
      }
      return found.address;
    }
    const [needed, others] = bytes > 0 ? [bytes, this.#arena.bytes] : [arenaBytes, 0];
    throw new OutOfMemoryError(
      `wasm: out of memory: ${what} needs ${formatBytes(needed)}, ${formatBytes(this.#taken + others)} of at most ` +
        `${formatBytes(this.limitBytes)} are taken; use a smaller batch or smaller images, or free tensors`,
    );
  }

  /** Whether that many bytes would fit beside the movable blocks, if they lay in the best order. */
  #canHold(bytes: number): boolean {
    let most = this.limitBytes - HEAP_BASE;
    for (const block of this.#movable) most -= block.bytes;
    return bytes <= most;
  }

  #arrangement(arenaBytes: number, bytes: number, moving: boolean): Arrangement | undefined {
    const space = this.#space.copy();
    space.give(this.#arena.address, this.#arena.bytes);
    const moves: [Mutable<HeapBlock>, number][] = [];
    if (moving) {
      // From the lowest on: what a block is moved over is free, its own bytes, or moved already.
      for (const block of [...this.#movable].sort((a, b) => a.address - b.address)) {
        space.give(block.address, block.bytes);
        const to = space.takeLowest(block.bytes) as number;
        if (to !== block.address) moves.push([block, to]);
      }
    }
    const arena = space.take(arenaBytes);
    if (arena === undefined) return undefined;
    const address = space.take(bytes);
    return address === undefined ? undefined : { space, moves, arena, address };
  }

  /** Makes sure that the memory has all addresses below `top`. */
  #reach(top: number): boolean {
    const pages = Math.ceil(top / PAGE);
    if (pages <= this.#pages) return true;
    try {
      if (this.memory !== undefined) this.memory.grow(pages - this.#pages);
      else this.#orders.grow(pages);
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
