/** Minimisation of a smooth function by a quasi-Newton method. */
import { addScaled, dot } from "../../../base/vectors.ts";

/** A value and its gradient. */
export interface ValueAndGradient {
  readonly value: number;
  readonly gradient: Float64Array;
}

/** What was found. */
export interface Minimum {
  readonly x: Float64Array;
  readonly value: number;
  readonly iterations: number;
  readonly converged: boolean;
}

/** How it is searched for. */
export interface MinimiseOptions {
  /** Ends when no entry of the gradient is larger. */
  readonly tolerance: number;
  readonly maxIter: number;
  /** Called after each iteration. */
  readonly onIteration?: (iteration: number) => void;
}

/** Pairs of steps and gradient changes that stand for the curvature. */
const MEMORY = 10;

/** Relative decrease of the value below which single precision gives nothing more. */
const LEAST_DECREASE = 1e-8;

/**
 * L-BFGS with a backtracking line search that satisfies Armijo's condition.
 *
 * Source: D. C. Liu, J. Nocedal, "On the limited memory BFGS method for large scale optimization", 1989.
 *
 * @param evaluate - value and gradient at a point.
 */
export async function minimise(
  evaluate: (x: Float64Array) => Promise<ValueAndGradient>,
  start: Float64Array,
  { tolerance, maxIter, onIteration }: MinimiseOptions,
): Promise<Minimum> {
  let x = start;
  let { value, gradient } = await evaluate(x);
  const history: Pair[] = [];
  for (let iteration = 0; iteration < maxIter; iteration++) {
    if (gradient.every((entry) => Math.abs(entry) <= tolerance))
      return { x, value, iterations: iteration, converged: true };
    const direction = descent(gradient, history);
    const slope = dot(direction, gradient);
    const first = history.length === 0 ? 1 / Math.max(1, Math.sqrt(dot(gradient, gradient))) : 1;
    const found = await lineSearch(evaluate, { x, value, direction, slope, first });
    if (found === null) return { x, value, iterations: iteration, converged: true };
    remember(history, x, found.x, gradient, found.evaluation.gradient);
    const decrease = value - found.evaluation.value;
    x = found.x;
    value = found.evaluation.value;
    gradient = found.evaluation.gradient;
    onIteration?.(iteration + 1);
    if (decrease <= LEAST_DECREASE * Math.max(1, Math.abs(value)))
      return { x, value, iterations: iteration + 1, converged: true };
  }
  return { x, value, iterations: maxIter, converged: false };
}

interface Pair {
  readonly s: Float64Array;
  readonly y: Float64Array;
  readonly rho: number;
}

/** Minus the approximate inverse Hessian times the gradient (the two-loop recursion). */
function descent(gradient: Float64Array, history: readonly Pair[]): Float64Array {
  const q = gradient.map((value) => -value);
  const factors: number[] = [];
  for (let i = history.length - 1; i >= 0; i--) {
    const { s, y, rho } = history[i];
    factors[i] = rho * dot(s, q);
    addScaled(q, y, -factors[i]);
  }
  const last = history.at(-1);
  if (last !== undefined) {
    const scale = 1 / (last.rho * dot(last.y, last.y));
    for (let i = 0; i < q.length; i++) q[i] *= scale;
  }
  for (const [i, { s, y, rho }] of history.entries()) addScaled(q, s, factors[i] - rho * dot(y, q));
  return q;
}

function remember(
  history: Pair[],
  from: Float64Array,
  to: Float64Array,
  before: Float64Array,
  after: Float64Array,
): void {
  const s = to.map((value, i) => value - from[i]);
  const y = after.map((value, i) => value - before[i]);
  const curvature = dot(s, y);
  // A pair without positive curvature would make the next direction go up.
  if (curvature <= 1e-12 * dot(y, y)) return;
  history.push({ s, y, rho: 1 / curvature });
  if (history.length > MEMORY) history.shift();
}

async function lineSearch(
  evaluate: (x: Float64Array) => Promise<ValueAndGradient>,
  at: {
    readonly x: Float64Array;
    readonly value: number;
    readonly direction: Float64Array;
    readonly slope: number;
    readonly first: number;
  },
): Promise<{ readonly x: Float64Array; readonly evaluation: ValueAndGradient } | null> {
  const { x, value, direction, slope, first } = at;
  for (let step = first, tries = 0; tries < 25; step /= 2, tries++) {
    const next = x.map((entry, i) => entry + step * direction[i]);
    const evaluation = await evaluate(next);
    if (evaluation.value <= value + 1e-4 * step * slope) return { x: next, evaluation };
  }
  return null;
}
