import { TrainingError } from "../../../base/errors.ts";
import { callable } from "../../../base/params/callable.ts";
import { warnOnce } from "../../../base/warnings.ts";
import { checkMatrix, type Matrix, takeRows } from "../../matrix.ts";
import { labelsOfLargest, numberLabels } from "../labels.ts";
import {
  above,
  atLeast,
  ClassifierLearner,
  checkedOptions,
  type FitWatch,
  integerFrom,
  isBoolean,
  type LearnerState,
  oneOf,
  type RestoredState,
} from "../learner.ts";
import { affine } from "../products.ts";
import { StratifiedKFold } from "../selection/folds.ts";
import { doubles, stored } from "../stored_arrays.ts";
import type { LinearProblemSettings, LinearSolution } from "./dual_coordinate_descent.ts";
import { solveProblems } from "./linear_problems.ts";
import { fitSigmoid, type PlattSigmoid, sigmoidProbability } from "./platt.ts";

/** What `LinearSVC` takes. */
export interface LinearSVCOptions {
  /** Weight of the training errors; small values regularise more. @default 1 */
  C?: number;
  /** `"squaredHinge"` (L2 loss, LIBLINEAR's solver 1) or `"hinge"` (L1 loss, solver 3). @default "squaredHinge" */
  loss?: "squaredHinge" | "hinge";
  /**
   * Value of a constant feature, whose weight is the intercept's and is regularised as the others (LIBLINEAR's `-B`); -1
   * for no intercept. @default 1
   */
  bias?: number;
  /** Largest violation of the optimality conditions at the end, as LIBLINEAR's `-e`. @default 0.1 */
  tol?: number;
  /** Most passes over the examples; Newton's method on the primal problem then ends that of the squared hinge, as in LIBLINEAR. @default 1000 */
  maxIter?: number;
  /** Whether `predictProba` will be called; takes five more trainings. @default false */
  probability?: boolean;
  /** Of the order of the examples. @default 0 */
  seed?: number;
}

/** Parts of the examples that probabilities are fitted on. */
const PARTS = 5;

class LinearSVCClassifier extends ClassifierLearner<LinearSVCOptions> {
  /** Weights: of two classes one row, else a row for each class against the others. */
  coefficients: Matrix = { rows: 0, columns: 0, data: new Float32Array(0) };
  /** Added to the products with each row. */
  intercept: Float64Array = new Float64Array(0);
  /** Dual objective of each problem. */
  objectives: Float64Array = new Float64Array(0);
  /** Passes of each problem. */
  iterations: readonly number[] = [];
  #sigmoids: readonly PlattSigmoid[] | null = null;

  constructor(options: LinearSVCOptions = {}) {
    const defaults: Required<LinearSVCOptions> = {
      C: 1,
      loss: "squaredHinge",
      bias: 1,
      tol: 0.1,
      maxIter: 1000,
      probability: false,
      seed: 0,
    };
    super(
      checkedOptions("LinearSVC", defaults, options, {
        C: above(0),
        loss: oneOf("squaredHinge", "hinge"),
        bias: (value) =>
          value === -1 || atLeast(0)(value) === undefined ? undefined : "a number >= 0, or -1 for none",
        tol: above(0),
        maxIter: integerFrom(1),
        probability: isBoolean,
        seed: integerFrom(0),
      }),
    );
  }

  get kind(): string {
    return "LinearSVC";
  }

  /** Sum of the dual objectives. */
  get dualObjective(): number {
    return this.objectives.reduce((sum, value) => sum + value, 0);
  }

