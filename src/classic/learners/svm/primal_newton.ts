/** The primal problem of a linear support vector machine with the squared hinge loss, by Newton's method. */
import { addScaled, dot } from "../../../base/vectors.ts";
import type { LinearMemory } from "./linear_memory.ts";

/** How a problem is solved. */
export interface PrimalSettings {
  readonly C: number;
  /** Value of the constant feature. */
  readonly bias: number;
}

/** Ends when the gradient is this share of what it is for weights of zero. */
const TOLERANCE = 1e-5;

const MOST_STEPS = 200;
const MOST_CONJUGATE_STEPS = 300;
/** Share of the gradient to which each step's linear system is solved. */
const FORCING = 0.05;

/**
 * Solves min 1/2 |w|^2 + C sum max(0, 1 - y_i w.x_i)^2 from the coefficients in memory on, and leaves the coefficients
 * a_i = 2 C max(0, 1 - y_i w.x_i) there: the dual solution. Descent by coordinates takes ever more passes as C grows,
 * steps of Newton's method do not.
 *
 * Source: C.-J. Lin, R. C. Weng, S. S. Keerthi, "Trust region Newton method for large-scale logistic regression", JMLR 9,
 * 2008, with a line search in place of the trust region (LIBLINEAR's solver 2, to which its solver 1 turns as well).
 *
 * @returns whether the tolerance was reached.
 */
export function solvePrimal(memory: LinearMemory, settings: PrimalSettings): boolean {
  return new PrimalSolver(memory, settings).solve();
}

class PrimalSolver {
  readonly #memory: LinearMemory;
  readonly #C: number;
  readonly #bias: number;
  /** Of all features, the constant one behind them. */
  readonly #width: number;

  constructor(memory: LinearMemory, { C, bias }: PrimalSettings) {
    this.#memory = memory;
    this.#C = C;
    this.#bias = bias;
    this.#width = memory.columns + 1;
  }

  solve(): boolean {
    const { alpha, signs } = this.#memory;
    const w = this.#weightsOf(alpha);
    const margins = this.#products(w, null);
    const least =
      TOLERANCE * norm(this.#gradient(new Float64Array(this.#width), new Float64Array(alpha.length)));
    let converged = false;
    for (let step = 0; step < MOST_STEPS && !converged; step++) {
      const gradient = this.#gradient(w, margins);
      converged = norm(gradient) <= least;
      if (converged) break;
      const direction = this.#direction(gradient, margins);
      const along = this.#products(direction, null);
      const length = this.#lineSearch(w, margins, direction, along, dot(gradient, direction));
      // Rounding leaves nothing to gain.
      if (length === 0) break;
      addScaled(w, direction, length);
      addScaled(margins, along, length);
    }
    for (let i = 0; i < alpha.length; i++) alpha[i] = 2 * this.#C * Math.max(0, 1 - margins[i]);
    this.#memory.refresh(true);
    this.#memory.intercept = this.#bias === 0 ? 0 : dot(alpha, signs) * this.#bias;
    return converged;
  }

  /** Sum of alpha_i y_i x_i. */
  #weightsOf(alpha: Float64Array): Float64Array {
    const w = new Float64Array(this.#width);
    for (let i = 0; i < alpha.length; i++)
      if (alpha[i] !== 0) this.#addRow(w, i, alpha[i] * this.#memory.signs[i]);
    return w;
  }

  #addRow(w: Float64Array, i: number, scale: number): void {
    const row = this.#memory.row(i);
    for (let j = 0; j < row.length; j++) w[j] += scale * row[j];
    w[row.length] += scale * this.#bias;
  }

  /** y_i v.x_i of each example, or of those with a margin below 1. */
  #products(v: Float64Array, margins: Float64Array | null): Float64Array {
    const { signs } = this.#memory;
    const products = new Float64Array(signs.length);
    for (let i = 0; i < signs.length; i++) {
      if (margins !== null && margins[i] >= 1) continue;
      const row = this.#memory.row(i);
      let sum = this.#bias * v[row.length];
      for (let j = 0; j < row.length; j++) sum += row[j] * v[j];
      products[i] = signs[i] * sum;
    }
    return products;
  }

  /** w - 2 C sum y_i (1 - margin_i) x_i over the examples with a margin below 1. */
  #gradient(w: Float64Array, margins: Float64Array): Float64Array {
    const gradient = Float64Array.from(w);
    const { signs } = this.#memory;
    for (let i = 0; i < signs.length; i++)
      if (margins[i] < 1) this.#addRow(gradient, i, -2 * this.#C * signs[i] * (1 - margins[i]));
    return gradient;
  }

  /** v + 2 C sum x_i (x_i.v) over the same examples. */
  #curved(v: Float64Array, margins: Float64Array): Float64Array {
    const result = Float64Array.from(v);
    const products = this.#products(v, margins);
    const { signs } = this.#memory;
    for (let i = 0; i < signs.length; i++)
      if (margins[i] < 1) this.#addRow(result, i, 2 * this.#C * signs[i] * products[i]);
    return result;
  }

  /** Conjugate gradients on the Newton step's system. */
  #direction(gradient: Float64Array, margins: Float64Array): Float64Array {
    const direction = new Float64Array(this.#width);
    const residual = gradient.map((value) => -value);
    const search = Float64Array.from(residual);
    let squared = dot(residual, residual);
    const enough = FORCING * FORCING * squared;
    for (let k = 0; k < MOST_CONJUGATE_STEPS && squared > enough; k++) {
      const curved = this.#curved(search, margins);
      const length = squared / dot(search, curved);
      addScaled(direction, search, length);
      addScaled(residual, curved, -length);
      const next = dot(residual, residual);
      for (let j = 0; j < search.length; j++) search[j] = residual[j] + (next / squared) * search[j];
      squared = next;
    }
    return direction;
  }

  /** A length that lowers the objective enough; 0 if there is none. */
  #lineSearch(
    w: Float64Array,
    margins: Float64Array,
    direction: Float64Array,
    along: Float64Array,
    slope: number,
  ): number {
    const [ownSquare, mixed, square] = [dot(w, w), dot(w, direction), dot(direction, direction)];
    const value = (length: number) => {
      let losses = 0;
      for (let i = 0; i < margins.length; i++) {
        const missing = 1 - margins[i] - length * along[i];
        if (missing > 0) losses += missing * missing;
      }
      return (ownSquare + 2 * length * mixed + length * length * square) / 2 + this.#C * losses;
    };
    const before = value(0);
    for (let length = 1; length > 1e-10; length /= 2)
      if (value(length) <= before + 0.01 * length * slope) return length;
    return 0;
  }
}

const norm = (a: Float64Array): number => Math.sqrt(dot(a, a));
