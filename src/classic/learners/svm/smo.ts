/** The dual problem of a kernel machine with two classes, by sequential minimal optimisation. */
import { ArgumentError } from "../../../base/errors.ts";
import { LargestFew } from "../largest_few.ts";
import type { Turns } from "../turns.ts";
import { RowCache, type RowSource } from "./kernel_rows.ts";

/** A problem with two classes. */
export interface BinaryProblem {
  /** Kernel rows of the examples. */
  readonly source: RowSource;
  /** 1 or -1 for each example; 0 for a place without one. */
  readonly signs: Int8Array;
  /** Upper bounds of the coefficients, for examples of sign 1 and of sign -1. */
  readonly bounds: readonly [positive: number, negative: number];
  /** Ends when the largest violation of the optimality conditions is below it. */
  readonly tolerance: number;
  readonly shrinking: boolean;
  readonly cacheBytes: number;
  /** Most steps; negative for no bound. */
  readonly maxIter: number;
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

const ifSet = (bit: number): number => (bit === 0 ? Number.NEGATIVE_INFINITY : 0);

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
  readonly #cache: RowCache;
  readonly #alpha: Float64Array;
  readonly #bound: Float64Array;
  /** y_i times the gradient of example i: the decision function but for rho, minus y_i. */
  readonly #f: Float64Array;
  /** The part of f that comes from coefficients at their upper bounds. */
  readonly #fAtBound: Float64Array;
  /** Whether y_i a_i may grow (1), shrink (2), or both (3). */
  readonly #free: Uint8Array;
  /** 0 where y_i a_i may grow, else -Infinity: added to a value, it takes the example out without a branch. */
  readonly #mayGrow: Float64Array;
  /** 0 where y_i a_i may shrink, else -Infinity. */
  readonly #mayShrink: Float64Array;
  /** Places of all examples. */
  readonly #examples: Int32Array;
  /** Places of those that are not set aside. */
  #active: Int32Array;
  #activeCount: number;
  #unshrunk = false;
  // Of the last selection.
  #first = -1;
  #largest = 0;
  #smallest = 0;

  constructor(problem: BinaryProblem, turns: Turns) {
    const n = problem.source.size;
    const { signs, bounds } = problem;
    this.#problem = problem;
    this.#turns = turns;
    this.#cache = new RowCache(problem.source, problem.cacheBytes);
    this.#alpha = new Float64Array(n);
    this.#bound = Float64Array.from(signs, (sign) => bounds[sign > 0 ? 0 : 1]);
    this.#f = Float64Array.from(signs, (sign) => -sign);
    this.#fAtBound = new Float64Array(n);
    this.#free = Uint8Array.from(signs, (sign) => (sign > 0 ? 1 : sign < 0 ? 2 : 0));
    this.#mayGrow = Float64Array.from(this.#free, (free) => ifSet(free & 1));
    this.#mayShrink = Float64Array.from(this.#free, (free) => ifSet(free & 2));
    this.#examples = Int32Array.from(Array.from(signs.keys()).filter((i) => signs[i] !== 0));
    this.#active = this.#examples.slice();
    this.#activeCount = this.#examples.length;
  }

  async solve(): Promise<BinarySolution> {
    const n = this.#examples.length;
    const { maxIter, shrinking, tolerance } = this.#problem;
    const interval = Math.min(n, 1000);
    let iterations = 0;
    let untilShrinking = interval;
    let converged = true;
    this.#select();
    for (;;) {
      if (maxIter >= 0 && iterations >= maxIter) {
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
      if (missing >= 0) await this.#fetch(missing);
      else iterations++;
    }
    if (this.#activeCount < n) await this.#unshrink();
    return this.#solution(iterations, converged);
  }

  /** Finds the first of the working pair and how far the conditions are violated. */
  #select(): void {
    const active = this.#active;
    const count = this.#activeCount;
    const f = this.#f;
    const mayGrow = this.#mayGrow;
    const mayShrink = this.#mayShrink;
    let first = -1;
    let largest = Number.NEGATIVE_INFINITY;
    let smallest = Number.POSITIVE_INFINITY;
    for (let k = 0; k < count; k++) {
      const t = active[k];
      const value = f[t];
      if (mayGrow[t] - value > largest) {
        largest = -value;
        first = t;
      }
      if (-mayShrink[t] - value < smallest) smallest = -value;
    }
    this.#first = first;
    this.#largest = largest;
    this.#smallest = smallest;
  }

  /** Moves the coefficients of one pair; or returns the example whose row is missing. */
  #step(): number {
    const i = this.#first;
    const rowI = this.#cache.get(i);
    if (rowI === undefined) return i;
    const j = this.#second(i, rowI);
    const rowJ = this.#cache.get(j);
    if (rowJ === undefined) return j;
    const { diagonal } = this.#problem.source;
    const curvature = diagonal[i] + diagonal[j] - 2 * rowI[j];
    if (curvature < -INDEFINITE * (Math.abs(diagonal[i]) + Math.abs(diagonal[j])))
      throw indefinite(i, j, curvature);
    this.#move(i, j, rowI, rowJ, this.#f[j] - this.#f[i], Math.max(curvature, TAU));
    return -1;
  }

