/** The dual problem of a linear support vector machine with two classes, one coordinate at a time. */
import { PhiloxStream } from "../../../base/philox.ts";
import type { LinearMemory } from "./linear_memory.ts";

/** What all problems over the same examples share. */
export interface LinearExamples {
  readonly rows: number;
  readonly columns: number;
  /** Class of each example, as its place among the classes. */
  readonly places: Int32Array;
}

/** How a problem is solved. */
export interface LinearProblemSettings {
  readonly C: number;
  readonly loss: "hinge" | "squaredHinge";
  /** A constant feature of this value stands behind the others; 0 for none. Its weight is regularised, too. */
  readonly bias: number;
  readonly tolerance: number;
  readonly maxIter: number;
  readonly seed: number;
}

/** The solution for one class against the others. */
export interface LinearSolution {
  /** [columns], and the weight of the constant feature behind them if there is one. */
  readonly weights: Float64Array;
  /** 1/2 |w|^2 + sum (a_i^2 / (4 C) for the squared hinge) - sum a_i. */
  readonly objective: number;
  readonly iterations: number;
  readonly converged: boolean;
}

/**
 * Solves min 1/2 a^T (Q + D) a - sum a with 0 <= a_i <= U: for the hinge loss U = C and D = 0, for its square U is infinite
 * and D_ii = 1 / (2 C). Coordinates are taken in a new random order in every pass; those that are likely to stay at a
 * bound are set aside until the others are solved.
 *
 * Source: C.-J. Hsieh, K.-W. Chang, C.-J. Lin, S. S. Keerthi, S. Sundararajan, "A dual coordinate descent method for
 * large-scale linear SVM", ICML 2008, algorithm 3 (LIBLINEAR's solvers 1 and 3).
 *
 * @param positive - the class whose examples have sign 1.
 * @param memory - holds the examples, and weights that are zero.
 */
export function solveLinear(
  { rows, columns, places }: LinearExamples,
  positive: number,
  memory: LinearMemory,
  { C, loss, bias, tolerance, maxIter, seed }: LinearProblemSettings,
): LinearSolution {
  const diagonal = loss === "hinge" ? 0 : 0.5 / C;
  const upper = loss === "hinge" ? C : Number.POSITIVE_INFINITY;
  /** The constant feature's weight. */
  let intercept = 0;
  const alpha = new Float64Array(rows);
  const curvature = curvatures(rows, memory, bias * bias + diagonal);
  const order = Int32Array.from({ length: rows }, (_, i) => i);
  const random = new PhiloxStream(seed, positive);
  let active = rows;
  let [mostBefore, leastBefore] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let iterations = 0;
  let converged = false;
  while (iterations < maxIter) {
    let most = Number.NEGATIVE_INFINITY;
    let least = Number.POSITIVE_INFINITY;
    shuffle(order, active, random);
    for (let s = 0; s < active; s++) {
      const i = order[s];
      const sign = places[i] === positive ? 1 : -1;
      const gradient = sign * (memory.dot(i) + bias * intercept) - 1 + alpha[i] * diagonal;
      let projected = gradient;
      if (alpha[i] === 0) {
        if (gradient > mostBefore) {
          active--;
          order[s] = order[active];
          order[active] = i;
          s--;
          continue;
        }
        if (gradient > 0) projected = 0;
      } else if (alpha[i] === upper) {
        if (gradient < leastBefore) {
          active--;
          order[s] = order[active];
          order[active] = i;
          s--;
          continue;
        }
        if (gradient < 0) projected = 0;
      }
      if (projected > most) most = projected;
      if (projected < least) least = projected;
      if (projected > 1e-12 || projected < -1e-12) {
        const before = alpha[i];
        alpha[i] = Math.min(Math.max(before - gradient / curvature[i], 0), upper);
        const step = (alpha[i] - before) * sign;
        if (step === 0) continue;
        memory.addScaled(i, step);
        intercept += step * bias;
      }
    }
    iterations++;
    if (most - least <= tolerance) {
      if (active === rows) {
        converged = true;
        break;
      }
      // Those set aside are looked at once more.
      active = rows;
      mostBefore = Number.POSITIVE_INFINITY;
      leastBefore = Number.NEGATIVE_INFINITY;
      continue;
    }
    mostBefore = most > 0 ? most : Number.POSITIVE_INFINITY;
    leastBefore = least < 0 ? least : Number.NEGATIVE_INFINITY;
  }
  const weights = new Float64Array(columns + 1);
  weights.set(memory.weights());
  weights[columns] = intercept;
  let objective = 0;
  for (const weight of weights) objective += weight * weight;
  for (const value of alpha) objective += value * (value * diagonal - 2);
  return { weights, objective: objective / 2, iterations, converged };
}

/** Squared length of each row, and a constant. */
function curvatures(rows: number, memory: LinearMemory, constant: number): Float64Array {
  const all = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    const sum = memory.square(i) + constant;
    // A row of zeros without a bias has no curvature, and no say.
    all[i] = sum > 0 ? sum : 1;
  }
  return all;
}

/** The first `count` places in a new order. */
function shuffle(order: Int32Array, count: number, random: PhiloxStream): void {
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor((random.word() / 0x100000000) * (i + 1));
    const moved = order[i];
    order[i] = order[j];
    order[j] = moved;
  }
}
