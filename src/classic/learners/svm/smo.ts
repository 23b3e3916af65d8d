/** The dual problem of a kernel machine with two classes, by sequential minimal optimisation. */
import { ArgumentError } from "../../../base/errors.ts";
import { LargestFew } from "../largest_few.ts";
import type { Turns } from "../turns.ts";
import type { KernelRows } from "./kernel_rows.ts";
import { ifSet, type SmoKernels, type SmoMemory, type SmoVectors } from "./smo_memory.ts";

/** How a problem with two classes is solved. */
export interface SmoSettings {
  /** Upper bounds of the coefficients, for examples of sign 1 and of sign -1. */
  readonly bounds: readonly [positive: number, negative: number];
  /** Ends when the largest violation of the optimality conditions is below it. */
  readonly tolerance: number;
  readonly shrinking: boolean;
  /** Most steps; negative for a bound that only what never ends reaches. */
  readonly maxIter: number;
}

/** A problem with two classes. */
export interface BinaryProblem {
  /** Kernel rows of the examples, in `memory`. */
  readonly rows: KernelRows;
  readonly memory: SmoMemory;
  /** The kernel of each example with itself. */
  readonly diagonal: Float64Array;
  /** 1 or -1 for each example; 0 for a place without one. */
  readonly signs: Int8Array;
  readonly settings: SmoSettings;
}

/** A decision function sum_i coefficients[i] k(x_i, x) - rho. */
export interface BinarySolution {
  /** alpha_i y_i. */
  readonly coefficients: Float64Array;
  readonly rho: number;
  /** 1/2 alpha^T Q alpha - sum alpha. */
  readonly objective: number;
  readonly iterations: number;
  readonly converged: boolean;
}

/** In place of a curvature that is not positive (LIBSVM's TAU). */
const TAU = 1e-12;

/** A curvature that rounding cannot explain, as a share of the diagonal. */
const INDEFINITE = 1e-3;

/** Steps between looks at the clock. */
const STEPS_OF_TURN = 32;

/**
 * Solves min 1/2 a^T Q a - sum a with 0 <= a_i <= C and y^T a = 0, where Q_ij = y_i y_j k(x_i, x_j). The working set is
 * the pair with the largest decrease by second order, examples that are likely to stay at a bound are set aside, and
 * kernel rows are computed many at once: those of the worst violators, which are needed next.
 *
 * Source: R.-E. Fan, P.-H. Chen, C.-J. Lin, "Working set selection using second order information for training support
 * vector machines", JMLR 6, 2005; C.-C. Chang, C.-J. Lin, "LIBSVM: a library for support vector machines", 2011.
 */
export async function solveSmo(problem: BinaryProblem, turns: Turns): Promise<BinarySolution> {
  const solver = new SmoSolver(problem, turns);
  return solver.solve();
}

class SmoSolver {
  readonly #problem: BinaryProblem;
  readonly #turns: Turns;
  readonly #rows: KernelRows;
  readonly #kernels: SmoKernels;
  readonly #vectors: SmoVectors;
  /** All of the memory. */
  readonly #floats: Float32Array;
  readonly #alpha: Float64Array;
  readonly #bound: Float64Array;
  readonly #f: Float64Array;
  /** Whether y_i a_i may grow (1), shrink (2), or both (3). */
  readonly #free: Uint8Array;
  /** Places of all examples. */
  readonly #examples: Int32Array;
  /** Places of those that are not set aside, while some are. */
  readonly #active: Int32Array;
  #activeCount: number;
  /** How many of the active are in the first part of a row. */
  #firstActive = 0;
  #unshrunk = false;
  // Of the last selection.
  #first = -1;
  #largest = 0;
  #smallest = 0;