  /** The example whose pair with i decreases the objective most. */
  #second(i: number, row: Float32Array): number {
    const active = this.#active;
    const count = this.#activeCount;
    const f = this.#f;
    const mayShrink = this.#mayShrink;
    const { diagonal } = this.#problem.source;
    const own = diagonal[i];
    const from = -f[i];
    let best = -1;
    let decrease = 0;
    for (let k = 0; k < count; k++) {
      const t = active[k];
      const gap = from + f[t] + mayShrink[t];
      const curvature = own + diagonal[t] - 2 * row[t];
      // The gap's sign stays: what does not violate the conditions is below 0.
      const value = (gap * Math.abs(gap)) / (curvature > TAU ? curvature : TAU);
      if (value > decrease) {
        decrease = value;
        best = t;
      }
    }
    return best;
  }

  /**
   * y_i a_i grows and y_j a_j shrinks by the same amount; f follows, and the next pair's first is found on the way.
   *
   * @param gap - f[j] - f[i], positive.
   */
  #move(i: number, j: number, rowI: Float32Array, rowJ: Float32Array, gap: number, curvature: number): void {
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
    this.#noteBound(i, rowI, iWasAtBound);
    this.#noteBound(j, rowJ, jWasAtBound);
    this.#updateAndSelect(rowI, rowJ, amount);
  }

  #updateAndSelect(rowI: Float32Array, rowJ: Float32Array, amount: number): void {
    const active = this.#active;
    const count = this.#activeCount;
    const f = this.#f;
    const mayGrow = this.#mayGrow;
    const mayShrink = this.#mayShrink;
    let first = -1;
    let largest = Number.NEGATIVE_INFINITY;
    let smallest = Number.POSITIVE_INFINITY;
    for (let k = 0; k < count; k++) {
      const t = active[k];
      const value = f[t] + amount * (rowI[t] - rowJ[t]);
      f[t] = value;
      if (mayGrow[t] - value > largest) {
        largest = -value;
        first = t;
      }
      if (-mayShrink[t] - value < smallest) smallest = -value;
    }
    this.#first = first;
    this.#largest = largest;
    this.#smallest = smallest;
  }

  #noteFree(t: number): void {
    const sign = this.#problem.signs[t];
    const mayGrow = this.#alpha[t] < this.#bound[t];
    const mayShrink = this.#alpha[t] > 0;
    const up = sign > 0 ? mayGrow : mayShrink;
    const down = sign > 0 ? mayShrink : mayGrow;
    this.#free[t] = (up ? 1 : 0) | (down ? 2 : 0);
    this.#mayGrow[t] = ifSet(this.#free[t] & 1);
    this.#mayShrink[t] = ifSet(this.#free[t] & 2);
  }

  /** Keeps the share of coefficients at their upper bounds, from which f is recovered when all come back. */
  #noteBound(t: number, row: Float32Array, wasAt: boolean): void {
    const isAt = this.#alpha[t] >= this.#bound[t];
    if (isAt === wasAt || !this.#problem.shrinking) return;
    const change = (isAt ? 1 : -1) * this.#bound[t] * this.#problem.signs[t];
    const sums = this.#fAtBound;
    for (let k = 0; k < sums.length; k++) sums[k] += change * row[k];
  }

  /** Computes a row that is not there, together with those of the worst violators. */
  #fetch(wanted: number): Promise<void> {
    const cache = this.#cache;
    const free = this.#free;
    const middle = (this.#largest + this.#smallest) / 2;
    const worst = new LargestFew(cache.batch - 1);
    for (let k = 0; k < this.#activeCount; k++) {
      const t = this.#active[k];
      if (t === wanted || cache.has(t)) continue;
      const value = -this.#f[t] - middle;
      const upward = (free[t] & 1) !== 0 ? value : Number.NEGATIVE_INFINITY;
      worst.offer(t, (free[t] & 2) !== 0 && -value > upward ? -value : upward);
    }
    return cache.fetch([wanted, ...worst.items]);
  }

  /** Sets aside examples at a bound whose gradient says that they stay there. */
  async #shrink(): Promise<void> {
    const { tolerance } = this.#problem;
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
    for (let k = 0; k < this.#activeCount; k++) {
      const t = active[k];
      const value = -f[t];
      const stays = (free[t] === 2 && value > largest) || (free[t] === 1 && value < smallest);
      if (!stays) active[kept++] = t;
    }
    this.#activeCount = kept;
  }

  /** Brings all examples back, with the f that they would have. */
  async #unshrink(): Promise<void> {
    const { signs, source } = this.#problem;
    const examples = this.#examples;
    if (this.#activeCount === examples.length) return;
    const isActive = new Uint8Array(source.size);
    for (let k = 0; k < this.#activeCount; k++) isActive[this.#active[k]] = 1;
    const aside = examples.filter((t) => isActive[t] === 0);
    for (const t of aside) this.#f[t] = this.#fAtBound[t] - signs[t];
    const free = Array.from(examples.filter((t) => this.#free[t] === 3));
    for (let from = 0; from < free.length; from += this.#cache.batch) {
      const part = free.slice(from, from + this.#cache.batch);
      const missing = part.filter((t) => !this.#cache.has(t));
      // Rows that are there may go while others come: used first.
      for (const t of part) if (this.#cache.has(t)) this.#addFree(t, aside);
      if (missing.length > 0) await this.#cache.fetch(missing);
      for (const t of missing) this.#addFree(t, aside);
      await this.#turns.restIfOver();
    }
    this.#active.set(examples);
    this.#activeCount = examples.length;
  }

  #addFree(t: number, aside: Int32Array): void {
    const row = this.#cache.get(t) as Float32Array;
    const coefficient = this.#alpha[t] * this.#problem.signs[t];
    for (const k of aside) this.#f[k] += coefficient * row[k];
  }

  #solution(iterations: number, converged: boolean): BinarySolution {
    const { signs } = this.#problem;
    const coefficients = this.#alpha.map((value, i) => value * signs[i]);
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
