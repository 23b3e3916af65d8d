import { ArgumentError, ShapeError, TrainingError } from "../../../base/errors.ts";
import { callable } from "../../../base/params/callable.ts";
import { linear } from "../../../tensor/functions/nn/linear.ts";
import { fromTypedArray, type Tensor } from "../../../tensor/tensor.ts";
import { checkMatrix, type Matrix, takeRows } from "../../matrix.ts";
import { numberLabels } from "../labels.ts";
import {
  above,
  atLeast,
  ClassifierLearner,
  checkedOptions,
  type FitWatch,
  integerFrom,
  isBoolean,
  type LearnerState,
  type RestoredState,
} from "../learner.ts";
import { computed, rowsTensor } from "../products.ts";
import { doubles, stored } from "../stored_arrays.ts";
import { Turns } from "../turns.ts";
import { checkOwnKernel } from "./check_kernel.ts";
import {
  checkHistograms,
  KERNEL_NAMES,
  type Kernel,
  type KernelFunction,
  type KernelName,
  KernelSide,
  rowRange,
  rowsAtOnce,
} from "./kernels.ts";
import { classPairs, type PairModels, type PairSettings, trainPairs } from "./one_against_one.ts";
import { coupleProbabilities, sigmoidProbability } from "./platt.ts";

/** What `SVC` takes. */
export interface SVCOptions {
  /** Weight of the training errors; small values regularise more. @default 1 */
  C?: number;
  /**
   * `"linear"`, `"poly"`, `"rbf"`, `"chi2"`, `"intersection"`, `"precomputed"` (rows hold kernel values), or a symmetric,
   * positive semi-definite function of two rows. @default "rbf"
   */
  kernel?: KernelName | KernelFunction;
  /**
   * Of poly, RBF and chi-square: `"scale"` is 1 / (columns * variance of all values), `"auto"` 1 / columns.
   * @default "scale"
   */
  gamma?: number | "scale" | "auto";
  /** Of poly. @default 3 */
  degree?: number;
  /** Of poly. @default 0 */
  coef0?: number;
  /** Largest violation of the optimality conditions at the end. @default 0.001 */
  tol?: number;
  /** Whether examples that are likely to stay at a bound are set aside. @default true */
  shrinking?: boolean;
  /** Memory for kernel rows, in bytes. @default 536870912 */
  cacheBytes?: number;
  /** Whether `predictProba` will be called; takes five more trainings for each pair of classes. @default false */
  probability?: boolean;
  /** Most steps for each pair of classes; -1 for no bound. @default -1 */
  maxIter?: number;
  /** Of the parts that probabilities are fitted on. @default 0 */
  seed?: number;
}

const NO_MODELS: PairModels = {
  support: new Int32Array(0),
  coefficients: { rows: 0, columns: 0, data: new Float32Array(0) },
  rho: new Float64Array(0),
  objectives: new Float64Array(0),
  iterations: new Float64Array(0),
  converged: true,
  sigmoids: null,
};

class SVCClassifier extends ClassifierLearner<SVCOptions> {
  /** The gamma in use. */
  gamma = Number.NaN;
  /** The examples that the decision functions are made of. */
  supportVectors: Matrix = { rows: 0, columns: 0, data: new Float32Array(0) };
  /** What was trained for each pair of classes: 0 and 1, 0 and 2, ..., 1 and 2, ... */
  pairs: PairModels = NO_MODELS;
  #side: KernelSide | null = null;

  constructor(options: SVCOptions = {}) {
    super(
      checkedOptions(
        "SVC",
        {
          C: 1,
          kernel: "rbf",
          gamma: "scale",
          degree: 3,
          coef0: 0,
          tol: 1e-3,
          shrinking: true,
          cacheBytes: 512 * 2 ** 20,
          probability: false,
          maxIter: -1,
          seed: 0,
        } satisfies Required<SVCOptions>,
        options,
        {
          C: above(0),
          kernel: kernelRule,
          gamma: (value) =>
            value === "scale" || value === "auto" || above(0)(value) === undefined
              ? undefined
              : 'a number > 0, "scale" or "auto"',
          degree: atLeast(0),
          coef0: (value) => (Number.isFinite(value) ? undefined : "a finite number"),
          tol: above(0),
          shrinking: isBoolean,
          cacheBytes: atLeast(0),
          probability: isBoolean,
          maxIter: integerFrom(-1),
          seed: integerFrom(0),
        },
      ),
    );
  }

