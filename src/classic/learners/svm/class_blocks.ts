/** Kernel matrices of pairs of classes, computed whole: a few large products in place of many small ones. */
import { computed, releaseBuffer } from "../products.ts";
import type { BlockLayout } from "./block_layout.ts";
import { notFinite } from "./kernel_rows.ts";
import { type Kernel, kernelTensor, type RowTensors } from "./kernels.ts";
import type { SmoMemory } from "./smo_memory.ts";

/** The examples of a class in the engine's memory. */
export interface HeldClass extends RowTensors {
  /** A multiple of eight; those behind the examples are zeros. */
  readonly rows: number;
}

/** Whether a kernel is made of a matrix multiplication: whole blocks then cost less than the rows that are needed. */
export const isProduct = ({ kernel }: Kernel): boolean =>
  kernel === "linear" || kernel === "poly" || kernel === "rbf";

/** Computes the blocks of a training set where those who solve pairs find them. */
export class ClassBlocks {
  readonly #kernel: Kernel;
  readonly #classes: readonly HeldClass[];
  readonly #diagonals: readonly Float64Array[];
  readonly #layout: BlockLayout;
  readonly #memory: SmoMemory;
  readonly #own = new Map<number, Promise<void>>();

  /** @param diagonals - for each class the kernel of each example with itself. */
  constructor(
    kernel: Kernel,
    classes: readonly HeldClass[],
    diagonals: readonly Float64Array[],
    { layout, memory }: { readonly layout: BlockLayout; readonly memory: SmoMemory },
  ) {
    this.#kernel = kernel;
    this.#classes = classes;
    this.#diagonals = diagonals;
    this.#layout = layout;
    this.#memory = memory;
  }

  /** Computes what is missing of the rows of a pair that will be solved at a place. @throws ArgumentError for NaN. */
  async compute(place: number, a: number, b: number): Promise<void> {
    const at = this.#layout.betweenAt(place);
    await Promise.all([this.#ownBlock(a), this.#ownBlock(b), this.#block(at, a, b)]);
  }

  #ownBlock(c: number): Promise<void> {
    let block = this.#own.get(c);
    if (block === undefined) {
      block = this.#computeOwn(c);
      this.#own.set(c, block);
    }
    return block;
  }

  async #computeOwn(c: number): Promise<void> {
    const at = this.#layout.ownAt(c);
    const block = await this.#block(at, c, c);
    // What the engine rounds must not differ from the exact value by which steps are measured.
    for (const [i, value] of this.#diagonals[c].entries()) block[i * (this.#classes[c].rows + 1)] = value;
  }

  async #block(at: number, a: number, b: number): Promise<Float32Array> {
    const classes = this.#classes;
    const values = await computed(() => kernelTensor(this.#kernel, classes[a], classes[b]));
    const { buffer, kernels } = this.#memory;
    const block = new Float32Array(buffer, at, values.length);
    block.set(values);
    releaseBuffer(values);
    if (kernels.allFinite(at, block.length) === 1) return block;
    const width = classes[b].rows;
    const row = Math.floor(block.findIndex((value) => !Number.isFinite(value)) / width);
    throw notFinite(block.subarray(row * width, (row + 1) * width), row, a === b ? 0 : classes[a].rows);
  }
}
