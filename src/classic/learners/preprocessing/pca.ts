import { ArgumentError } from "../../../base/errors.ts";
import { callable } from "../../../base/params/callable.ts";
import { checkMatrix, type Matrix } from "../../matrix.ts";
import {
  checkedOptions,
  type FitWatch,
  isBoolean,
  type LearnerState,
  type RestoredState,
  TransformerLearner,
} from "../learner.ts";
import { affine } from "../products.ts";
import { doubles, stored } from "../stored_arrays.ts";
import { Turns } from "../turns.ts";
import { columnMeans, covariance, requireSpread } from "./column_statistics.ts";
import { symmetricEigen } from "./symmetric_eigen.ts";

/** What `PCA` takes. */
export interface PCAOptions {
  /**
   * How many components are kept: an integer, a share of the variance between 0 and 1, or null for as many as there are
   * columns (or rows, if these are fewer). @default null
   */
  nComponents?: number | null;
  /** Whether components are divided by their standard deviations. @default false */
  whiten?: boolean;
}

const componentsRule = (value: unknown): string | undefined => {
  const fits = typeof value === "number" && value > 0 && (Number.isSafeInteger(value) || value < 1);
  return value === null || fits
    ? undefined
    : "an integer >= 1, a share of the variance between 0 and 1, or null";
};

class PCALearner extends TransformerLearner<PCAOptions> {
  /** Mean of each column. */
  mean: Float64Array = new Float64Array(0);
  /** Directions of the largest variances as rows, the largest first; each has its largest entry positive. */
  components: Matrix = { rows: 0, columns: 0, data: new Float32Array(0) };
  /** Variance along each component. */
  explainedVariance: Float64Array = new Float64Array(0);
  /** Share of the whole variance along each component. */
  explainedVarianceRatio: Float64Array = new Float64Array(0);

  constructor(options: PCAOptions = {}) {
    const rules = { nComponents: componentsRule, whiten: isBoolean };
    super(checkedOptions("PCA", { nComponents: null, whiten: false }, options, rules));
  }

  get kind(): string {
    return "PCA";
  }

  get isFitted(): boolean {
    return this.mean.length > 0;
  }

  /**
   * Learns the directions: eigenvectors of the covariance matrix.
   *
   * @throws ArgumentError for fewer than two rows, or more components than rows or columns.
   */
  async fit(x: Matrix, _y?: ArrayLike<number>, watch?: FitWatch): Promise<this> {
    checkMatrix("PCA.fit", x);
    const { rows, columns } = x;
    const most = Math.min(rows, columns);
    const { nComponents } = this.options;
    requireSpread("PCA.fit", x);
    if (nComponents !== null && nComponents > most) {
      throw new ArgumentError(
        `PCA.fit: expected at most ${most} components for ${rows} rows and ${columns} columns, got ${nComponents}`,
      );
    }
    const turns = new Turns("PCA.fit", watch);
    const mean = await columnMeans(x, turns);
    const { values, vectors } = await symmetricEigen(await covariance(x, mean, turns), columns, turns);
    const variances = values.map((value) => Math.max(0, value));
    const total = variances.reduce((sum, value) => sum + value, 0);
    const kept = countOfComponents(nComponents ?? most, variances, total);
    this.components = { rows: kept, columns, data: signed(vectors.subarray(0, kept * columns), columns) };
    this.explainedVariance = variances.slice(0, kept);
    this.explainedVarianceRatio = this.explainedVariance.map((value) => (total > 0 ? value / total : 0));
    this.mean = mean;
    return this;
  }

  /** Coordinates along the components, [rows, components]. */
  async transform(x: Matrix): Promise<Matrix> {
    this.requireFitted("transform");
    checkMatrix("PCA.transform", x, this.mean.length);
    const { rows, columns, data } = this.components;
    const { explainedVariance: variance } = this;
    const { whiten } = this.options;
    const weight = new Float32Array(data.length);
    const bias = new Float64Array(rows);
    for (let k = 0; k < rows; k++) {
      const scale = whiten ? 1 / Math.max(Math.sqrt(variance[k]), 1e-12) : 1;
      for (let j = 0; j < columns; j++) {
        weight[k * columns + j] = data[k * columns + j] * scale;
        bias[k] -= this.mean[j] * weight[k * columns + j];
      }
    }
    return affine(x, { rows, columns, data: weight }, bias);
  }

  state(): LearnerState {
    const { mean, components, explainedVariance, explainedVarianceRatio } = this;
    return {
      kind: this.kind,
      facts: { options: this.options },
      arrays: {
        mean: doubles(mean),
        components: stored(components),
        explainedVariance: doubles(explainedVariance),
        explainedVarianceRatio: doubles(explainedVarianceRatio),
      },
    };
  }

  /** @internal */
  restore(state: RestoredState): void {
    this.mean = state.numbers("mean");
    this.components = state.matrix("components", undefined, this.mean.length);
    this.explainedVariance = state.numbers("explainedVariance", this.components.rows);
    this.explainedVarianceRatio = state.numbers("explainedVarianceRatio", this.components.rows);
  }
}

/** A share of the variance as a number of components: the fewest that hold more than it. */
function countOfComponents(wanted: number, variances: Float64Array, total: number): number {
  if (wanted >= 1) return wanted;
  let sum = 0;
  for (let k = 0; k < variances.length; k++) {
    sum += variances[k];
    if (sum > wanted * total) return k + 1;
  }
  return variances.length;
}

/** Vectors with the sign that makes their largest entry positive, so that the same data gives the same ones. */
function signed(vectors: Float64Array, columns: number): Float32Array {
  const out = new Float32Array(vectors.length);
  for (let start = 0; start < vectors.length; start += columns) {
    let largest = start;
    for (let i = start; i < start + columns; i++)
      if (Math.abs(vectors[i]) > Math.abs(vectors[largest])) largest = i;
    const sign = vectors[largest] < 0 ? -1 : 1;
    for (let i = start; i < start + columns; i++) out[i] = sign * vectors[i];
  }
  return out;
}

/**
 * Principal component analysis (scikit-learn's `PCA`): y = (x - mean) V^T, V the eigenvectors of the covariance matrix
 * with the largest eigenvalues; with `whiten`, y is divided by the roots of these.
 *
 * Source: K. Pearson, "On lines and planes of closest fit to systems of points in space", 1901.
 *
 * @example
 * ```ts
 * import { matrix, PCA } from "convoyant/classic";
 * const pca = await PCA({ nComponents: 1 }).fit(matrix([[0, 0], [1, 1], [2, 2]]));
 * pca.explainedVariance[0].toFixed(4); // "2.0000"
 * ```
 */
export const PCA = callable("PCA", PCALearner);
/** See {@link PCA}. */
export type PCA = PCALearner;
