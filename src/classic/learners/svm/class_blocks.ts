/** Kernel matrices of pairs of classes, computed whole: a few large products in place of many small ones. */
import { computed } from "../products.ts";
import type { RowSource } from "./kernel_rows.ts";
import { type Kernel, kernelTensor, type RowTensors } from "./kernels.ts";

/** The examples of a class in the engine's memory. */
export interface HeldClass extends RowTensors {
  readonly rows: number;
}

/** Kernel values of all examples of two classes, row-major. */
type Block = Float32Array;

/** The rows of a pair, and what gives their memory to the next one. */
export interface BlockRows {
  readonly rows: RowSource["rows"];
  release(): void;
}

/** What a pair works in. */
interface PairMemory {
  readonly rows: Float32Array;
  /** The block between the classes, turned. */
  readonly turned: Block;
}

/** Whether a kernel is made of a matrix multiplication: whole blocks then cost less than the rows that are needed. */
export const isProduct = ({ kernel }: Kernel): boolean =>
  kernel === "linear" || kernel === "poly" || kernel === "rbf";

/** The most memory that blocks take, with the rows taken from them for the pairs that are trained at the same time. */
export function bytesOfBlocks(classes: readonly { readonly rows: number }[], pairsAtOnce: number): number {
  const own = classes.reduce((sum, { rows }) => sum + rows * rows, 0);
  const largest = Math.max(0, ...classes.map(({ rows }) => rows));
  return 4 * (own + pairsAtOnce * 6 * largest * largest);
}

/** The blocks of a training set: a class with itself, which all its pairs share, and classes with each other. */
export class ClassBlocks {
  readonly #kernel: Kernel;
  readonly #classes: readonly HeldClass[];
  readonly #own = new Map<number, Promise<Block>>();
  readonly #free: PairMemory[] = [];

  constructor(kernel: Kernel, classes: readonly HeldClass[]) {
    this.#kernel = kernel;
    this.#classes = classes;
  }

  /** The kernel rows of the examples of a pair, those of the first class before those of the second. */
  async pair(a: number, b: number): Promise<BlockRows> {
    const [first, second] = [this.#classes[a].rows, this.#classes[b].rows];
    const [ofA, ofB, between] = await Promise.all([
      this.#ownBlock(a),
      this.#ownBlock(b),
      computed(() => kernelTensor(this.#kernel, this.#classes[a], this.#classes[b])),
    ]);
    const memory = this.#memoryOf(first + second, first * second);
    return {
      rows: rowsOfPair({ ofA, ofB, between, first, second }, memory),
      release: () => this.#free.push(memory),
    };
  }

  /** Memory that no pair is using: each takes megabytes, which the collector would look at again and again. */
  #memoryOf(size: number, turned: number): PairMemory {
    const kept = this.#free.pop();
    const fits = kept !== undefined && kept.rows.length >= size * size && kept.turned.length >= turned;
    if (fits) return kept;
    const largest = Math.max(...this.#classes.map(({ rows }) => rows));
    return { rows: new Float32Array(4 * largest * largest), turned: new Float32Array(largest * largest) };
  }

  #ownBlock(c: number): Promise<Block> {
    let block = this.#own.get(c);
    if (block === undefined) {
      block = computed(() => kernelTensor(this.#kernel, this.#classes[c], this.#classes[c]));
      this.#own.set(c, block);
    }
    return block;
  }
}

interface PairBlocks {
  readonly ofA: Block;
  readonly ofB: Block;
  readonly between: Block;
  readonly first: number;
  readonly second: number;
}

/** What asks for rows one after the other gets each in a place of its own. */
function rowsOfPair({ ofA, ofB, between, first, second }: PairBlocks, memory: PairMemory): RowSource["rows"] {
  const size = first + second;
  let isTurned = false;
  let given = 0;
  return async (indices) => {
    const rows = nextRows(memory, given, indices.length, size);
    given += indices.length;
    for (const [place, i] of indices.entries()) {
      const at = place * size;
      if (i < first) {
        rows.set(rowOf(ofA, i, first), at);
        rows.set(rowOf(between, i, second), at + first);
      } else {
        // Columns of a large block are read from far apart: turned once, they are rows.
        if (!isTurned) transpose(between, first, second, memory.turned);
        isTurned = true;
        rows.set(rowOf(memory.turned, i - first, first), at);
        rows.set(rowOf(ofB, i - first, second), at + first);
      }
    }
    return rows;
  };
}

/** Rows that were dropped and are asked for a second time find no place any more. */
function nextRows({ rows }: PairMemory, given: number, count: number, size: number): Float32Array {
  const end = (given + count) * size;
  return end <= rows.length ? rows.subarray(given * size, end) : new Float32Array(count * size);
}

const rowOf = (block: Block, row: number, columns: number): Block =>
  block.subarray(row * columns, (row + 1) * columns);

/** Side of the tiles in which a block is turned. */
const TILE = 8;

function transpose(block: Block, rows: number, columns: number, turned: Block): void {
  for (let top = 0; top < rows; top += TILE)
    for (let left = 0; left < columns; left += TILE) {
      const [bottom, right] = [Math.min(top + TILE, rows), Math.min(left + TILE, columns)];
      for (let row = top; row < bottom; row++)
        for (let column = left; column < right; column++)
          turned[column * rows + row] = block[row * columns + column];
    }
}