  constructor(problem: BinaryProblem, turns: Turns) {
    const { diagonal, memory, rows, signs, settings } = problem;
    this.#problem = problem;
    this.#turns = turns;
    this.#rows = rows;
    this.#kernels = memory.kernels;
    this.#vectors = memory.vectors(rows.size, signs);
    this.#vectors.diagonal.set(diagonal);
    this.#floats = new Float32Array(memory.buffer);
    this.#alpha = this.#vectors.alpha;
    this.#f = this.#vectors.f;
    this.#active = this.#vectors.active;
    this.#bound = new Float64Array(signs.length);
    this.#free = new Uint8Array(signs.length);
    const examples = new Int32Array(signs.length);
    let count = 0;
    for (let i = 0; i < signs.length; i++) {
      const sign = signs[i];
      if (sign === 0) continue;
      this.#bound[i] = settings.bounds[sign > 0 ? 0 : 1];
      this.#free[i] = sign > 0 ? 1 : 2;
      examples[count++] = i;
    }
    this.#examples = examples.subarray(0, count);
    this.#activeCount = count;
    this.#active.set(this.#examples);
  }

  async solve(): Promise<BinarySolution> {
    const n = this.#examples.length;
    const { maxIter, shrinking, tolerance } = this.#problem.settings;
    const most = maxIter >= 0 ? maxIter : Math.max(1e7, 100 * n);
    const interval = Math.min(n, 1000);
    let iterations = 0;
    let untilShrinking = interval;
    let converged = true;
    this.#select();
    for (;;) {
      if (iterations >= most) {
        converged = false;
        break;
      }
      if (iterations % STEPS_OF_TURN === 0 && this.#turns.isOver) await this.#turns.rest();
      if (shrinking && --untilShrinking === 0) {
        untilShrinking = interval;
        await this.#shrink();
        this.#select();
      }
      if (this.#largest - this.#smallest < tolerance) {
        if (this.#activeCount === n) break;
        // Those set aside may violate the conditions after all.
        await this.#unshrink();
        this.#select();
        untilShrinking = 1;
        if (this.#largest - this.#smallest < tolerance) break;
      }
      // A promise for each step would be most of the garbage.
      const missing = this.#step();
      if (missing < 0) iterations++;
      else {
        await this.#fetchWith(missing);
        if (this.#turns.isOver) await this.#turns.rest();
      }
    }
    if (this.#activeCount < n) await this.#unshrink();
    return this.#solution(iterations, converged);
  }

  /** Finds the first of the working pair and how far the conditions are violated. */
  #select(): void {
    const zeros = this.#vectors.zeros.byteOffset;
    this.#moveAndSelect(zeros, zeros, zeros, zeros, 0);
  }

  /** Adds a multiple of the difference of two rows to f, and finds the next pair's first on the way. */
  #moveAndSelect(lowI: number, highI: number, lowJ: number, highJ: number, amount: number): void {
    const { f, found, mayGrow, mayShrink } = this.#vectors;
    this.#kernels.moveAndSelect(
      f.byteOffset,
      mayGrow.byteOffset,
      mayShrink.byteOffset,
      lowI,
      highI,
      lowJ,
      highJ,
      amount,
      this.#list,
      this.#firstCount,
      this.#count,
      found.byteOffset,
    );
    this.#largest = found[0];
    this.#smallest = found[1];
    this.#first = found[2];
  }

  get #isWhole(): boolean {
    return this.#activeCount === this.#examples.length;
  }

  // What kernels work on. All places, those without an example among them, follow each other: faster than a list.
  get #list(): number {
    return this.#isWhole ? 0 : this.#active.byteOffset;
  }