  /**
   * Solves a problem for each class against the others, in workers.
   *
   * @throws ArgumentError for NaN or infinite features, or fewer than two classes; TrainingError when it is interrupted.
   */
  async fit(x: Matrix, y: ArrayLike<number>, watch?: FitWatch): Promise<this> {
    const caller = "LinearSVC.fit";
    checkMatrix(caller, x);
    const { classes, places } = numberLabels(caller, y, x.rows);
    const { probability } = this.options;
    const share = probability ? 1 / (1 + PARTS) : 1;
    const report = (from: number): FitWatch => ({
      ...watch,
      onProgress: (done) => watch?.onProgress?.((from + done) * share),
    });
    const solutions = await this.#solve(x, places, classes.length, caller, report(0));
    const sigmoids = probability ? await this.#fitSigmoids(x, places, classes.length, caller, report) : null;
    if (solutions.some(({ converged }) => !converged)) {
      warnOnce(
        "LinearSVC maxIter",
        "LinearSVC: the most passes were reached before the tolerance; raise maxIter or tol, or scale the features",
      );
    }
    Object.assign(this, weightsOf(solutions, x.columns, this.#bias));
    this.objectives = Float64Array.from(solutions, ({ objective }) => objective);
    this.iterations = solutions.map(({ iterations }) => iterations);
    this.#sigmoids = sigmoids;
    this.featureCount = x.columns;
    this.classes = classes;
    return this;
  }

  get #bias(): number {
    return Math.max(0, this.options.bias);
  }

  #solve(
    x: Matrix,
    places: Int32Array,
    classes: number,
    caller: string,
    watch: FitWatch,
  ): Promise<LinearSolution[]> {
    const { C, loss, tol, maxIter, seed } = this.options;
    // The second class is the positive one of two, as in scikit-learn.
    const positives = classes === 2 ? [1] : Array.from({ length: classes }, (_, c) => c);
    const settings: LinearProblemSettings = { C, loss, bias: this.#bias, tolerance: tol, maxIter, seed };
    return solveProblems(x, places, positives, settings, { caller, watch });
  }

  /** A sigmoid for each problem, from decision values of examples that were not trained on. */
  async #fitSigmoids(
    x: Matrix,
    places: Int32Array,
    classes: number,
    caller: string,
    report: (from: number) => FitWatch,
  ): Promise<PlattSigmoid[]> {
    const problems = classes === 2 ? 1 : classes;
    const decisions = Array.from({ length: problems }, () => new Float64Array(x.rows));
    const folds = StratifiedKFold({ nSplits: PARTS, shuffle: true, seed: this.options.seed }).split(places);
    for (const [part, { train, test }] of folds.entries()) {
      const of = Int32Array.from(train, (i) => places[i]);
      const solutions = await this.#solve(takeRows(x, train), of, classes, caller, report(1 + part));
      const { coefficients, intercept } = weightsOf(solutions, x.columns, this.#bias);
      const { data } = await affine(takeRows(x, test), coefficients, intercept);
      for (const [row, place] of test.entries())
        for (let p = 0; p < problems; p++) decisions[p][place] = data[row * problems + p];
    }
    return decisions.map((values, p) =>
      fitSigmoid(
        values,
        Int8Array.from(places, (place) => (place === (classes === 2 ? 1 : p) ? 1 : 0)),
      ),
    );
  }

  /** w x + b: of two classes one column, positive for the second, else one for each class. */
  async decisionFunction(x: Matrix): Promise<Matrix> {
    this.checkRows("decisionFunction", x);
    return affine(x, this.coefficients, this.intercept);
  }

  /** The class with the largest decision value. */
  async predict(x: Matrix): Promise<Int32Array> {
    this.checkRows("predict", x);
    const { data } = await affine(x, this.coefficients, this.intercept);
    const { classes } = this;
    return classes.length === 2
      ? Int32Array.from(data, (value) => classes[value > 0 ? 1 : 0])
      : labelsOfLargest(data, classes);
  }

  /**
   * Probability of each class, [rows, classes]: Platt scaling for each problem, divided by their sum.
   *
   * @throws TrainingError unless it was trained with `probability: true`.
   */
  async predictProba(x: Matrix): Promise<Matrix> {
    this.checkRows("predictProba", x);
    const sigmoids = this.#sigmoids;
    if (sigmoids === null) {
      throw new TrainingError(
        "LinearSVC.predictProba: trained without probabilities; use LinearSVC({ probability: true })",
      );
    }
    const k = this.classes.length;
    const { data: decisions } = await affine(x, this.coefficients, this.intercept);
    const data = new Float32Array(x.rows * k);
    for (let row = 0; row < x.rows; row++) {
      const own =
        k === 2
          ? [
              1 - sigmoidProbability(sigmoids[0], decisions[row]),
              sigmoidProbability(sigmoids[0], decisions[row]),
            ]
          : sigmoids.map((sigmoid, c) => sigmoidProbability(sigmoid, decisions[row * k + c]));
      const sum = own.reduce((total, value) => total + value, 0);
      for (let c = 0; c < k; c++) data[row * k + c] = sum > 0 ? own[c] / sum : 1 / k;
    }
    return { rows: x.rows, columns: k, data };
  }

  state(): LearnerState {
    const { options, classes, coefficients, intercept, objectives } = this;
    const sigmoids = (this.#sigmoids ?? []).flatMap(({ a, b }) => [a, b]);
    return {
      kind: this.kind,
      facts: { options, classes },
      arrays: {
        coefficients: stored(coefficients),
        intercept: doubles(intercept),
        objectives: doubles(objectives),
        sigmoids: doubles(sigmoids),
      },
    };
  }

  /** @internal */
  restore(state: RestoredState): void {
    const classes = state.classes();
    const problems = classes.length === 2 ? 1 : classes.length;
    this.coefficients = state.matrix("coefficients", problems);
    this.featureCount = this.coefficients.columns;
    this.intercept = state.numbers("intercept", problems);
    this.objectives = state.numbers("objectives", problems);
    const sigmoids = state.numbers("sigmoids");
    if (sigmoids.length !== 0 && sigmoids.length !== 2 * problems)
      state.fail("sigmoids do not fit the classes");
    this.#sigmoids =
      sigmoids.length === 0
        ? null
        : Array.from({ length: problems }, (_, p) => ({ a: sigmoids[2 * p], b: sigmoids[2 * p + 1] }));
    this.classes = classes;
  }
}

function weightsOf(
  solutions: readonly LinearSolution[],
  columns: number,
  bias: number,
): { readonly coefficients: Matrix; readonly intercept: Float64Array } {
  const data = new Float32Array(solutions.length * columns);
  for (const [p, { weights }] of solutions.entries()) data.set(weights.subarray(0, columns), p * columns);
  const intercept = Float64Array.from(solutions, ({ weights }) => bias * weights[columns]);
  return { coefficients: { rows: solutions.length, columns, data }, intercept };
}

/**
 * Linear support vector classification (scikit-learn's `LinearSVC`, which is LIBLINEAR), each class against the others:
 * min 1/2 |w|^2 + C sum max(0, 1 - y_i w.x_i)^2, or without the square.
 *
 * Source: R.-E. Fan, K.-W. Chang, C.-J. Hsieh, X.-R. Wang, C.-J. Lin, "LIBLINEAR: a library for large linear
 * classification", JMLR 9, 2008.
 *
 * @example
 * ```ts
 * import { LinearSVC, matrix } from "convoyant/classic";
 * const svc = await LinearSVC({ C: 10 }).fit(matrix([[0], [1], [3], [4]]), [0, 0, 1, 1]);
 * Array.from(await svc.predict(matrix([[0.5], [3.5]]))); // [0, 1]
 * ```
 */
export const LinearSVC = callable("LinearSVC", LinearSVCClassifier);
/** See {@link LinearSVC}. */
export type LinearSVC = LinearSVCClassifier;
