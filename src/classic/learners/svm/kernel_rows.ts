/** Rows of a kernel matrix as they are asked for, many at once, with those used last in memory. */
import { ArgumentError } from "../../../base/errors.ts";
import { roundedPlaces, type SmoMemory } from "./smo_memory.ts";

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

/**
 * Rows at addresses of the memory that a problem is solved in. A row is in two parts: the values of the first `first`
 * examples lie behind `low`, those of the others behind `high`; example t's is at `high + 4 t`.
 */
export interface KernelRows {
  /** Places of a row, a multiple of eight. */
  readonly size: number;
  readonly first: number;
  /** How many rows may be fetched at once. */
  readonly batch: number;
  /** How many may be named: those behind the first `batch` are only likely to be needed. */
  readonly candidates: number;
  /** The first part of a row, or 0 if it must be fetched. */
  low(index: number): number;
  high(index: number): number;
  has(index: number): boolean;
  /** Has the first `batch` of rows that are missing come. */
  fetch(indices: readonly number[]): Promise<void>;
}

/** Rows that were computed together and leave together. */
interface Batch {
  readonly indices: readonly number[];
  readonly at: number;
}

/** How many rows stay in memory. */
interface Capacity {
  readonly batch: number;
  readonly batches: number;
}

/** Keeps rows within a number of bytes; the batch that was not used for longest goes first. */
export class RowCache implements KernelRows {
  readonly size: number;
  readonly first: number;
  readonly batch: number;
  readonly candidates: number;
  readonly #source: RowSource;
  readonly #buffer: ArrayBufferLike;
  readonly #rows = new Map<number, { readonly at: number; readonly batch: Batch }>();
  /** In the order of last use: a Set keeps the order of insertion. */
  readonly #batches = new Set<Batch>();
  /** Addresses where a batch may be put. */
  readonly #free: number[] = [];

  /**
   * @param at - address of the rows in memory, of which `RowCache.bytes` says how much it takes.
   * @param bytes - the most that rows take; never less than two batches of one row.
   */
  constructor(source: RowSource, memory: SmoMemory, at: number, bytes: number) {
    this.size = roundedPlaces(source.size);
    this.first = this.size;
    const { batch, batches } = capacityOf(source.size, source.atOnce, bytes);
    this.batch = batch;
    this.candidates = batch;
    this.#source = source;
    this.#buffer = memory.buffer;
    for (let i = batches; i-- > 0; ) this.#free.push(at + i * batch * 4 * this.size);
  }

  /** Bytes that the rows of a number of examples take. */
  static bytes(size: number, atOnce: number, bytes: number): number {
    const { batch, batches } = capacityOf(size, atOnce, bytes);
    return batch * batches * 4 * roundedPlaces(size);
  }

  has(index: number): boolean {
    return this.#rows.has(index);
  }

  low(index: number): number {
    const entry = this.#rows.get(index);
    if (entry === undefined) return 0;
    this.#batches.delete(entry.batch);
    this.#batches.add(entry.batch);
    return entry.at;
  }

  high(index: number): number {
    return this.low(index);
  }

  /**
   * Computes rows that are not there, at most `batch` of them.
   *
   * @throws ArgumentError for a kernel value that is NaN or infinite.
   */
  async fetch(indices: readonly number[]): Promise<void> {
    const { diagonal, size } = this.#source;
    // Always as many rows, so that one program computes them.
    const asked = Array.from({ length: this.batch }, (_, i) => indices[Math.min(i, indices.length - 1)]);
    const values = await this.#source.rows(asked);
    if (this.#free.length === 0) this.#drop();
    const batch: Batch = { indices, at: this.#free.pop() as number };
    const rows = new Float32Array(this.#buffer, batch.at, indices.length * this.size);
    for (const [place, index] of indices.entries()) {
      const row = values.subarray(place * size, (place + 1) * size);
      checkRow(row, index);
      const start = place * this.size;
      rows.set(row, start);
      rows.fill(0, start + size, start + this.size);
      // What the engine rounds must not differ from the exact value by which steps are measured.
      rows[start + index] = diagonal[index];
      this.#rows.set(index, { at: batch.at + 4 * start, batch });
    }
    this.#batches.add(batch);
  }

  #drop(): void {
    const [oldest] = this.#batches;
    this.#batches.delete(oldest);
    for (const index of oldest.indices) this.#rows.delete(index);
    this.#free.push(oldest.at);
  }
}

function capacityOf(size: number, atOnce: number, bytes: number): Capacity {
  const rows = Math.max(2, Math.floor(bytes / (4 * roundedPlaces(size))));
  const batch = Math.min(atOnce, rows >> 1);
  // All rows, even if some batches are not full.
  const useful = 2 * Math.ceil(size / batch) + 2;
  return { batch, batches: Math.min(Math.floor(rows / batch), useful) };
}

function checkRow(row: Float32Array, index: number): void {
  let sum = 0;
  for (let j = 0; j < row.length; j++) sum += row[j] - row[j];
  if (sum !== 0) throw notFinite(row, index, 0);
}

/** The error for a row in which not all values are finite. */
export function notFinite(row: Float32Array, index: number, firstOfRow: number): ArgumentError {
  const j = row.findIndex((value) => !Number.isFinite(value));
  return new ArgumentError(
    `SVC.fit: the kernel of examples ${index} and ${firstOfRow + j} is ${row[j]}; expected finite values: check the kernel and its ` +
      "gamma, degree and coef0, or scale the features",
  );
}
