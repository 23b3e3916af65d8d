/** Mixtures of Gaussians with diagonal covariances: the words of Fisher vectors. */
import { ArgumentError, TrainingError } from "../../base/errors.ts";
import { KMeans } from "../learners/clusters/k_means.ts";
import { Turns } from "../learners/turns.ts";
import { checkMatrix, type Matrix, matrix } from "../matrix.ts";
import { integer, number, type OptionRules, readOptions } from "../option_checks.ts";

/** Options of {@link GaussianMixture}. */
export interface GaussianMixtureOptions {
  /** Number of Gaussians. Default 1. */
  nComponents: number;
  /** Most rounds of expectation and maximisation. Default 100. */
  maxIter: number;
  /** Ends when the mean log-likelihood grows by less. Default 0.001. */
  tol: number;
  /** Added to variances. Default 1e-6. */
  regCovar: number;
  /** Of the k-means clustering that it begins with. Default 0. */
  seed: number;
}

/** The parameters of a mixture. */
export interface MixtureParameters {
  /** Share of each Gaussian; they sum to 1. */
  readonly weights: ArrayLike<number>;
  /** [components, columns]. */
  readonly means: Matrix;
  /** Variances, [components, columns]. */
  readonly covariances: Matrix;
}

const RULES: OptionRules<GaussianMixtureOptions> = {
  nComponents: integer(1, 1, 65536),
  maxIter: integer(100, 1, 1e6),
  tol: number(1e-3, 0, Number.MAX_VALUE),
  regCovar: number(1e-6, 0, Number.MAX_VALUE),
  seed: integer(0, 0, 2 ** 32 - 1),
};

/** Shares of a row below this do not count. */
const NEGLIGIBLE = 1e-12;

/** Sums over rows: how much belongs to each component, and its values and squared values. */
interface Sums {
  readonly shares: Float64Array;
  readonly values: Float64Array;
  readonly squares: Float64Array;
}

/**
 * A mixture of Gaussians with diagonal covariances, fitted by expectation-maximisation from the clusters of k-means:
 * `p(x) = sum of w N(x; m, s^2)`. Computed in double precision: the same on every engine.
 *
 * Sources: A. P. Dempster, N. M. Laird and D. B. Rubin, "Maximum likelihood from incomplete data via the EM algorithm",
 * 1977; scikit-learn's `GaussianMixture(covariance_type="diag")`.
 *
 * @throws ArgumentError for options outside their range; when called, for features that are NaN or infinite, and for
 *   more components than rows.
 * @example
 * ```ts
 * import { GaussianMixture, matrix } from "convoyant/classic";
 * const x = matrix([[0], [1], [0], [1], [10], [11], [10], [11]]);
 * const mixture = await new GaussianMixture({ nComponents: 2 }).fit(x);
 * [...mixture.means.data].sort((a, b) => a - b); // [0.5, 10.5]
 * ```
 */
export class GaussianMixture implements MixtureParameters {
  /** Options with their defaults. */
  readonly options: Readonly<GaussianMixtureOptions>;
  /** Share of each Gaussian. */
  weights: Float64Array = new Float64Array();
  /** Means, a row for each Gaussian. */
  means: Matrix = matrix(0, 0);
  /** Variances, a row for each Gaussian. */
  covariances: Matrix = matrix(0, 0);
  /** Mean log-likelihood of the rows in the last round. */
  lowerBound = Number.NaN;
  /** Rounds that were computed. */
  iterations = 0;
  /** Whether the last round changed less than `tol`. */
  converged = false;
  /** For each component and column the inverse variance, and the mean times it; for each component the rest. */
  #precisions = new Float64Array();
  #slopes = new Float64Array();
  #constants = new Float64Array();

  constructor(options: Partial<GaussianMixtureOptions> = {}) {
    this.options = readOptions("GaussianMixture", options, RULES);
  }

  /** A mixture of known parameters. @throws ArgumentError if they do not belong together. */
  static of({ weights, means, covariances }: MixtureParameters): GaussianMixture {
    checkMatrix("GaussianMixture.of", means);
    checkMatrix("GaussianMixture.of", covariances, means.columns);
    const fits = weights.length === means.rows && covariances.rows === means.rows && means.rows > 0;
    if (!fits || !covariances.data.every((value) => value > 0)) {
      throw new ArgumentError(
        "GaussianMixture.of: expected as many weights, means and covariances, all covariances above 0",
      );
    }
    const mixture = new GaussianMixture({ nComponents: means.rows });
    mixture.#take(Float64Array.from(weights), means, covariances);
    return mixture;
  }

