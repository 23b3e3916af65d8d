/**
 * The books of a CPU engine's memory: one linear memory that grows as needed, with the state buffers, one arena that all
 * programs share, and the inputs of runs. In this order: the heap; which byte ranges are taken; the blocks of inputs; typed
 * arrays over the memory, on any thread.
 */

import { bytesOf, type DType, type TypedArray, viewArray } from "../../../base/dtype.ts";
import { EngineError, OutOfMemoryError } from "../../../base/errors.ts";
import { formatBytes } from "../../contract/run_program.ts";
import { aligned, HEAP_BASE } from "./memory_layout.ts";

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

// Which byte ranges of the memory are taken.

interface Hole {
  address: number;
  bytes: number;
}

/** Allocation over addresses `base` to `limit`. All addresses and sizes are multiples of 64. */
export class AddressSpace {
  readonly #limit: number;
  /** Free ranges below `#top`, by address; no two touch. */
  #holes: Hole[] = [];
  #top: number;

  constructor(base: number, limit: number) {
    this.#top = base;
    this.#limit = limit;
  }

  /** The first address above everything that was ever taken and is still below a taken range. */
  get top(): number {
    return this.#top;
  }

  /** A copy of the same ranges, to see what would fit. */
  copy(): AddressSpace {
    const other = new AddressSpace(this.#top, this.#limit);
    other.#holes = this.#holes.map((hole) => ({ ...hole }));
    return other;
  }

  /** An address of `bytes` free bytes in the tightest place, or undefined if there is none. */
  take(bytes: number): number | undefined {
    const size = aligned(bytes);
    let best: Hole | undefined;
    for (const hole of this.#holes) {
      if (hole.bytes >= size && (best === undefined || hole.bytes < best.bytes)) best = hole;
    }
    return this.#takeFrom(best, size);
  }

  /** The lowest address of `bytes` free bytes, or undefined if there is none. */
  takeLowest(bytes: number): number | undefined {
    const size = aligned(bytes);
    return this.#takeFrom(
      this.#holes.find((hole) => hole.bytes >= size),
      size,
    );
  }

  /** Takes the start of the hole, or what is above everything. */
  #takeFrom(hole: Hole | undefined, size: number): number | undefined {
    if (hole !== undefined) {
      const address = hole.address;
      hole.address += size;
      hole.bytes -= size;
      if (hole.bytes === 0) this.#holes.splice(this.#holes.indexOf(hole), 1);
      return address;
    }
    if (this.#top + size > this.#limit) return undefined;
    const address = this.#top;
    this.#top += size;
    return address;
  }

  give(address: number, bytes: number): void {
    const size = aligned(bytes);
    if (size === 0) return;
    let i = this.#holes.findIndex((hole) => hole.address > address);
    if (i < 0) i = this.#holes.length;
    this.#holes.splice(i, 0, { address, bytes: size });
    this.#join(i);
    this.#join(i - 1);
    const last = this.#holes.at(-1);
    if (last !== undefined && last.address + last.bytes === this.#top) {
      this.#top = last.address;
      this.#holes.pop();
    }
  }

  #join(i: number): void {
    const [hole, next] = [this.#holes[i], this.#holes[i + 1]];
    if (hole === undefined || next === undefined || hole.address + hole.bytes !== next.address) return;
    hole.bytes += next.bytes;
    this.#holes.splice(i + 1, 1);
  }
}

// Blocks of the shared memory into which the caller's thread writes the inputs of a run itself, so that a batch is
// copied once and no garbage is made. Programs read their inputs where they lie.

/** Inputs of a run in their block. */
export interface StagedInputs {
  /** Byte address of each input. */
  readonly addresses: readonly number[];
  /** Writes them there. */
  write(): void;
  /** Hands the block back, once the run is over. */
  release(): void;
}

/** More large runs than this are never under way at once, as long as the caller waits for earlier ones. */
const MOST_BLOCKS = 4;
/**
 * Bytes up to which there may be more: a step of several small runs has them all under way. They are never moved, so
 * they get a small share of the memory.
 */
const MANY_BYTES = 32 * 2 ** 20;
const MANY_SHARE = 1 / 64;

const NOTHING: StagedInputs = { addresses: [], write: () => {}, release: () => {} };

export class InputStaging {
  readonly #heap: EngineHeap;
  readonly #memory: WebAssembly.Memory;
  readonly #manyBytes: number;
  #free: HeapBlock[] = [];
  #blocks = 0;
  /** Bytes of all blocks. */
  bytes = 0;

  constructor(heap: EngineHeap, memory: WebAssembly.Memory) {
    this.#heap = heap;
    this.#memory = memory;
    this.#manyBytes = Math.min(MANY_BYTES, MANY_SHARE * heap.limitBytes);
  }

  /**
   * Finds a free block for the inputs, or returns null if there is none: the inputs then travel with the
   * message.
   *
   * A new block may lie where earlier runs still work, or where bytes are still to be moved away, cleared or written:
   * it is used only when all that is over, after what `earlierRunsDone` returns.
   */
  stage(inputs: readonly TypedArray[], earlierRunsDone: () => Promise<unknown> | null): StagedInputs | null {
    const needed = inputs.reduce((sum, input) => sum + aligned(Math.max(1, input.byteLength)), 0);
    if (needed === 0) return NOTHING;
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
    return this.#placed(block, inputs);
  }

  #placed(block: HeapBlock, inputs: readonly TypedArray[]): StagedInputs {
    let address = block.address;
    // Here, not when they are written: this throws if an input's buffer has been transferred.
    const bytes = inputs.map(
      ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength),
    );
    const addresses = bytes.map(({ length }) => {
      const at = address;
      address += aligned(Math.max(1, length));
      return at;
    });
    const write = () =>
      bytes.forEach((one, i) => new Uint8Array(this.#memory.buffer, addresses[i], one.length).set(one));
    return { addresses, write, release: () => this.#free.push(block) };
  }

  #takeFree(needed: number): HeapBlock | null {
    const i = this.#free.findIndex((block) => block.bytes >= needed);
    return i < 0 ? null : this.#free.splice(i, 1)[0];
  }

  /** A new block, in place of a free one that is too small if there are enough. */
  #make(needed: number): HeapBlock | null {
    const isFull = this.#blocks >= MOST_BLOCKS && this.bytes + needed > this.#manyBytes;
    if (isFull && !this.#giveBack()) return null;
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

/** Typed arrays over the engine's memory, which may grow at any time, from any thread. */
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
