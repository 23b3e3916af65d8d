import { TrainingError } from "../../../base/errors.ts";
import { callable } from "../../../base/params/callable.ts";
import { warnOnce } from "../../../base/warnings.ts";
import { linear } from "../../../tensor/functions/nn/linear.ts";
import { crossEntropy } from "../../../tensor/functions/nn/loss/classification_loss.ts";
import { fromTypedArray, type Tensor } from "../../../tensor/tensor.ts";
import { checkMatrix, type Matrix } from "../../matrix.ts";
import { labelsOfLargest, numberLabels } from "../labels.ts";
import {
  above,
  ClassifierLearner,
  checkedOptions,
  type FitWatch,
  integerFrom,
  type LearnerState,
  type RestoredState,
} from "../learner.ts";
import { affine, held, rowsTensor } from "../products.ts";
import { doubles, stored } from "../stored_arrays.ts";
import { checkAborted } from "../turns.ts";
import { minimise, type ValueAndGradient } from "./lbfgs.ts";

/** What `SoftmaxRegression` takes. */
export interface SoftmaxRegressionOptions {
  /** Weight of the training errors; small values regularise more. @default 1 */
  C?: number;
  /** Most steps of L-BFGS. @default 100 */
  maxIter?: number;
  /** Ends when no entry of the gradient of the mean loss is larger. @default 0.0001 */
  tol?: number;
}

/** Rows in one graph. */
const ROWS_AT_ONCE = 16_384;

class SoftmaxRegressionClassifier extends ClassifierLearner<SoftmaxRegressionOptions> {
  /** Weights, a row for each class. */
  coefficients: Matrix = { rows: 0, columns: 0, data: new Float32Array(0) };
  /** Added to the products with each row. */
  intercept: Float64Array = new Float64Array(0);
  /** Mean cross-entropy with its regularisation, at the end of the training. */
  loss = Number.NaN;
  /** Steps of L-BFGS. */
  iterations = 0;

  constructor(options: SoftmaxRegressionOptions = {}) {
    const defaults = { C: 1, maxIter: 100, tol: 1e-4 };
    const rules = { C: above(0), maxIter: integerFrom(1), tol: above(0) };
    super(checkedOptions<SoftmaxRegressionOptions>("SoftmaxRegression", defaults, options, rules));
  }

  get kind(): string {
    return "SoftmaxRegression";
  }

  /**
   * Minimises the mean cross-entropy plus |W|^2 / (2 C n) by L-BFGS, whose gradients autograd computes on the engine.
   *
   * @throws ArgumentError for NaN or infinite features, or fewer than two classes; TrainingError when it is interrupted.
   */
  async fit(x: Matrix, y: ArrayLike<number>, watch?: FitWatch): Promise<this> {
    const caller = "SoftmaxRegression.fit";
    checkMatrix(caller, x);
    const { classes, places } = numberLabels(caller, y, x.rows);
    const { C, maxIter, tol } = this.options;
    const objective = new SoftmaxObjective(x, places, classes.length, C);
    const evaluate = async (weights: Float64Array) => {
      checkAborted(caller, watch);
      return objective.evaluate(weights);
    };
    const start = new Float64Array(classes.length * (x.columns + 1));
    const onIteration = (iteration: number) => watch?.onProgress?.(iteration / maxIter);
    const found = await minimise(evaluate, start, { tolerance: tol, maxIter, onIteration });
    if (!Number.isFinite(found.value))
      throw new TrainingError(`${caller}: the loss became ${found.value}; scale the features`);
    if (!found.converged) {
      warnOnce(
        "SoftmaxRegression maxIter",
        "SoftmaxRegression: the most steps were reached before the tolerance; raise maxIter or scale the features",
      );
    }
    const values = classes.length * x.columns;
    this.coefficients = {
      rows: classes.length,
      columns: x.columns,
      data: Float32Array.from(found.x.subarray(0, values)),
    };
    this.intercept = found.x.slice(values);
    this.loss = found.value;
    this.iterations = found.iterations;
    this.featureCount = x.columns;
    this.classes = classes;
    watch?.onProgress?.(1);
    return this;
  }

  /** W x + b: a column for each class. */
  async decisionFunction(x: Matrix): Promise<Matrix> {
    this.checkRows("decisionFunction", x);
    return affine(x, this.coefficients, this.intercept);
  }

