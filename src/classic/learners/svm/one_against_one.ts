/** A decision function for each pair of classes. */
import { warnOnce } from "../../../base/warnings.ts";
import { type Matrix, takeRows } from "../../matrix.ts";
import type { NumberedLabels } from "../labels.ts";
import type { FitWatch } from "../learner.ts";
import { StratifiedKFold } from "../selection/folds.ts";
import { Turns } from "../turns.ts";
import { type Kernel, KernelSide } from "./kernels.ts";
import { TrainingKernel } from "./pair_rows.ts";
import { fitSigmoid, type PlattSigmoid } from "./platt.ts";
import { type BinarySolution, solveSmo } from "./smo.ts";

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

/** Pairs that are trained at the same time: while one waits for kernel rows, the other takes steps. */
const AT_ONCE = 2;

/** Parts of a pair's examples that probabilities are fitted on, as in LIBSVM. */
const PARTS = 5;

/** Pairs of classes: 0 and 1, 0 and 2, ..., 1 and 2, ... */
export function classPairs(classes: number): (readonly [number, number])[] {
  const pairs: (readonly [number, number])[] = [];
  for (let a = 0; a < classes; a++) for (let b = a + 1; b < classes; b++) pairs.push([a, b]);
  return pairs;
}

/** Trains all pairs; each solution depends on its own examples alone, whatever else is under way. */
export async function trainPairs(
  kernel: Kernel,
  x: Matrix,
  { classes, places, counts }: NumberedLabels,
  settings: PairSettings,
  { caller, watch }: { readonly caller: string; readonly watch: FitWatch | undefined },
): Promise<PairModels> {
  const turns = () => new Turns(caller, watch);
  const members = counts.map((count) => new Int32Array(count));
  const filled = counts.map(() => 0);
  for (const [i, place] of places.entries()) members[place][filled[place]++] = i;
  const memory = { bytes: settings.cacheBytes, pairsAtOnce: AT_ONCE, turns: turns() };
  const training = await TrainingKernel.of(kernel, x, members, memory);
  const pairs = classPairs(classes.length);
  const solutions: PairSolution[] = [];
  let next = 0;
  let done = 0;
  const work = async () => {
    while (next < pairs.length) {
      const p = next++;
      const [a, b] = pairs[p];
      solutions[p] = await trainPair(training, x, [a, b], settings, turns());
      watch?.onProgress?.(++done / pairs.length);
    }
  };
  const workers = await Promise.allSettled(Array.from({ length: AT_ONCE }, work));
  for (const worker of workers) if (worker.status === "rejected") throw worker.reason;
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

async function trainPair(
  training: TrainingKernel,
  x: Matrix,
  [a, b]: readonly [number, number],
  settings: PairSettings,
  turns: Turns,
): Promise<PairSolution> {
  const { examples, signs, source, release } = await training.pair(a, b);
  const solution = await solveSmo({ source, ...binary(signs, settings) }, turns);
  release();
  if (!settings.probability) return { examples, solution, sigmoid: null };
  const places = examples.filter((place) => place >= 0);
  const known = signs.filter((sign) => sign !== 0);
  const decisions = await heldOutDecisions(training.kernel, x, { places, signs: known }, settings, turns);
  return { examples, solution, sigmoid: fitSigmoid(decisions, known) };
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

function binary(signs: Int8Array, { C, tol, shrinking, cacheBytes, maxIter }: PairSettings) {
  const most = maxIter >= 0 ? maxIter : Math.max(1e7, 100 * signs.length);
  return {
    signs,
    bounds: [C, C] as const,
    tolerance: tol,
    shrinking,
    cacheBytes: cacheBytes / AT_ONCE,
    maxIter: most,
  };
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
  const memory = { bytes: settings.cacheBytes / AT_ONCE, pairsAtOnce: 1, turns };
  const training = await TrainingKernel.of(kernel, x, members, memory);
  const pair = await training.pair(0, 1);
  const { coefficients, rho } = await solveSmo(
    { source: pair.source, ...binary(pair.signs, settings) },
    turns,
  );
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