  get #firstCount(): number {
    return this.#isWhole ? this.#rows.first : this.#firstActive;
  }

  get #count(): number {
    return this.#isWhole ? this.#rows.size : this.#activeCount;
  }

  /** Moves the coefficients of one pair; or returns the example whose row is missing. */
  #step(): number {
    const i = this.#first;
    const rows = this.#rows;
    const lowI = rows.low(i);
    if (lowI === 0) return i;
    const highI = rows.high(i);
    const j = this.#second(i, lowI, highI);
    if (j < 0) return -1;
    const lowJ = rows.low(j);
    if (lowJ === 0) return j;
    const { diagonal } = this.#vectors;
    const value = this.#floats[(j < rows.first ? lowI : highI) / 4 + j];
    const curvature = diagonal[i] + diagonal[j] - 2 * value;
    if (curvature < -INDEFINITE * (Math.abs(diagonal[i]) + Math.abs(diagonal[j])))
      throw indefinite(i, j, curvature);
    const amount = this.#move(i, j, this.#f[j] - this.#f[i], Math.max(curvature, TAU));
    this.#moveAndSelect(lowI, highI, lowJ, rows.high(j), amount);
    return -1;
  }

  /** The example whose pair with i decreases the objective most. */
  #second(i: number, low: number, high: number): number {
    const { diagonal, f, mayShrink } = this.#vectors;
    return this.#kernels.secondOfPair(
      f.byteOffset,
      mayShrink.byteOffset,
      diagonal.byteOffset,
      low,
      high,
      -f[i],
      diagonal[i],
      this.#list,
      this.#firstCount,
      this.#count,
    );
  }

  /**
   * y_i a_i grows and y_j a_j shrinks by the same amount, which is returned.
   *
   * @param gap - f[j] - f[i], positive.
   */
  #move(i: number, j: number, gap: number, curvature: number): number {
    const { signs } = this.#problem;
    const alpha = this.#alpha;
    const bound = this.#bound;
    const roomI = signs[i] > 0 ? bound[i] - alpha[i] : alpha[i];
    const roomJ = signs[j] > 0 ? alpha[j] : bound[j] - alpha[j];
    const amount = Math.min(gap / curvature, roomI, roomJ);
    const iWasAtBound = alpha[i] >= bound[i];
    const jWasAtBound = alpha[j] >= bound[j];
    // At a bound exactly, not but for rounding.
    alpha[i] = amount === roomI ? (signs[i] > 0 ? bound[i] : 0) : alpha[i] + signs[i] * amount;
    alpha[j] = amount === roomJ ? (signs[j] > 0 ? 0 : bound[j]) : alpha[j] - signs[j] * amount;
    this.#noteFree(i);
    this.#noteFree(j);
    this.#noteBound(i, iWasAtBound);
    this.#noteBound(j, jWasAtBound);
    return amount;
  }

  #noteFree(t: number): void {
    const sign = this.#problem.signs[t];
    const mayGrow = this.#alpha[t] < this.#bound[t];
    const mayShrink = this.#alpha[t] > 0;
    const up = sign > 0 ? mayGrow : mayShrink;
    const down = sign > 0 ? mayShrink : mayGrow;
    this.#free[t] = (up ? 1 : 0) | (down ? 2 : 0);
    this.#vectors.mayGrow[t] = ifSet(up);
    this.#vectors.mayShrink[t] = ifSet(down);
  }

  /** Keeps the share of coefficients at their upper bounds, from which f is recovered when all come back. */
  #noteBound(t: number, wasAt: boolean): void {
    const isAt = this.#alpha[t] >= this.#bound[t];
    if (isAt === wasAt || !this.#problem.settings.shrinking) return;
    const change = (isAt ? 1 : -1) * this.#bound[t] * this.#problem.signs[t];
    this.#addRow(this.#vectors.fAtBound, t, change);
  }

  /** Adds a multiple of a row that is there. */
  #addRow(sums: Float64Array, t: number, scale: number): void {
    const { first, size } = this.#rows;
    const at = sums.byteOffset;
    this.#kernels.addScaledWide(at, this.#rows.low(t), scale, first);
    if (first < size)
      this.#kernels.addScaledWide(at + 8 * first, this.#rows.high(t) + 4 * first, scale, size - first);
  }

  /** Has a row come that is not there, together with those of the worst violators that lie in the same part. */
  #fetchWith(wanted: number): Promise<void> {
    const rows = this.#rows;
    const free = this.#free;
    const middle = (this.#largest + this.#smallest) / 2;
    const worst = new LargestFew(rows.candidates - 1);
    const isInFirst = wanted < rows.first;
    for (let k = 0; k < this.#activeCount; k++) {
      const t = this.#active[k];
      if (t === wanted || t < rows.first !== isInFirst || rows.has(t)) continue;
      const value = -this.#f[t] - middle;
      const upward = (free[t] & 1) !== 0 ? value : Number.NEGATIVE_INFINITY;
      worst.offer(t, (free[t] & 2) !== 0 && -value > upward ? -value : upward);
    }
    return rows.fetch([wanted, ...worst.items]);
  }

  /** Sets aside examples at a bound whose gradient says that they stay there. */
  async #shrink(): Promise<void> {
    const { tolerance } = this.#problem.settings;
    this.#select();
    if (!this.#unshrunk && this.#largest - this.#smallest <= tolerance * 10) {
      this.#unshrunk = true;
      await this.#unshrink();
      this.#select();
    }
    const [active, f, free, largest, smallest] = [
      this.#active,
      this.#f,
      this.#free,
      this.#largest,
      this.#smallest,
    ];
    let kept = 0;
    this.#firstActive = 0;
    for (let k = 0; k < this.#activeCount; k++) {
      const t = active[k];
      const value = -f[t];
      const stays = (free[t] === 2 && value > largest) || (free[t] === 1 && value < smallest);
      if (stays) continue;
      active[kept++] = t;
      if (t < this.#rows.first) this.#firstActive = kept;
    }
    this.#activeCount = kept;
  }

  /** Brings all examples back, with the f that they would have. */
  async #unshrink(): Promise<void> {
    const { signs } = this.#problem;
    const rows = this.#rows;
    const examples = this.#examples;
    if (this.#isWhole) return;
    const { fAtBound, scratch } = this.#vectors;
    // Of all: kernels add whole rows.
    for (let t = 0; t < signs.length; t++) scratch[t] = fAtBound[t] - signs[t];
    const free = Array.from(examples.filter((t) => this.#free[t] === 3));
    const add = (t: number) => this.#addRow(scratch, t, this.#alpha[t] * signs[t]);
    for (let from = 0; from < free.length; from += rows.batch) {
      const part = free.slice(from, from + rows.batch);
      const missing = part.filter((t) => !rows.has(t));
      // Rows that are there may go while others come: used first.
      for (const t of part) if (rows.has(t)) add(t);
      if (missing.length > 0) await rows.fetch(missing);
      for (const t of missing) add(t);
      await this.#turns.restIfOver();
    }
    const isActive = new Uint8Array(signs.length);
    for (let k = 0; k < this.#activeCount; k++) isActive[this.#active[k]] = 1;
    for (const t of examples) if (isActive[t] === 0) this.#f[t] = scratch[t];
    this.#active.set(examples);
    this.#activeCount = examples.length;
  }

  #solution(iterations: number, converged: boolean): BinarySolution {
    const { signs } = this.#problem;
    const coefficients = Float64Array.from(signs, (sign, i) => sign * this.#alpha[i]);
    let objective = 0;
    // a^T (gradient + p) / 2, where the gradient is y f and p is -1.
    for (let i = 0; i < signs.length; i++) objective += this.#alpha[i] * (signs[i] * this.#f[i] - 1);
    return { coefficients, rho: this.#rho(), objective: objective / 2, iterations, converged };
  }

  /** Mean of f over free coefficients, else the middle of what the bounds allow. */
  #rho(): number {
    let [sum, count, least, most] = [0, 0, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (const t of this.#examples) {
      const value = this.#f[t];
      if (this.#free[t] === 3) {
        sum += value;
        count++;
      } else if (this.#free[t] === 1) most = Math.min(most, value);
      else least = Math.max(least, value);
    }
    return count > 0 ? sum / count : (least + most) / 2;
  }
}

function indefinite(i: number, j: number, curvature: number): ArgumentError {
  return new ArgumentError(
    `SVC.fit: the kernel is not positive semi-definite: k(a, a) + k(b, b) - 2 k(a, b) is ${curvature} for examples ${i} and ${j}; ` +
      "expected an inner product, for which no such sum is negative",
  );
}