  get kind(): string {
    return "SVC";
  }

  /** Sum over all pairs of classes of 1/2 a^T Q a - sum a. */
  get dualObjective(): number {
    return this.pairs.objectives.reduce((sum, value) => sum + value, 0);
  }

  /**
   * Trains a decision function for each pair of classes, in workers if kernel matrices of products fit `cacheBytes`, else
   * with rows that the engine computes; the event loop stays free.
   *
   * @throws ArgumentError for NaN or infinite features, fewer than two classes, or a kernel that is not positive
   *   semi-definite or returns NaN; TrainingError when it is interrupted.
   */
  async fit(x: Matrix, y: ArrayLike<number>, watch?: FitWatch): Promise<this> {
    const caller = "SVC.fit";
    checkMatrix(caller, x);
    const labels = numberLabels(caller, y, x.rows);
    const { options } = this;
    if (options.kernel === "precomputed" && x.rows !== x.columns) {
      throw new ShapeError(
        `${caller}: expected a square matrix of kernel values, got ${x.rows} rows and ${x.columns} columns`,
      );
    }
    const gamma = gammaFor(options.gamma, x);
    const kernel = this.#kernel(gamma);
    const turns = new Turns(caller, watch);
    checkHistograms(caller, kernel, x);
    await checkOwnKernel(caller, kernel, x, turns);
    const { C, tol, shrinking, cacheBytes, probability, maxIter, seed } = options;
    const settings: PairSettings = { C, tol, shrinking, cacheBytes, probability, maxIter, seed };
    const pairs = await trainPairs(kernel, x, labels, settings, { caller, watch });
    this.gamma = gamma;
    this.featureCount = x.columns;
    this.supportVectors =
      options.kernel === "precomputed"
        ? { rows: pairs.support.length, columns: 0, data: new Float32Array(0) }
        : takeRows(x, pairs.support);
    this.pairs = pairs;
    this.classes = labels.classes;
    this.#side = null;
    return this;
  }

  /** The class with most votes of pairs, the first of equal ones. */
  async predict(x: Matrix): Promise<Int32Array> {
    this.checkRows("predict", x);
    const { classes } = this;
    const decisions = await this.#pairDecisions(x);
    const pairs = classPairs(classes.length);
    const votes = new Int32Array(classes.length);
    return Int32Array.from({ length: x.rows }, (_, row) => {
      votes.fill(0);
      for (const [p, [a, b]] of pairs.entries()) votes[decisions[row * pairs.length + p] > 0 ? a : b]++;
      return classes[votes.indexOf(Math.max(...votes))];
    });
  }

  /**
   * Of two classes one column, positive for the second; of more a column for each: its votes, and a share of the
   * decision values that decides between equal ones (scikit-learn's `"ovr"`).
   */
  async decisionFunction(x: Matrix): Promise<Matrix> {
    this.checkRows("decisionFunction", x);
    const k = this.classes.length;
    const decisions = await this.#pairDecisions(x);
    if (k === 2) return { rows: x.rows, columns: 1, data: decisions.map((value) => -value) };
    const pairs = classPairs(k);
    const data = new Float32Array(x.rows * k);
    const sums = new Float64Array(k);
    for (let row = 0; row < x.rows; row++) {
      sums.fill(0);
      for (const [p, [a, b]] of pairs.entries()) {
        const value = decisions[row * pairs.length + p];
        data[row * k + (value > 0 ? a : b)]++;
        sums[a] += value;
        sums[b] -= value;
      }
      for (let c = 0; c < k; c++) data[row * k + c] += sums[c] / (3 * (Math.abs(sums[c]) + 1));
    }
    return { rows: x.rows, columns: k, data };
  }

