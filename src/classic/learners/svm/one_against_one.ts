/** A decision function for each pair of classes. */
import { warnOnce } from "../../../base/warnings.ts";
import { processors } from "../../../workers/processors.ts";
import { type Matrix, takeRows } from "../../matrix.ts";
import type { NumberedLabels } from "../labels.ts";
import type { FitWatch } from "../learner.ts";
import { StratifiedKFold } from "../selection/folds.ts";
import { checkAborted, Turns, untilAborted } from "../turns.ts";
import { type Kernel, KernelSide } from "./kernels.ts";
import { PairSolvers, type SolverSettings } from "./pair_solvers.ts";
import { fitSigmoid, type PlattSigmoid } from "./platt.ts";
import type { BinarySolution } from "./smo.ts";

/** How each pair is trained. */
export interface PairSettings {
  readonly C: number;
  readonly tol: number;
  readonly shrinking: boolean;
  readonly cacheBytes: number;
  readonly probability: boolean;
  readonly maxIter: number;
  readonly seed: number;
}

/** What was trained for each pair of classes. */
export interface PairModels {
  /** Places of the support vectors among the examples, ascending. */
  readonly support: Int32Array;
  /** alpha_i y_i, [pairs, support vectors]. */
  readonly coefficients: Matrix;
  readonly rho: Float64Array;
  /** Dual objective of each pair. */
  readonly objectives: Float64Array;
  /** Steps of each pair. */
  readonly iterations: Float64Array;
  readonly converged: boolean;
  /** Of Platt scaling; null if it was not asked for. */
  readonly sigmoids: readonly PlattSigmoid[] | null;
}

/** Fewer kernel values than this, of all pairs together, are worked through sooner than workers start. */
const WORTH_WORKERS = 2e7;

/** Parts of a pair's examples that probabilities are fitted on, as in LIBSVM. */
const PARTS = 5;

/** Pairs of classes: 0 and 1, 0 and 2, ..., 1 and 2, ... */
export function classPairs(classes: number): (readonly [number, number])[] {
  const pairs: (readonly [number, number])[] = [];
  for (let a = 0; a < classes; a++) for (let b = a + 1; b < classes; b++) pairs.push([a, b]);
  return pairs;
}

/** Who asks for models. */
export interface PairCaller {
  readonly caller: string;
  readonly watch: FitWatch | undefined;
  /** How many workers solve; 0 for this thread, by default as many as are of use. */
  readonly workers?: number;
}

/** Trains all pairs; each solution depends on its own examples alone, whatever else is under way. */
export async function trainPairs(
  kernel: Kernel,
  x: Matrix,
  { classes, places, counts }: NumberedLabels,
  settings: PairSettings,
  { caller, watch, workers }: PairCaller,
): Promise<PairModels> {
  const members = counts.map((count) => new Int32Array(count));
  const filled = counts.map(() => 0);
  for (const [i, place] of places.entries()) members[place][filled[place]++] = i;
  const pairs = classPairs(classes.length);
  const values = pairs.reduce((sum, [a, b]) => sum + (counts[a] + counts[b]) ** 2, 0);
  const threads = workers ?? (values < WORTH_WORKERS ? 0 : Math.min(processors(), pairs.length));
  const turns = () => new Turns(caller, watch);
  const training = await PairSolvers.of(
    kernel,
    x,
    members,
    solverSettings(settings, { caller, workers: threads, turns }),
  );
  const aborted = untilAborted(caller, watch);
  const solutions: PairSolution[] = [];
  let next = 0;
  let done = 0;
  const work = training.solvers.map(async (solver) => {
    while (next < pairs.length) {
      checkAborted(caller, watch);
      const p = next++;
      const [a, b] = pairs[p];
      const { examples, signs } = training.pair(a, b);
      const solution = await solver.solve(a, b);
      const sigmoid = settings.probability
        ? await sigmoidOfPair(kernel, x, { examples, signs }, settings, turns())
        : null;
      solutions[p] = { examples, solution, sigmoid };
      watch?.onProgress?.(++done / pairs.length);
    }
  });
  const all = Promise.all(work);
  all.catch(() => {});
  try {
    await Promise.race([all, aborted.promise]);
  } finally {
    aborted.stop();
    // The others take no new pair, and workers end with the one that they have.
    next = pairs.length;
    await training.stop();
    await Promise.allSettled(work);
  }
  const models = gathered(solutions, x.rows);
  if (!models.converged)
    warnOnce(
      "SVC maxIter",
      "SVC: the bound on steps was reached before the tolerance; raise maxIter or scale the features",
    );
  return models;
}

interface PairSolution {
  readonly examples: Int32Array;
  readonly solution: BinarySolution;
  readonly sigmoid: PlattSigmoid | null;
}

