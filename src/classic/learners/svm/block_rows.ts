/** Rows of a pair of classes in shared memory, computed as they are asked for, and the solution of the pair. No engine. */
import type { Turns } from "../turns.ts";
import { BlockLayout, TILE_ROWS } from "./block_layout.ts";
import { type PanelMemory, PanelProducts, type SvmModules } from "./class_panels.ts";
import { type KernelRows, notFinite } from "./kernel_rows.ts";
import type { Kernel } from "./kernels.ts";
import { type BinarySolution, type SmoSettings, solveSmo } from "./smo.ts";
import { SmoMemory } from "./smo_memory.ts";

/** What workers are sent of the blocks. */
export interface SentBlocks {
  /** Whom messages name. */
  readonly caller: string;
  readonly kernel: Kernel;
  readonly modules: SvmModules;
  readonly memory: WebAssembly.Memory;
  readonly sizes: readonly number[];
  readonly columns: number;
  readonly places: number;
}

/** A pair of classes whose examples are in memory. */
export interface BlockQuestion {
  readonly pair: readonly [number, number];
  readonly signs: Int8Array;
  readonly diagonal: Float64Array;
  readonly settings: SmoSettings;
}

/** Solves pairs of classes at one place of the memory, one after the other. */
export class BlockSolver {
  readonly #memory: PanelMemory;
  readonly #place: number;
  readonly #products: PanelProducts;
  readonly #vectors: SmoMemory;

  constructor({ kernel, modules, memory, sizes, columns, places }: SentBlocks, place: number) {
    const layout = new BlockLayout(sizes, columns, places);
    this.#memory = { modules, memory, layout };
    this.#place = place;
    this.#products = new PanelProducts(this.#memory, kernel, place);
    this.#vectors = new SmoMemory(modules.classic, memory, layout.vectorsAt(place));
  }

  solve({ pair, signs, diagonal, settings }: BlockQuestion, turns: Turns): Promise<BinarySolution> {
    const rows = new BlockRows(this.#memory, this.#products, this.#place, pair, diagonal);
    return solveSmo({ rows, memory: this.#vectors, diagonal, signs, settings }, turns);
  }
}

/** Rows that might be needed besides those that are: a tile for a class with itself takes of them what it has room for. */
const CANDIDATES = 16;

/** The rows of a pair. Those of a class with itself are there for all its pairs: each thread computes the same bits. */
class BlockRows implements KernelRows {
  readonly size: number;
  readonly first: number;
  readonly batch = TILE_ROWS;
  readonly candidates = CANDIDATES;
  readonly #layout: BlockLayout;
  readonly #products: PanelProducts;
  readonly #pair: readonly [number, number];
  readonly #diagonal: Float64Array;
  readonly #floats: Float32Array;
  /** Of each class which rows with itself are there. */
  readonly #known: readonly Uint8Array[];
  /** Which rows are there whole. */
  readonly #has: Uint8Array;
  readonly #own: readonly number[];
  readonly #other: readonly number[];

  constructor(
    { memory, layout }: PanelMemory,
    products: PanelProducts,
    place: number,
    pair: readonly [number, number],
    diagonal: Float64Array,
  ) {
    const sizes = pair.map((c) => layout.sizes[c]);
    this.size = sizes[0] + sizes[1];
    this.first = sizes[0];
    this.#layout = layout;
    this.#products = products;
    this.#pair = pair;
    this.#diagonal = diagonal;
    this.#floats = new Float32Array(memory.buffer);
    this.#known = pair.map((c) => new Uint8Array(memory.buffer, layout.knownAt(c), layout.sizes[c]));
    this.#has = new Uint8Array(this.size);
    this.#own = pair.map((c) => layout.ownAt(c));
    this.#other = [layout.betweenAt(place), layout.turnedAt(place)];
  }

  has(index: number): boolean {
    return this.#has[index] === 1;
  }

  low(index: number): number {
    if (this.#has[index] === 0) return 0;
    const { first } = this;
    return index < first ? this.#own[0] + 4 * index * first : this.#other[1] + 4 * (index - first) * first;
  }

  high(index: number): number {
    const { first, size } = this;
    const second = size - first;
    const at =
      index < first ? this.#other[0] + 4 * index * second : this.#own[1] + 4 * (index - first) * second;
    return at - 4 * first;
  }

  /** @throws ArgumentError for a kernel value that is NaN or infinite. */
  async fetch(indices: readonly number[]): Promise<void> {
    const { first } = this;
    const below = indices.filter((index) => index < first);
    const above = indices.filter((index) => index >= first);
    if (below.length > 0) this.#compute(0, below);
    if (above.length > 0)
      this.#compute(
        1,
        above.map((index) => index - first),
      );
  }

  /** @param side - 0 for examples of the first class, 1 for those of the second. */
  #compute(side: 0 | 1, examples: readonly number[]): void {
    const wanted = examples.slice(0, TILE_ROWS);
    const known = this.#known[side];
    const isMissing = (example: number) => Atomics.load(known, example) === 0;
    if (wanted.some(isMissing)) this.#computeOwn(side, examples.filter(isMissing).slice(0, TILE_ROWS));
    const [from, to] = [this.#pair[side], this.#pair[1 - side]];
    const [start, width] = [this.#other[side], 4 * this.#layout.sizes[to]];
    const wrong = this.#products.rows(from, wanted, to, (example) => start + example * width, null);
    if (wrong >= 0) this.#fail(side, wrong, start + wrong * width, 1 - side);
    for (const example of wanted) this.#has[side * this.first + example] = 1;
  }

  #computeOwn(side: 0 | 1, examples: readonly number[]): void {
    const c = this.#pair[side];
    const [start, width] = [this.#own[side], 4 * this.#layout.sizes[c]];
    const wrong = this.#products.rows(
      c,
      examples,
      c,
      (example) => start + example * width,
      (example) => this.#diagonal[side * this.first + example],
    );
    if (wrong >= 0) this.#fail(side, wrong, start + wrong * width, side);
    for (const example of examples) Atomics.store(this.#known[side], example, 1);
  }

  #fail(side: number, example: number, at: number, other: number): never {
    const row = this.#floats.subarray(at / 4, at / 4 + this.#layout.sizes[this.#pair[other]]);
    throw notFinite(row, side * this.first + example, other * this.first);
  }
}