  /**
   * Probability of each class, [rows, classes]: Platt scaling for each pair, coupled.
   *
   * @throws TrainingError unless it was trained with `probability: true`.
   */
  async predictProba(x: Matrix): Promise<Matrix> {
    this.checkRows("predictProba", x);
    const { sigmoids } = this.pairs;
    if (sigmoids === null)
      throw new TrainingError(
        "SVC.predictProba: trained without probabilities; use SVC({ probability: true })",
      );
    const k = this.classes.length;
    const decisions = await this.#pairDecisions(x);
    const pairs = classPairs(k);
    const data = new Float32Array(x.rows * k);
    const r = new Float64Array(k * k);
    for (let row = 0; row < x.rows; row++) {
      for (const [p, [a, b]] of pairs.entries()) {
        const probability = sigmoidProbability(sigmoids[p], decisions[row * pairs.length + p]);
        r[a * k + b] = probability;
        r[b * k + a] = 1 - probability;
      }
      data.set(k === 2 ? [r[1], r[2]] : coupleProbabilities(r, k), row * k);
    }
    return { rows: x.rows, columns: k, data };
  }

  /** Decision values of all pairs, [rows, pairs]; positive for the first class of a pair. */
  async #pairDecisions(x: Matrix): Promise<Float32Array> {
    const { support, coefficients, rho } = this.pairs;
    const kernel = this.#kernel(this.gamma);
    checkHistograms("SVC.predict", kernel, x);
    const count = rho.length;
    const decisions = new Float32Array(x.rows * count);
    const side = kernel.kernel === "precomputed" ? null : await this.#supportSide(kernel);
    const offset = fromTypedArray(
      Float32Array.from(rho, (value) => -value),
      [count],
      "float32",
    );
    const weights = (side?.blocks.length ? side.blocks : [{ start: 0, rows: support.length }]).map((block) =>
      columnsTensor(coefficients, block.start, block.rows),
    );
    const step = rowsAtOnce(kernel, support.length);
    for (let start = 0; start < x.rows; start += step) {
      const points = rowRange(x, start, Math.min(step, x.rows - start));
      const values = await kernelTensors(side, points, support);
      const part = await computed(() =>
        values().reduce<Tensor>((sum, value, i) => sum.add(linear(value, weights[i])), offset),
      );
      decisions.set(part, start * count);
    }
    return decisions;
  }

  async #supportSide(kernel: Kernel): Promise<KernelSide> {
    this.#side ??= await KernelSide.of(kernel, this.supportVectors);
    return this.#side;
  }

  #kernel(gamma: number): Kernel {
    const { kernel, degree, coef0 } = this.options;
    return { kernel, gamma, degree, coef0 };
  }

  state(): LearnerState {
    const { options, pairs, classes, gamma, featureCount } = this;
    if (typeof options.kernel === "function") {
      throw new ArgumentError(
        "SVC: a kernel that is a function cannot be saved; use a kernel by name, or kernel values as precomputed",
      );
    }
    const sigmoids = pairs.sigmoids === null ? [] : pairs.sigmoids.flatMap(({ a, b }) => [a, b]);
    return {
      kind: this.kind,
      facts: { options, classes, featureCount },
      arrays: {
        gamma: doubles([gamma]),
        support: doubles(pairs.support),
        supportVectors: stored(this.supportVectors),
        coefficients: stored(pairs.coefficients),
        rho: doubles(pairs.rho),
        objectives: doubles(pairs.objectives),
        sigmoids: doubles(sigmoids),
      },
    };
  }

  /** @internal */
  restore(state: RestoredState): void {
    const classes = state.classes();
    const count = (classes.length * (classes.length - 1)) / 2;
    this.featureCount = state.integer("featureCount", 0, 2 ** 31);
    const precomputed = this.options.kernel === "precomputed";
    this.supportVectors = state.matrix("supportVectors", undefined, precomputed ? 0 : this.featureCount);
    const support = Int32Array.from(state.numbers("support", this.supportVectors.rows));
    if (precomputed && support.some((place) => place < 0 || place >= this.featureCount))
      state.fail("a support vector is not among the training examples");
    const sigmoids = state.numbers("sigmoids");
    if (sigmoids.length !== 0 && sigmoids.length !== 2 * count) state.fail("sigmoids do not fit the classes");
    this.gamma = state.numbers("gamma", 1)[0];
    this.pairs = {
      support,
      coefficients: state.matrix("coefficients", count, support.length),
      rho: state.numbers("rho", count),
      objectives: state.numbers("objectives", count),
      iterations: new Float64Array(count),
      converged: true,
      sigmoids:
        sigmoids.length === 0
          ? null
          : Array.from({ length: count }, (_, p) => ({ a: sigmoids[2 * p], b: sigmoids[2 * p + 1] })),
    };
    this.classes = classes;
    this.#side = null;
  }
}