  /** The most probable class. */
  async predict(x: Matrix): Promise<Int32Array> {
    return labelsOfLargest((await this.decisionFunction(x)).data, this.classes);
  }

  /** Probability of each class, [rows, classes]. */
  async predictProba(x: Matrix): Promise<Matrix> {
    const { rows, columns, data } = await this.decisionFunction(x);
    for (let at = 0; at < data.length; at += columns) {
      const row = data.subarray(at, at + columns);
      const largest = row.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
      let sum = 0;
      for (let c = 0; c < columns; c++) sum += row[c] = Math.exp(row[c] - largest);
      for (let c = 0; c < columns; c++) row[c] /= sum;
    }
    return { rows, columns, data };
  }

  state(): LearnerState {
    const { options, classes, coefficients, intercept } = this;
    const arrays = { coefficients: stored(coefficients), intercept: doubles(intercept) };
    return { kind: this.kind, facts: { options, classes }, arrays };
  }

  /** @internal */
  restore(state: RestoredState): void {
    const classes = state.classes();
    this.coefficients = state.matrix("coefficients", classes.length);
    this.intercept = state.numbers("intercept", classes.length);
    this.featureCount = this.coefficients.columns;
    this.classes = classes;
  }
}

/** Mean cross-entropy with its regularisation; examples stay in the engine's memory. */
class SoftmaxObjective {
  readonly #parts: readonly { readonly x: Tensor; readonly y: Tensor }[];
  readonly #rows: number;
  readonly #columns: number;
  readonly #classes: number;
  readonly #ridge: number;

  constructor(x: Matrix, places: Int32Array, classes: number, C: number) {
    const parts = [];
    for (let start = 0; start < x.rows; start += ROWS_AT_ONCE) {
      const count = Math.min(ROWS_AT_ONCE, x.rows - start);
      const labels = Float64Array.from(places.subarray(start, start + count));
      parts.push({
        x: held(rowsTensor(x, start, count)),
        y: fromTypedArray(labels, [count], "int64"),
      });
    }
    this.#parts = parts;
    this.#rows = x.rows;
    this.#columns = x.columns;
    this.#classes = classes;
    this.#ridge = 1 / (C * x.rows);
  }

  async evaluate(values: Float64Array): Promise<ValueAndGradient> {
    const split = this.#classes * this.#columns;
    const single = Float32Array.from(values);
    const weight = leaf(single.slice(0, split), [this.#classes, this.#columns]);
    const bias = leaf(single.slice(split), [this.#classes]);
    const losses = this.#parts.map(({ x, y }) =>
      crossEntropy(linear(x, weight, bias), y, { reduction: "sum" }).div(this.#rows),
    );
    const loss = losses.reduce((sum, part) => sum.add(part));
    loss.backward();
    const [value, ofWeight, ofBias] = await Promise.all([
      loss.item(),
      (weight.grad as Tensor).data(),
      (bias.grad as Tensor).data(),
    ]);
    const gradient = new Float64Array(values.length);
    gradient.set(ofWeight);
    gradient.set(ofBias, split);
    let squares = 0;
    for (let i = 0; i < split; i++) {
      squares += values[i] * values[i];
      gradient[i] += this.#ridge * values[i];
    }
    return { value: value + (this.#ridge * squares) / 2, gradient };
  }
}

function leaf(data: Float32Array, shape: readonly number[]): Tensor {
  return fromTypedArray(data, [...shape], "float32").requiresGrad_();
}

/**
 * Softmax regression, multinomial logistic regression (scikit-learn's `LogisticRegression`): p = softmax(W x + b), the
 * cross-entropy of the labels plus |W|^2 / (2 C) at its least.
 *
 * @example
 * ```ts
 * import { matrix, SoftmaxRegression } from "convoyant/classic";
 * const softmax = await SoftmaxRegression().fit(matrix([[0], [1], [3], [4]]), [0, 0, 1, 1]);
 * Array.from(await softmax.predict(matrix([[0.5], [3.5]]))); // [0, 1]
 * ```
 */
export const SoftmaxRegression = callable("SoftmaxRegression", SoftmaxRegressionClassifier);
/** See {@link SoftmaxRegression}. */
export type SoftmaxRegression = SoftmaxRegressionClassifier;
