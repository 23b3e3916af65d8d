/** Where the kernel matrices of pairs of classes are, and how a pair is solved on them. No engine: workers do it. */
import type { Turns } from "../turns.ts";
import type { KernelRows } from "./kernel_rows.ts";
import { type BinarySolution, type SmoSettings, solveSmo } from "./smo.ts";
import { SmoMemory } from "./smo_memory.ts";
import { PAGE } from "./svm_memory.ts";

/**
 * Where blocks are: behind what the binary itself uses each class with itself, which all its pairs share, then the
 * places where pairs are solved, each with the block between its classes, the same turned, and vectors.
 */
export class BlockLayout {
  /** Rows of each class. */
  readonly sizes: readonly number[];
  readonly bytes: number;
  readonly #own: readonly number[];
  readonly #pairsAt: number;
  readonly #pairBytes: number;
  readonly #blockBytes: number;

  /** @param pairs - how many are solved, or wait to be, at the same time. */
  constructor(sizes: readonly number[], pairs: number) {
    this.sizes = sizes;
    let at = PAGE;
    this.#own = sizes.map((size) => {
      const start = at;
      at += 4 * size * size;
      return start;
    });
    this.#pairsAt = at;
    const largest = Math.max(0, ...sizes);
    this.#blockBytes = 4 * largest * largest;
    this.#pairBytes = 2 * this.#blockBytes + SmoMemory.bytes(2 * largest);
    this.bytes = at + pairs * this.#pairBytes;
  }

  ownAt(c: number): number {
    return this.#own[c];
  }

  /** Of the block between the classes of a pair. */
  betweenAt(place: number): number {
    return this.#pairsAt + place * this.#pairBytes;
  }

  turnedAt(place: number): number {
    return this.betweenAt(place) + this.#blockBytes;
  }

  vectorsAt(place: number): number {
    return this.turnedAt(place) + this.#blockBytes;
  }

  /** Rows of the pair that is solved at a place. */
  rowsOf(place: number, a: number, b: number): BlockRows {
    const [first, second] = [this.sizes[a], this.sizes[b]];
    const [own, other] = [this.ownAt(a), this.ownAt(b)];
    return new BlockRows({ first, second, own, other, ...this.#betweens(place) });
  }

  #betweens(place: number) {
    return { between: this.betweenAt(place), turned: this.turnedAt(place) };
  }
}

interface BlockAddresses {
  readonly first: number;
  readonly second: number;
  /** Of the first class with itself. */
  readonly own: number;
  /** Of the second class with itself. */
  readonly other: number;
  /** Of the first class with the second, and of the second with the first. */
  readonly between: number;
  readonly turned: number;
}

/** The rows of a pair, all of which are there. */
class BlockRows implements KernelRows {
  readonly size: number;
  readonly first: number;
  readonly batch = Number.MAX_SAFE_INTEGER;
  readonly #at: BlockAddresses;

  constructor(at: BlockAddresses) {
    this.size = at.first + at.second;
    this.first = at.first;
    this.#at = at;
  }

  has(): boolean {
    return true;
  }

  low(index: number): number {
    const { first, own, turned } = this.#at;
    return index < first ? own + 4 * index * first : turned + 4 * (index - first) * first;
  }

  high(index: number): number {
    const { first, second, between, other } = this.#at;
    const at = index < first ? between + 4 * index * second : other + 4 * (index - first) * second;
    return at - 4 * first;
  }

  async fetch(): Promise<void> {}
}

/** What workers are sent of the blocks. */
export interface SentBlocks {
  /** Whom messages name. */
  readonly caller: string;
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly sizes: readonly number[];
  readonly places: number;
}

/** A pair of classes whose blocks are in memory. */
export interface BlockQuestion {
  readonly place: number;
  readonly pair: readonly [number, number];
  readonly signs: Int8Array;
  readonly diagonal: Float64Array;
  readonly settings: SmoSettings;
}

/** Solves a pair. @param memory - the vectors of its place. */
export function solveBlocks(
  layout: BlockLayout,
  memory: SmoMemory,
  { place, pair, signs, diagonal, settings }: BlockQuestion,
  turns: Turns,
): Promise<BinarySolution> {
  turnBlock(memory, layout, place, pair);
  const rows = layout.rowsOf(place, ...pair);
  return solveSmo({ rows, memory, diagonal, signs, settings }, turns);
}

/** Columns that are turned together: the lines that they become do not push each other out of the cache. */
const STRIP = 8;

/** Turns the block between the classes of a pair: columns of a large block are read from far apart. */
function turnBlock(
  { kernels }: SmoMemory,
  layout: BlockLayout,
  place: number,
  [a, b]: readonly [number, number],
): void {
  const [first, second] = [4 * layout.sizes[a], 4 * layout.sizes[b]];
  let [from, to] = [layout.betweenAt(place), layout.turnedAt(place)];
  for (let column = 0; column < second; column += 4 * STRIP) {
    kernels.transpose(from, second, to, first, first / 4, STRIP);
    from += 4 * STRIP;
    to += STRIP * first;
  }
}
