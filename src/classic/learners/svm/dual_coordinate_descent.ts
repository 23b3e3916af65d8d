/** The dual problem of a linear support vector machine with two classes, one coordinate at a time. */
import { PhiloxStream } from "../../../base/philox.ts";
import type { LinearMemory } from "./linear_memory.ts";
import { solvePrimal } from "./primal_newton.ts";

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

/** Gradients in single precision are not exact enough for a smaller tolerance than this. */
const LEAST_NARROW = 1e-3;

/** Share of the violation in the last pass over all examples at which those set aside are looked at again. */
const GOAL = 0.25;

/** Whether weights must be kept in double precision. */
export const needsWide = ({ tolerance }: LinearProblemSettings): boolean => tolerance < LEAST_NARROW;

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
 * and D_ii = 1 / (2 C). Coordinates are taken in a new random order in every pass. After a pass over all of them, those
 * at a bound whose gradient holds them there are set aside until the others violate the conditions much less: most
 * passes are then over few examples. It ends after a pass over all that finds no violation above the tolerance;
 * if there were too many passes, Newton's method ends it for the squared hinge.
 *
 * Source: C.-J. Hsieh, K.-W. Chang, C.-J. Lin, S. S. Keerthi, S. Sundararajan, "A dual coordinate descent method for
 * large-scale linear SVM", ICML 2008, algorithm 3 (LIBLINEAR's solvers 1 and 3).
 *
 * @param places - class of each example, as its place among the classes.
 * @param positive - the class whose examples have sign 1.
 * @param memory - holds the examples.
 */
export function solveLinear(
  places: Int32Array,
  positive: number,
  memory: LinearMemory,
  { C, loss, bias, tolerance, maxIter, seed }: LinearProblemSettings,
): LinearSolution {
  const rows = places.length;
  const diagonal = loss === "hinge" ? 0 : 0.5 / C;
  const upper = loss === "hinge" ? C : Number.POSITIVE_INFINITY;
  const { alpha, order, signs } = memory;
  for (let i = 0; i < rows; i++) signs[i] = places[i] === positive ? 1 : -1;
  memory.addCurvature(bias * bias + diagonal);
  const random = new PhiloxStream(seed, positive);
  let active = rows;
  let isFull = true;
  let goal = 0;
  let iterations = 0;
  let converged = false;
  while (iterations < maxIter && !converged) {
    shuffle(order, active, random);
    const aside = isFull ? Number.POSITIVE_INFINITY : 0;
    const pass = memory.pass(active, { bias, diagonal, upper, mostBefore: aside, leastBefore: -aside });
    iterations++;
    active = pass.active;
    const violation = pass.most - pass.least;
    if (isFull) {
      converged = violation <= tolerance;
      goal = Math.max(tolerance, GOAL * violation);
      isFull = false;
    } else if (violation <= goal) {
      active = rows;
      isFull = true;
      memory.refresh();
    }
  }
  // Of the hinge loss the primal problem has no second derivative.
  if (!converged && loss === "squaredHinge") converged = solvePrimal(memory, { C, bias });
  const weights = new Float64Array(memory.columns + 1);
  weights.set(memory.weights());
  weights[memory.columns] = memory.intercept;
  let objective = 0;
  for (const weight of weights) objective += weight * weight;
  for (const value of alpha) objective += value * (value * diagonal - 2);
  return { weights, objective: objective / 2, iterations, converged };
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
