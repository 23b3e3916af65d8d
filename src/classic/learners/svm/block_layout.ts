/** Where the examples and the kernel matrices of pairs of classes are in memory that threads share. */
import { SmoMemory } from "./smo_memory.ts";
import { PAGE } from "./svm_memory.ts";

/** Examples of a panel, and rows of a product: the engine's register tile is as large. */
export const PANEL = 8;
export const TILE_ROWS = 4;

/** Of products: two tables of four offsets, and a segment. */
const TABLE_BYTES = 64;

const aligned = (bytes: number): number => Math.ceil(bytes / 64) * 64;

/**
 * Behind what the binaries themselves use: the examples of each class in panels, half their squared lengths, which rows
 * are there, and the kernel matrix of each class with itself, which all its pairs share; then the places where pairs are
 * solved, each with the rows of either class with the other, vectors, and what products need.
 */
export class BlockLayout {
  /** Rows of each class, multiples of a panel. */
  readonly sizes: readonly number[];
  readonly columns: number;
  readonly bytes: number;
  /** Of kernel values alone. */
  readonly kernelBytes: number;
  readonly #largest: number;
  readonly #panels: readonly number[];
  readonly #halves: readonly number[];
  readonly #known: readonly number[];
  readonly #own: readonly number[];
  readonly #pairsAt: number;
  readonly #pairBytes: number;
  readonly #blockBytes: number;
  #end = PAGE;

  /** @param places - how many pairs are solved at the same time. */
  constructor(sizes: readonly number[], columns: number, places: number) {
    this.sizes = sizes;
    this.columns = columns;
    this.#panels = this.#each((size) => 4 * size * columns);
    this.#halves = this.#each((size) => 4 * size);
    this.#known = this.#each((size) => size);
    this.#own = this.#each((size) => 4 * size * size);
    this.#pairsAt = this.#end;
    const largest = Math.max(0, ...sizes);
    this.#largest = largest;
    this.#blockBytes = 4 * largest * largest;
    this.#pairBytes = 2 * this.#blockBytes + aligned(SmoMemory.bytes(2 * largest)) + this.#productBytes;
    this.bytes = this.#end + places * this.#pairBytes;
    this.kernelBytes = sizes.reduce((sum, size) => sum + 4 * size * size, 0) + places * 2 * this.#blockBytes;
  }

  #each(bytes: (size: number) => number): number[] {
    return this.sizes.map((size) => {
      const start = this.#end;
      this.#end += aligned(bytes(size));
      return start;
    });
  }

  get #resultBytes(): number {
    return aligned(4 * this.#largest);
  }

  get #rowBytes(): number {
    return aligned(4 * this.columns);
  }

  get #productBytes(): number {
    return TABLE_BYTES + TILE_ROWS * this.#resultBytes + (PANEL + 1) * this.#rowBytes;
  }

  /** Of the first panel of a class. */
  panelsAt(c: number): number {
    return this.#panels[c];
  }

  /** Of half the squared lengths of a class. */
  halvesAt(c: number): number {
    return this.#halves[c];
  }

  /** Of a byte for each row of a class with itself: 1 if it is there. */
  knownAt(c: number): number {
    return this.#known[c];
  }

  ownAt(c: number): number {
    return this.#own[c];
  }

  /** Of the rows of a pair's first class with the second. */
  betweenAt(place: number): number {
    return this.#pairsAt + place * this.#pairBytes;
  }

  /** Of the rows of the second with the first. */
  turnedAt(place: number): number {
    return this.betweenAt(place) + this.#blockBytes;
  }

  vectorsAt(place: number): number {
    return this.turnedAt(place) + this.#blockBytes;
  }

  /** Of what products need: tables, a tile's results, and rows of examples. */
  tablesAt(place: number): number {
    return this.betweenAt(place) + this.#pairBytes - this.#productBytes;
  }

  /** Of a row of a tile's results. */
  resultsAt(place: number, row: number): number {
    return this.tablesAt(place) + TABLE_BYTES + row * this.#resultBytes;
  }

  /** As many examples as a panel has, and one more row behind them. */
  examplesAt(place: number): number {
    return this.resultsAt(place, TILE_ROWS);
  }
}