  /**
   * Fits the mixture to rows.
   *
   * @param init - parameters to begin with in place of k-means.
   */
  async fit(x: Matrix, init?: MixtureParameters): Promise<this> {
    checkMatrix("GaussianMixture.fit", x);
    const { nComponents, maxIter, tol, seed } = this.options;
    if (nComponents > x.rows) {
      throw new ArgumentError(
        `GaussianMixture.fit: expected at least as many rows as components, got ${x.rows} rows for ${nComponents} ` +
          "components; take fewer components or more rows",
      );
    }
    const turns = new Turns("GaussianMixture.fit");
    if (init === undefined) {
      const { labels } = await KMeans({ nClusters: nComponents, seed }).fit(x);
      this.#maximise(clusterSums(x, labels, nComponents), x);
    } else {
      const { weights, means, covariances } = GaussianMixture.of(init);
      this.#take(weights, means, covariances);
    }
    this.lowerBound = Number.NEGATIVE_INFINITY;
    this.converged = false;
    for (this.iterations = 1; this.iterations <= maxIter && !this.converged; this.iterations++) {
      const before = this.lowerBound;
      const sums = emptySums(nComponents, x.columns);
      this.lowerBound = (await this.#expect(x, sums, turns)) / x.rows;
      this.#maximise(sums, x);
      this.converged = Math.abs(this.lowerBound - before) < tol;
    }
    this.iterations--;
    return this;
  }

  /** Probability of each component for each row, [rows, components]. @throws TrainingError before `fit`. */
  async predictProba(x: Matrix): Promise<Matrix> {
    checkMatrix("GaussianMixture.predictProba", x, this.#requireFitted());
    const turns = new Turns("GaussianMixture.predictProba");
    const probabilities = matrix(x.rows, this.means.rows);
    const shares = new Float64Array(this.means.rows);
    for (let row = 0; row < x.rows; row++) {
      this.posterior(x.data, row * x.columns, shares);
      probabilities.data.set(shares, row * shares.length);
      if (row % 64 === 63) await turns.restIfOver();
    }
    return probabilities;
  }

  #requireFitted(): number {
    if (this.means.rows === 0) throw new TrainingError("GaussianMixture is not fitted yet; call `fit` first");
    return this.means.columns;
  }

  /**
   * Writes the probabilities of all components for a row; gives the row's log-likelihood.
   *
   * @internal
   */
  posterior(data: Float32Array, at: number, shares: Float64Array): number {
    const { rows, columns } = this.means;
    let most = Number.NEGATIVE_INFINITY;
    for (let k = 0, p = 0; k < rows; k++) {
      let sum = 0;
      for (let j = 0; j < columns; j++, p++) {
        const value = data[at + j];
        sum += value * (this.#slopes[p] - 0.5 * value * this.#precisions[p]);
      }
      shares[k] = sum + this.#constants[k];
      if (shares[k] > most) most = shares[k];
    }
    let total = 0;
    for (let k = 0; k < rows; k++) {
      shares[k] = Math.exp(shares[k] - most);
      total += shares[k];
    }
    for (let k = 0; k < rows; k++) shares[k] /= total;
    return most + Math.log(total);
  }

  async #expect(x: Matrix, sums: Sums, turns: Turns): Promise<number> {
    const shares = new Float64Array(this.means.rows);
    let likelihood = 0;
    for (let row = 0; row < x.rows; row++) {
      likelihood += this.posterior(x.data, row * x.columns, shares);
      addRow(x, row, shares, sums);
      if (row % 64 === 63) await turns.restIfOver();
    }
    return likelihood;
  }

  #maximise({ shares, values, squares }: Sums, x: Matrix): void {
    const { nComponents, regCovar } = this.options;
    const means = matrix(nComponents, x.columns);
    const covariances = matrix(nComponents, x.columns);
    const total = x.rows;
    for (let k = 0, p = 0; k < nComponents; k++) {
      // As scikit-learn: no component has nothing.
      const count = shares[k] + 10 * Number.EPSILON;
      for (let j = 0; j < x.columns; j++, p++) {
        const mean = values[p] / count;
        means.data[p] = mean;
        covariances.data[p] = Math.max(squares[p] / count - mean * mean, 0) + regCovar;
      }
    }
    this.#take(
      shares.map((share) => share / total),
      means,
      covariances,
    );
  }

  #take(weights: Float64Array, means: Matrix, covariances: Matrix): void {
    this.weights = weights;
    this.means = means;
    this.covariances = covariances;
    this.#precisions = Float64Array.from(covariances.data, (value) => 1 / value);
    this.#slopes = this.#precisions.map((precision, p) => precision * means.data[p]);
    this.#constants = weights.map((weight, k) => {
      let sum = Math.log(weight) - 0.5 * means.columns * Math.log(2 * Math.PI);
      for (let p = k * means.columns; p < (k + 1) * means.columns; p++)
        sum -= 0.5 * (Math.log(covariances.data[p]) + this.#slopes[p] * means.data[p]);
      return sum;
    });
  }
}

function emptySums(components: number, columns: number): Sums {
  return {
    shares: new Float64Array(components),
    values: new Float64Array(components * columns),
    squares: new Float64Array(components * columns),
  };
}

function addRow({ columns, data }: Matrix, row: number, shares: Float64Array, sums: Sums): void {
  const at = row * columns;
  for (let k = 0; k < shares.length; k++) {
    const share = shares[k];
    if (share < NEGLIGIBLE) continue;
    sums.shares[k] += share;
    for (let j = 0, p = k * columns; j < columns; j++, p++) {
      const value = share * data[at + j];
      sums.values[p] += value;
      sums.squares[p] += value * data[at + j];
    }
  }
}

function clusterSums(x: Matrix, labels: Int32Array, components: number): Sums {
  const sums = emptySums(components, x.columns);
  const shares = new Float64Array(components);
  for (const [row, label] of labels.entries()) {
    shares.fill(0);
    shares[label] = 1;
    addRow(x, row, shares, sums);
  }
  return sums;
}
