/** Kernel rows of the examples of two classes. */
import { cat } from "../../../tensor/functions/shape/joining.ts";
import { fromTypedArray } from "../../../tensor/tensor.ts";
import { type Matrix, takeRows } from "../../matrix.ts";
import { computed, held } from "../products.ts";
import type { Turns } from "../turns.ts";
import { bytesOfBlocks, ClassBlocks, type HeldClass, isProduct } from "./class_blocks.ts";
import type { RowSource } from "./kernel_rows.ts";
import {
  type Kernel,
  KernelSide,
  kernelDiagonal,
  kernelTensor,
  offsetOf,
  type PreparedRows,
  prepareRows,
  rowTensors,
} from "./kernels.ts";

/** The examples of a pair of classes and their kernel rows. */
export interface PairRows {
  /** Places among all examples, those of the first class before those of the second; -1 for a place without an example. */
  readonly examples: Int32Array;
  /** 1 for the first class, -1 for the second, 0 for a place without one. */
  readonly signs: Int8Array;
  readonly source: RowSource;
  /** To be called when no row is needed any more. */
  release(): void;
}

/** Classes are filled up to a multiple of this, so that few shapes of products are compiled. */
const ROUNDED = 128;

/** Rows that are computed together: enough for a fast product, few enough that most of them are used. */
const ROWS_AT_ONCE = 64;

interface TrainingParts {
  readonly prepared: PreparedRows;
  readonly held: readonly HeldClass[];
  readonly blocks: ClassBlocks | null;
  readonly turns: Turns;
}

/** What a training may take. */
export interface TrainingMemory {
  /** For kernel values. */
  readonly bytes: number;
  /** How many pairs are trained at the same time. */
  readonly pairsAtOnce: number;
  readonly turns: Turns;
}

/** The examples of a training set, held by the engine class by class, so that each pair of classes finds its own. */
export class TrainingKernel {
  readonly kernel: Kernel;
  readonly #x: Matrix;
  readonly #members: readonly Int32Array[];
  readonly #prepared: PreparedRows;
  readonly #held: readonly HeldClass[];
  readonly #blocks: ClassBlocks | null;
  readonly #diagonal: Float64Array;
  readonly #turns: Turns;

  private constructor(kernel: Kernel, x: Matrix, members: readonly Int32Array[], parts: TrainingParts) {
    this.kernel = kernel;
    this.#x = x;
    this.#members = members;
    this.#turns = parts.turns;
    this.#diagonal = kernelDiagonal(kernel, x);
    this.#prepared = parts.prepared;
    this.#held = parts.held;
    this.#blocks = parts.blocks;
  }

  /**
   * @param members - places of the examples of each class.
   */
  static async of(
    kernel: Kernel,
    x: Matrix,
    members: readonly Int32Array[],
    { bytes, pairsAtOnce, turns }: TrainingMemory,
  ): Promise<TrainingKernel> {
    const isOwn = typeof kernel.kernel !== "string" || kernel.kernel === "precomputed";
    const prepared = prepareRows(x, offsetOf(kernel, x));
    const classes: HeldClass[] = [];
    for (const places of isOwn ? [] : members) classes.push(await heldClass(prepared, places));
    const fit = isProduct(kernel) && bytesOfBlocks(classes, pairsAtOnce) <= bytes;
    const blocks = fit ? new ClassBlocks(kernel, classes) : null;
    return new TrainingKernel(kernel, x, members, { prepared, held: classes, blocks, turns });
  }

  /** The rows of a pair. */
  async pair(a: number, b: number): Promise<PairRows> {
    const sizes = [this.#members[a].length, this.#members[b].length];
    const [first, second] = this.#held.length > 0 ? [this.#held[a].rows, this.#held[b].rows] : sizes;
    const examples = new Int32Array(first + second).fill(-1);
    examples.set(this.#members[a]);
    examples.set(this.#members[b], first);
    const signs = Int8Array.from(examples, (place, i) => (place < 0 ? 0 : i < first ? 1 : -1));
    const diagonal = Float64Array.from(examples, (place) => (place < 0 ? 1 : this.#diagonal[place]));
    const size = examples.length;
    if (this.#blocks !== null) {
      const { rows, release } = await this.#blocks.pair(a, b);
      // What is in memory already is taken as it is needed.
      return { examples, signs, source: { size, diagonal, atOnce: 1, rows }, release };
    }
    const rows = await this.#rowsOf(a, b, examples);
    const source = { size, diagonal, atOnce: ROWS_AT_ONCE, rows };
    return { examples, signs, source, release: () => {} };
  }

  async #rowsOf(a: number, b: number, examples: Int32Array): Promise<RowSource["rows"]> {
    const { kernel } = this.kernel;
    if (kernel === "precomputed") {
      const { columns, data } = this.#x;
      return async (indices) => {
        const values = new Float32Array(indices.length * examples.length);
        let at = 0;
        for (const i of indices) for (const j of examples) values[at++] = data[examples[i] * columns + j];
        return values;
      };
    }
    if (typeof kernel === "function") {
      const side = await KernelSide.of(this.kernel, takeRows(this.#x, examples), this.#turns);
      return (indices) =>
        side.values(
          takeRows(
            this.#x,
            indices.map((i) => examples[i]),
          ),
        );
    }
    const sides = [this.#held[a], this.#held[b]];
    return (indices) => {
      const points = taken(
        this.#prepared,
        indices.map((i) => examples[i]),
      );
      return computed(() => {
        const given = rowTensors(points);
        return cat(
          sides.map((side) => kernelTensor(this.kernel, given, side)),
          1,
        );
      });
    };
  }
}

function taken({ rows, halfSquares }: PreparedRows, places: ArrayLike<number>): PreparedRows {
  const halves =
    halfSquares.length > 0 ? Float32Array.from(places, (place) => halfSquares[place]) : halfSquares;
  return { rows: takeRows(rows, places), halfSquares: halves };
}

async function heldClass(prepared: PreparedRows, places: Int32Array): Promise<HeldClass> {
  const { rows: source, halfSquares } = prepared;
  const { columns } = source;
  const rows = Math.ceil(places.length / ROUNDED) * ROUNDED;
  const data = new Float32Array(rows * columns);
  data.set(takeRows(source, places).data);
  const halves = new Float32Array(rows);
  if (halfSquares.length > 0) for (let i = 0; i < places.length; i++) halves[i] = halfSquares[places[i]];
  return {
    x: held(fromTypedArray(data, [rows, columns], "float32")),
    halfSquares: held(fromTypedArray(halves, [rows], "float32")),
    rows,
  };
}