function kernelRule(value: unknown): string | undefined {
  if (typeof value === "function" || KERNEL_NAMES.includes(value as KernelName)) return undefined;
  return `one of ${KERNEL_NAMES.map((name) => `"${name}"`).join(", ")}, or a function of two rows`;
}

/** The number behind a name for gamma. */
function gammaFor(gamma: number | "scale" | "auto", { columns, data }: Matrix): number {
  if (typeof gamma === "number") return gamma;
  const width = Math.max(1, columns);
  if (gamma === "auto") return 1 / width;
  // Sums of every other value: neither waits for the other.
  let [sum, squares, otherSum, otherSquares] = [0, 0, 0, 0];
  for (let i = 0; i < data.length; i += 2) {
    const [one, other] = [data[i], i + 1 < data.length ? data[i + 1] : 0];
    sum += one;
    squares += one * one;
    otherSum += other;
    otherSquares += other * other;
  }
  const variance = (squares + otherSquares) / data.length - ((sum + otherSum) / data.length) ** 2;
  return variance > 0 ? 1 / (width * variance) : 1;
}

/** What gives the kernel values of points and support vectors as tensors, block by block. */
async function kernelTensors(
  side: KernelSide | null,
  points: Matrix,
  support: Int32Array,
): Promise<() => Tensor[]> {
  if (side !== null && side.blocks.length > 0) return () => side.tensors(points);
  const width = support.length;
  const values =
    side === null
      ? Float32Array.from(
          { length: points.rows * width },
          (_, at) => points.data[Math.floor(at / width) * points.columns + support[at % width]],
        )
      : await side.values(points);
  return () => [fromTypedArray(values, [points.rows, width], "float32")];
}

/** Some columns of a matrix as a tensor. */
function columnsTensor(source: Matrix, start: number, count: number): Tensor {
  if (count === source.columns) return rowsTensor(source, 0, source.rows);
  const part = new Float32Array(source.rows * count);
  for (let row = 0; row < source.rows; row++) {
    const at = row * source.columns + start;
    part.set(source.data.subarray(at, at + count), row * count);
  }
  return fromTypedArray(part, [source.rows, count], "float32");
}

/**
 * Support vector classification with a kernel (scikit-learn's `SVC`, which is LIBSVM): for each pair of classes
 * f(x) = sum_i a_i y_i k(x_i, x) - rho, where a solves min 1/2 a^T Q a - sum a, 0 <= a_i <= C, y^T a = 0,
 * Q_ij = y_i y_j k(x_i, x_j).
 *
 * Source: B. E. Boser, I. Guyon, V. Vapnik, "A training algorithm for optimal margin classifiers", COLT 1992; C.-C.
 * Chang, C.-J. Lin, "LIBSVM: a library for support vector machines", 2011.
 *
 * @example
 * ```ts
 * import { matrix, SVC } from "convoyant/classic";
 * const xor = matrix([[0, 0], [1, 1], [0, 1], [1, 0]]);
 * const svc = await SVC({ kernel: "rbf", gamma: 1, C: 10 }).fit(xor, [0, 0, 1, 1]);
 * Array.from(await svc.predict(xor)); // [0, 0, 1, 1]
 * ```
 */
export const SVC = callable("SVC", SVCClassifier);
/** See {@link SVC}. */
export type SVC = SVCClassifier;
