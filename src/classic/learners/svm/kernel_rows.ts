/** Rows of a kernel matrix as they are asked for, many at once, with those used last in memory. */
import { ArgumentError } from "../../../base/errors.ts";

/** Where rows come from. */
export interface RowSource {
  /** Number of examples: length of a row. */
  readonly size: number;
  /** The kernel of each example with itself. */
  readonly diagonal: Float64Array;
  /** How many rows are best asked for together. */
  readonly atOnce: number;
  /** Some rows one behind the other, in the order of the indices. */
  rows(indices: readonly number[]): Promise<Float32Array>;
}

/** Rows that were computed together and leave together. */
interface Batch {
  readonly indices: readonly number[];
}

/** Keeps rows within a number of bytes; the batch that was not used for longest goes first. */
export class RowCache {
  /** How many rows are computed at once. */
  readonly batch: number;
  readonly #source: RowSource;
  readonly #rows = new Map<number, { readonly row: Float32Array; readonly batch: Batch }>();
  /** In the order of last use: a Set keeps the order of insertion. */
  readonly #batches = new Set<Batch>();
  readonly #capacity: number;

  /** @param bytes - the most that rows take; never less than two batches of one row. */
  constructor(source: RowSource, bytes: number) {
    const rows = Math.max(2, Math.floor(bytes / (4 * source.size)));
    this.#source = source;
    this.batch = Math.min(source.atOnce, rows >> 1);
    this.#capacity = Math.floor(rows / this.batch);
  }

  has(index: number): boolean {
    return this.#rows.has(index);
  }

  /** A row that is there, or undefined. */
  get(index: number): Float32Array | undefined {
    const entry = this.#rows.get(index);
    if (entry === undefined) return undefined;
    this.#batches.delete(entry.batch);
    this.#batches.add(entry.batch);
    return entry.row;
  }

  /**
   * Computes rows that are not there, at most `batch` of them.
   *
   * @throws ArgumentError for a kernel value that is NaN or infinite.
   */
  async fetch(indices: readonly number[]): Promise<void> {
    const { size, diagonal } = this.#source;
    // Always as many rows, so that one program computes them.
    const asked = Array.from({ length: this.batch }, (_, i) => indices[Math.min(i, indices.length - 1)]);
    const values = await this.#source.rows(asked);
    const batch: Batch = { indices };
    for (const [place, index] of indices.entries()) {
      const row = values.subarray(place * size, (place + 1) * size);
      // What the engine rounds must not differ from the exact value by which steps are measured.
      row[index] = diagonal[index];
      checkRow(row, index);
      this.#rows.set(index, { row, batch });
    }
    this.#batches.add(batch);
    for (const oldest of this.#batches) {
      if (this.#batches.size <= this.#capacity) break;
      this.#batches.delete(oldest);
      for (const index of oldest.indices) this.#rows.delete(index);
    }
  }
}

function checkRow(row: Float32Array, index: number): void {
  let sum = 0;
  for (let j = 0; j < row.length; j++) sum += row[j] - row[j];
  if (sum === 0) return;
  const j = row.findIndex((value) => !Number.isFinite(value));
  throw new ArgumentError(
    `SVC.fit: the kernel of examples ${index} and ${j} is ${row[j]}; expected finite values: check the kernel and its ` +
      "gamma, degree and coef0, or scale the features",
  );
}
