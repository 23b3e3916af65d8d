/** The examples of a training set in panels, and kernel values made of their products. */
import type { Matrix } from "../../matrix.ts";
import { type BlockLayout, PANEL, TILE_ROWS } from "./block_layout.ts";
import type { Kernel } from "./kernels.ts";
import { offsetOf } from "./prepared_rows.ts";
import type { SmoKernels } from "./smo_memory.ts";
import { instanceOf } from "./svm_memory.ts";

/** Whether a kernel is made of a matrix multiplication. */
export const isProduct = ({ kernel }: Kernel): boolean =>
  kernel === "linear" || kernel === "poly" || kernel === "rbf";

/** What is used of the binary of classic kernels. */
interface PanelKernels extends Pick<SmoKernels, "allFinite"> {
  subtractRow(rows: number, count: number, k: number, offset: number): void;
  transpose(
    from: number,
    fromStride: number,
    to: number,
    toStride: number,
    rows: number,
    columns: number,
  ): void;
  halfSquaresOfPanel(panel: number, k: number, to: number): void;
  exampleOfPanel(at: number, k: number, to: number): void;
  rbfOfProducts(
    products: number,
    halves: number,
    own: number,
    factor: number,
    count: number,
    to: number,
  ): number;
}

/** What is used of the engine's binary. */
interface ProductKernels {
  product(...addressesAndSizes: number[]): void;
}

/** The binaries: of classic kernels, and of the wasm engine. */
export interface SvmModules {
  readonly classic: WebAssembly.Module;
  readonly engine: WebAssembly.Module;
}

/** Memory with its layout. */
export interface PanelMemory {
  readonly modules: SvmModules;
  readonly memory: WebAssembly.Memory;
  readonly layout: BlockLayout;
}

/** Puts the examples of each class into memory, before anyone computes there. @param members - their places. */
export function writePanels(
  { modules, memory, layout }: PanelMemory,
  kernel: Kernel,
  x: Matrix,
  members: readonly Int32Array[],
): void {
  const kernels = instanceOf<PanelKernels>(modules.classic, memory);
  const { columns } = layout;
  const rowsAt = layout.examplesAt(0);
  const rows = new Float32Array(memory.buffer, rowsAt, (PANEL + 1) * columns);
  const offset = offsetOf(kernel, x);
  const offsetAt = rowsAt + 4 * PANEL * columns;
  if (offset !== null) rows.set(offset, PANEL * columns);
  for (const [c, places] of members.entries()) {
    for (let first = 0; first < places.length; first += PANEL) {
      const count = Math.min(PANEL, places.length - first);
      for (let i = 0; i < count; i++) {
        const from = places[first + i] * columns;
        rows.set(x.data.subarray(from, from + columns), i * columns);
      }
      rows.fill(0, count * columns, PANEL * columns);
      if (offset !== null) kernels.subtractRow(rowsAt, count, columns, offsetAt);
      const panel = layout.panelsAt(c) + 4 * first * columns;
      kernels.transpose(rowsAt, 4 * columns, panel, 4 * PANEL, PANEL, columns);
      if (kernel.kernel === "rbf") kernels.halfSquaresOfPanel(panel, columns, layout.halvesAt(c) + 4 * first);
    }
  }
}

/** Computes kernel values of a few examples with a whole class. */
export class PanelProducts {
  readonly #kernel: Kernel;
  readonly #layout: BlockLayout;
  readonly #place: number;
  readonly #kernels: PanelKernels;
  readonly #products: ProductKernels;
  readonly #floats: Float32Array;
  /** Offsets of the tile's rows, and of its results. */
  readonly #tables: Uint32Array;

  /** @param place - whose scratch memory it uses. */
  constructor({ modules, memory, layout }: PanelMemory, kernel: Kernel, place: number) {
    this.#kernel = kernel;
    this.#layout = layout;
    this.#place = place;
    this.#kernels = instanceOf<PanelKernels>(modules.classic, memory);
    this.#products = instanceOf<ProductKernels>(modules.engine, memory);
    this.#floats = new Float32Array(memory.buffer);
    this.#tables = new Uint32Array(memory.buffer, layout.tablesAt(place), 2 * TILE_ROWS + 2);
    // One segment: no skip, all columns.
    this.#tables.set([0, layout.columns], 2 * TILE_ROWS);
  }

  /**
   * Writes rows of kernel values: of examples of class `from`, at most a tile's, with all of class `to`. A row is written
   * when it is done: another thread may already read there what it has written, the same.
   *
   * @param at - address of each example's row.
   * @param diagonal - the kernel of an example with itself, if it is of the same class: what products round must not differ
   *   from the exact value by which steps are measured.
   * @returns the first example whose values are not all finite, or -1; its row is written.
   */
  rows(
    from: number,
    examples: readonly number[],
    to: number,
    at: (example: number) => number,
    diagonal: ((example: number) => number) | null,
  ): number {
    const { columns, sizes } = this.#layout;
    const [layout, place, tables] = [this.#layout, this.#place, this.#tables];
    const tablesAt = layout.tablesAt(place);
    const examplesAt = layout.examplesAt(place);
    for (let i = 0; i < TILE_ROWS; i++) {
      const example = examples[Math.min(i, examples.length - 1)];
      const lane = example % PANEL;
      const panel = layout.panelsAt(from) + 4 * (example - lane) * columns;
      this.#kernels.exampleOfPanel(panel + 4 * lane, columns, examplesAt + 4 * i * columns);
      tables[i] = examplesAt + 4 * i * columns;
      tables[TILE_ROWS + i] = layout.resultsAt(place, i);
    }
    this.#products.product(
      ...[1, 1, tablesAt, 0, tablesAt + 8 * TILE_ROWS, 1],
      ...[layout.panelsAt(to), 4 * PANEL * columns, sizes[to] / PANEL],
      ...[tablesAt + 4 * TILE_ROWS, 0, 0, 0, 0],
    );
    for (const [i, example] of examples.entries()) {
      const products = layout.resultsAt(place, i);
      const own = diagonal === null ? null : { example, value: diagonal(example) };
      if (!this.#finish(products, from, example, to, at(example), own)) return example;
    }
    return -1;
  }

  /** Turns products into kernel values. @returns whether all are finite. */
  #finish(
    products: number,
    from: number,
    example: number,
    to: number,
    at: number,
    own: { readonly example: number; readonly value: number } | null,
  ): boolean {
    const { kernel, gamma, degree, coef0 } = this.#kernel;
    const layout = this.#layout;
    const floats = this.#floats;
    const count = layout.sizes[to];
    if (kernel === "rbf") {
      // Rounds to exactly 1.
      if (own !== null) floats[products / 4 + own.example] = Number.POSITIVE_INFINITY;
      const half = floats[layout.halvesAt(from) / 4 + example];
      return this.#kernels.rbfOfProducts(products, layout.halvesAt(to), half, 2 * gamma, count, at) === 1;
    }
    for (let j = 0; j < count; j++) {
      const product = floats[products / 4 + j];
      const value = kernel === "linear" ? product : power(gamma * product + coef0, degree);
      floats[at / 4 + j] = own?.example === j ? own.value : value;
    }
    return this.#kernels.allFinite(at, count) === 1;
  }
}

/** A power; products are faster where a few do. */
function power(base: number, degree: number): number {
  if (degree === 3) return base * base * base;
  return degree === 2 ? base * base : base ** degree;
}
