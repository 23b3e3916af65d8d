/** Probabilities from decision values. */

/** P(positive | f) = 1 / (1 + exp(a f + b)). */
export interface PlattSigmoid {
  readonly a: number;
  readonly b: number;
}

const MOST_ITERATIONS = 100;
const SMALLEST_STEP = 1e-10;
/** Added to the Hessian's diagonal, so that it is positive definite. */
const RIDGE = 1e-12;
const GRADIENT_BOUND = 1e-5;

/**
 * Fits a sigmoid to decision values: maximum likelihood with regularised targets, by Newton's method with backtracking.
 *
 * Source: J. Platt, "Probabilistic outputs for support vector machines", 1999; H.-T. Lin, C.-J. Lin, R. C. Weng, "A note
 * on Platt's probabilistic outputs for support vector machines", Machine Learning 68, 2007, appendix C.
 *
 * @param decisions - decision values of examples that were not trained on.
 * @param isPositive - 1 for each example of the positive class, else 0.
 */
export function fitSigmoid(decisions: ArrayLike<number>, isPositive: ArrayLike<number>): PlattSigmoid {
  let positives = 0;
  for (let i = 0; i < isPositive.length; i++) if (isPositive[i] === 1) positives++;
  const negatives = isPositive.length - positives;
  const high = (positives + 1) / (positives + 2);
  const low = 1 / (negatives + 2);
  const targets = Float64Array.from(isPositive, (one) => (one === 1 ? high : low));
  let a = 0;
  let b = Math.log((negatives + 1) / (positives + 1));
  let value = loss(decisions, targets, a, b);
  for (let iteration = 0; iteration < MOST_ITERATIONS; iteration++) {
    const { g1, g2, h11, h21, h22 } = derivatives(decisions, targets, a, b);
    if (Math.abs(g1) < GRADIENT_BOUND && Math.abs(g2) < GRADIENT_BOUND) break;
    const determinant = h11 * h22 - h21 * h21;
    const da = -(h22 * g1 - h21 * g2) / determinant;
    const db = -(-h21 * g1 + h11 * g2) / determinant;
    const slope = g1 * da + g2 * db;
    let step = 1;
    for (; step >= SMALLEST_STEP; step /= 2) {
      const next = loss(decisions, targets, a + step * da, b + step * db);
      if (next >= value + 0.0001 * step * slope) continue;
      a += step * da;
      b += step * db;
      value = next;
      break;
    }
    if (step < SMALLEST_STEP) break;
  }
  return { a, b };
}

/** The probability of a decision value. */
export function sigmoidProbability({ a, b }: PlattSigmoid, decision: number): number {
  const f = a * decision + b;
  return f >= 0 ? Math.exp(-f) / (1 + Math.exp(-f)) : 1 / (1 + Math.exp(f));
}

function loss(decisions: ArrayLike<number>, targets: Float64Array, a: number, b: number): number {
  let sum = 0;
  for (let i = 0; i < targets.length; i++) {
    const f = decisions[i] * a + b;
    sum +=
      f >= 0 ? targets[i] * f + Math.log1p(Math.exp(-f)) : (targets[i] - 1) * f + Math.log1p(Math.exp(f));
  }
  return sum;
}

function derivatives(decisions: ArrayLike<number>, targets: Float64Array, a: number, b: number) {
  const sums = { g1: 0, g2: 0, h11: RIDGE, h21: 0, h22: RIDGE };
  for (let i = 0; i < targets.length; i++) {
    const p = sigmoidProbability({ a, b }, decisions[i]);
    const d2 = p * (1 - p);
    const d1 = targets[i] - p;
    sums.h11 += decisions[i] * decisions[i] * d2;
    sums.h22 += d2;
    sums.h21 += decisions[i] * d2;
    sums.g1 += decisions[i] * d1;
    sums.g2 += d1;
  }
  return sums;
}

/** Where pairwise probabilities are kept away from 0 and 1. */
const LEAST = 1e-7;

/**
 * Probabilities of k classes from those of their pairs: min sum_{i != j} (r_ji p_i - r_ij p_j)^2.
 *
 * Source: T.-F. Wu, C.-J. Lin, R. C. Weng, "Probability estimates for multi-class classification by pairwise coupling",
 * JMLR 5, 2004, second method.
 *
 * @param pairs - probability of i against j at `i * k + j`.
 */
export function coupleProbabilities(pairs: Float64Array, k: number): Float64Array {
  const r = pairs.map((value) => Math.min(Math.max(value, LEAST), 1 - LEAST));
  const q = new Float64Array(k * k);
  for (let t = 0; t < k; t++) {
    for (let j = 0; j < k; j++) {
      if (j === t) continue;
      q[t * k + t] += r[j * k + t] ** 2;
      q[t * k + j] = -r[j * k + t] * r[t * k + j];
    }
  }
  const p = new Float64Array(k).fill(1 / k);
  const qp = new Float64Array(k);
  for (let iteration = 0; iteration < Math.max(100, k); iteration++) {
    let pqp = 0;
    for (let t = 0; t < k; t++) {
      qp[t] = 0;
      for (let j = 0; j < k; j++) qp[t] += q[t * k + j] * p[j];
      pqp += p[t] * qp[t];
    }
    const error = qp.reduce((most, value) => Math.max(most, Math.abs(value - pqp)), 0);
    if (error < 0.005 / k) break;
    for (let t = 0; t < k; t++) {
      const change = (pqp - qp[t]) / q[t * k + t];
      p[t] += change;
      pqp = (pqp + change * (change * q[t * k + t] + 2 * qp[t])) / (1 + change) ** 2;
      for (let j = 0; j < k; j++) {
        qp[j] = (qp[j] + change * q[t * k + j]) / (1 + change);
        p[j] /= 1 + change;
      }
    }
  }
  return p;
}