async function sigmoidOfPair(
  kernel: Kernel,
  x: Matrix,
  { examples, signs }: { readonly examples: Int32Array; readonly signs: Int8Array },
  settings: PairSettings,
  turns: Turns,
): Promise<PlattSigmoid> {
  const places = examples.filter((place) => place >= 0);
  const known = signs.filter((sign) => sign !== 0);
  const decisions = await heldOutDecisions(kernel, x, { places, signs: known }, settings, turns);
  return fitSigmoid(decisions, known);
}

/** A decision value for each example of a pair, by a training on parts without it. */
async function heldOutDecisions(
  kernel: Kernel,
  x: Matrix,
  { places, signs }: { readonly places: Int32Array; readonly signs: Int8Array },
  settings: PairSettings,
  turns: Turns,
): Promise<Float64Array> {
  const decisions = new Float64Array(places.length);
  const positives = signs.filter((sign) => sign > 0).length;
  const least = Math.min(positives, places.length - positives);
  // Of a class with one example nothing can be held out.
  if (least < 2) return decisions;
  const folds = StratifiedKFold({ nSplits: Math.min(PARTS, least), shuffle: true, seed: settings.seed });
  for (const { train, test } of folds.split(signs)) {
    const part = { places, signs, train, test };
    const held = await decisionsOfPart(kernel, x, part, settings, turns);
    for (const [i, place] of test.entries()) decisions[place] = held[i];
  }
  return decisions;
}

function solverSettings(
  { C, tol, shrinking, cacheBytes, maxIter }: PairSettings,
  more: Pick<SolverSettings, "caller" | "workers" | "turns">,
): SolverSettings {
  return { bounds: [C, C], tolerance: tol, shrinking, bytes: cacheBytes, maxIter, ...more };
}

/** Decision values of one part of a pair's examples, by a training on the others. */
async function decisionsOfPart(
  kernel: Kernel,
  x: Matrix,
  part: {
    readonly places: Int32Array;
    readonly signs: Int8Array;
    readonly train: Int32Array;
    readonly test: Int32Array;
  },
  settings: PairSettings,
  turns: Turns,
): Promise<Float64Array> {
  const { places, signs, train, test } = part;
  const members = [1, -1].map((sign) =>
    Int32Array.from(train.filter((i) => signs[i] === sign)).map((i) => places[i]),
  );
  const own = solverSettings(settings, { caller: "SVC.fit", workers: 0, turns: () => turns });
  const training = await PairSolvers.of(kernel, x, members, own);
  const pair = training.pair(0, 1);
  const { coefficients, rho } = await training.solvers[0].solve(0, 1);
  const support = Array.from(coefficients.keys()).filter((i) => coefficients[i] !== 0);
  const tested = test.map((i) => places[i]);
  const columns = support.map((i) => pair.examples[i]);
  const values = await kernelBetween(kernel, x, tested, columns);
  return Float64Array.from(tested, (_, row) => {
    let sum = -rho;
    for (const [k, i] of support.entries()) sum += coefficients[i] * values[row * support.length + k];
    return sum;
  });
}

async function kernelBetween(
  kernel: Kernel,
  x: Matrix,
  rows: Int32Array,
  columns: readonly number[],
): Promise<Float32Array> {
  if (kernel.kernel === "precomputed") {
    const values: number[] = [];
    for (const row of rows) for (const column of columns) values.push(x.data[row * x.columns + column]);
    return Float32Array.from(values);
  }
  const side = await KernelSide.of(kernel, takeRows(x, columns));
  return side.values(takeRows(x, rows));
}

function gathered(solutions: readonly PairSolution[], rows: number): PairModels {
  const used = new Uint8Array(rows);
  for (const { examples, solution } of solutions)
    for (const [i, place] of examples.entries()) if (solution.coefficients[i] !== 0) used[place] = 1;
  const support = Int32Array.from(Array.from(used.keys()).filter((place) => used[place] === 1));
  const columns = new Int32Array(rows);
  for (const [column, place] of support.entries()) columns[place] = column;
  const data = new Float32Array(solutions.length * support.length);
  for (const [p, { examples, solution }] of solutions.entries()) {
    for (const [i, place] of examples.entries())
      if (solution.coefficients[i] !== 0)
        data[p * support.length + columns[place]] = solution.coefficients[i];
  }
  return {
    support,
    coefficients: { rows: solutions.length, columns: support.length, data },
    rho: Float64Array.from(solutions, ({ solution }) => solution.rho),
    objectives: Float64Array.from(solutions, ({ solution }) => solution.objective),
    iterations: Float64Array.from(solutions, ({ solution }) => solution.iterations),
    converged: solutions.every(({ solution }) => solution.converged),
    sigmoids: solutions[0]?.sigmoid ? solutions.map(({ sigmoid }) => sigmoid as PlattSigmoid) : null,
  };
}
