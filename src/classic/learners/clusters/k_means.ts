import { ArgumentError } from "../../../base/errors.ts";
import { callable } from "../../../base/params/callable.ts";
import { PhiloxStream } from "../../../base/philox.ts";
import { shownValue } from "../../../base/shown_value.ts";
import { checkMatrix, type Matrix, rowOf, takeRows } from "../../matrix.ts";
import {
  atLeast,
  checkedOptions,
  type FitWatch,
  integerFrom,
  type LearnerOptionRule,
  type LearnerState,
  type RestoredState,
  TransformerLearner,
} from "../learner.ts";
import { columnMeans, columnVariances } from "../preprocessing/column_statistics.ts";
import { stored } from "../stored_arrays.ts";
import { Turns } from "../turns.ts";
import { type Assignment, assignToCentres, squaredDistance } from "./nearest_centres.ts";
import { seedCentres } from "./seeding.ts";

/** What `KMeans` takes. */
export interface KMeansOptions {
  /** Number of clusters. @default 8 */
  nClusters?: number;
  /** The first centres: `"k-means++"`, `"random"` rows, or given ones. @default "k-means++" */
  init?: "k-means++" | "random" | Matrix;
  /** Most rounds. @default 300 */
  maxIter?: number;
  /** Ends when the centres' squared movement is below it, as a share of the mean variance of the columns. @default 0.0001 */
  tol?: number;
  /** Of the first centres. @default 0 */
  seed?: number;
}

/** What `MiniBatchKMeans` takes. */
export interface MiniBatchKMeansOptions extends KMeansOptions {
  /** Rows of a batch. @default 1024 */
  batchSize?: number;
  /** Ends after this many batches without a smaller smoothed inertia. @default 10 */
  maxNoImprovement?: number;
  /** Rows that the first centres are chosen among. @default 3 * batchSize */
  initSize?: number;
}

const initRule: LearnerOptionRule = (value) =>
  value === "k-means++" || value === "random" || (typeof value === "object" && value !== null)
    ? undefined
    : '"k-means++", "random", or a matrix of centres';

const RULES = {
  nClusters: integerFrom(1),
  init: initRule,
  maxIter: integerFrom(1),
  tol: atLeast(0),
  seed: integerFrom(0),
};

const DEFAULTS = { nClusters: 8, init: "k-means++" as const, maxIter: 300, tol: 1e-4, seed: 0 };

abstract class Clusters<O extends KMeansOptions> extends TransformerLearner<O> {
  /** The centres, a row for each cluster. */
  clusterCenters: Matrix = { rows: 0, columns: 0, data: new Float32Array(0) };
  /** Cluster of each row that was trained on. */
  labels: Int32Array = new Int32Array(0);
  /** Sum of the squared distances of those rows from their centres. */
  inertia = Number.NaN;
  /** Rounds, or batches. */
  iterations = 0;

  get isFitted(): boolean {
    return this.clusterCenters.rows > 0;
  }

  /** The nearest cluster of each row. */
  async predict(x: Matrix): Promise<Int32Array> {
    this.requireFitted("predict");
    checkMatrix(`${this.kind}.predict`, x, this.clusterCenters.columns);
    return (await assignToCentres(x, this.clusterCenters, new Turns(this.kind))).labels;
  }

  /** Distance of each row from each centre, [rows, clusters]. */
  async transform(x: Matrix): Promise<Matrix> {
    this.requireFitted("transform");
    const { clusterCenters: centres } = this;
    checkMatrix(`${this.kind}.transform`, x, centres.columns);
    const turns = new Turns(this.kind);
    const data = new Float32Array(x.rows * centres.rows);
    for (let row = 0, at = 0; row < x.rows; row++) {
      for (let c = 0; c < centres.rows; c++, at++)
        data[at] = Math.sqrt(
          squaredDistance(x.data, row * x.columns, centres.data, c * x.columns, x.columns),
        );
      await turns.restIfOver();
    }
    return { rows: x.rows, columns: centres.rows, data };
  }

  protected check(x: Matrix): void {
    const caller = `${this.kind}.fit`;
    checkMatrix(caller, x);
    const { nClusters, init } = this.options as Required<KMeansOptions>;
    if (nClusters > x.rows) {
      throw new ArgumentError(
        `${caller}: expected at least as many rows as clusters, got ${x.rows} rows for ${nClusters} clusters; ` +
          "take fewer clusters or more rows",
      );
    }
    if (typeof init === "string") return;
    checkMatrix(caller, init, x.columns);
    if (init.rows !== nClusters) {
      throw new ArgumentError(`${caller}: expected ${nClusters} first centres, got ${shownValue(init.rows)}`);
    }
  }

  /** The first centres, chosen among some rows. */
  protected async first(x: Matrix, turns: Turns): Promise<Matrix> {
    const { nClusters, init, seed } = this.options as Required<KMeansOptions>;
    if (typeof init !== "string") return { ...init, data: Float32Array.from(init.data) };
    if (init === "k-means++") return seedCentres(x, nClusters, seed, turns);
    return takeRows(x, drawnRows(x.rows, nClusters, new PhiloxStream(seed, 1)));
  }

  protected settle(centres: Matrix, { labels, distances }: Assignment, iterations: number): void {
    this.clusterCenters = centres;
    this.labels = labels;
    this.inertia = distances.reduce((sum, value) => sum + value, 0);
    this.iterations = iterations;
  }

  state(): LearnerState {
    const { init } = this.options as Required<KMeansOptions>;
    // Given centres have done their work.
    const options = { ...this.options, init: typeof init === "string" ? init : "k-means++" };
    return { kind: this.kind, facts: { options }, arrays: { clusterCenters: stored(this.clusterCenters) } };
  }

  /** @internal */
  restore(state: RestoredState): void {
    this.clusterCenters = state.matrix("clusterCenters", (this.options as Required<KMeansOptions>).nClusters);
  }
}

class KMeansLearner extends Clusters<KMeansOptions> {
  constructor(options: KMeansOptions = {}) {
    super(checkedOptions<KMeansOptions>("KMeans", DEFAULTS, options, RULES));
  }

  get kind(): string {
    return "KMeans";
  }

  /**
   * Lloyd's algorithm: rows go to their nearest centres, centres to the means of their rows. An empty cluster gets the row
   * that is farthest from its centre.
   *
   * @throws ArgumentError for fewer rows than clusters.
   */
  async fit(x: Matrix, _y?: ArrayLike<number>, watch?: FitWatch): Promise<this> {
    this.check(x);
    const turns = new Turns("KMeans.fit", watch);
    const { maxIter, tol } = this.options;
    const means = await columnMeans(x, turns);
    const variances = await columnVariances(x, means, turns);
    const still = (tol * variances.reduce((sum, value) => sum + value, 0)) / x.columns;
    let centres = await this.first(x, turns);
    let before: Int32Array | null = null;
    let iterations = 0;
    while (iterations < maxIter) {
      const assignment = await assignToCentres(x, centres, turns);
      const next = await meansOfClusters(x, assignment, centres.rows, turns);
      iterations++;
      const moved = squaredDistance(next.data, 0, centres.data, 0, next.data.length);
      centres = next;
      watch?.onProgress?.(iterations / maxIter);
      const same = before?.every((label, i) => label === assignment.labels[i]) ?? false;
      before = assignment.labels;
      if (same || moved <= still) break;
    }
    this.settle(centres, await assignToCentres(x, centres, turns), iterations);
    watch?.onProgress?.(1);
    return this;
  }
}

/** Mean of the rows of each cluster, in double precision. */
async function meansOfClusters(
  x: Matrix,
  { labels, distances }: Assignment,
  k: number,
  turns: Turns,
): Promise<Matrix> {
  const { rows, columns, data } = x;
  const counts = new Int32Array(k);
  for (const label of labels) counts[label]++;
  const owners = labels.slice();
  fillEmpty(owners, counts, distances);
  const sums = new Float64Array(k * columns);
  for (let row = 0, at = 0; row < rows; row++) {
    const to = owners[row] * columns;
    for (let j = 0; j < columns; j++, at++) sums[to + j] += data[at];
    if (row % 512 === 511) await turns.restIfOver();
  }
  const centres = new Float32Array(k * columns);
  for (let c = 0, at = 0; c < k; c++)
    for (let j = 0; j < columns; j++, at++) centres[at] = sums[at] / counts[c];
  return { rows: k, columns, data: centres };
}

/** Gives each empty cluster the row that is farthest from its centre, of clusters that keep others. */
function fillEmpty(owners: Int32Array, counts: Int32Array, distances: Float64Array): void {
  const empty = Array.from(counts.keys()).filter((c) => counts[c] === 0);
  if (empty.length === 0) return;
  const farthest = Array.from(owners.keys()).sort((a, b) => distances[b] - distances[a] || a - b);
  let next = 0;
  for (const cluster of empty) {
    while (counts[owners[farthest[next]]] < 2) next++;
    const row = farthest[next++];
    counts[owners[row]]--;
    owners[row] = cluster;
    counts[cluster] = 1;
  }
}

class MiniBatchKMeansLearner extends Clusters<MiniBatchKMeansOptions> {
  constructor(options: MiniBatchKMeansOptions = {}) {
    const batchSize = options.batchSize ?? 1024;
    const initSize = Math.max(3 * batchSize, 3 * (options.nClusters ?? 8));
    const defaults = { ...DEFAULTS, maxIter: 100, tol: 0, batchSize, maxNoImprovement: 10, initSize };
    super(
      checkedOptions<MiniBatchKMeansOptions>("MiniBatchKMeans", defaults, options, {
        ...RULES,
        batchSize: integerFrom(1),
        maxNoImprovement: integerFrom(1),
        initSize: integerFrom(1),
      }),
    );
  }

  get kind(): string {
    return "MiniBatchKMeans";
  }

  /**
   * Each batch moves the centres of its rows towards them, by the share that they have of all rows of the cluster so far.
   *
   * @throws ArgumentError for fewer rows than clusters.
   */
  async fit(x: Matrix, _y?: ArrayLike<number>, watch?: FitWatch): Promise<this> {
    this.check(x);
    const { nClusters, batchSize, maxIter, maxNoImprovement, initSize, seed } = this.options;
    const turns = new Turns("MiniBatchKMeans.fit", watch);
    const random = new PhiloxStream(seed, 2);
    const sample =
      x.rows <= initSize ? x : takeRows(x, drawnRows(x.rows, Math.max(initSize, nClusters), random));
    const centres = await this.first(sample, turns);
    const weights = new Float64Array(nClusters);
    const batches = Math.ceil((maxIter * x.rows) / batchSize);
    const smoothing = Math.min(1, (2 * batchSize) / (x.rows + 1));
    let smoothed = Number.NaN;
    let [least, without, iterations] = [Number.POSITIVE_INFINITY, 0, 0];
    while (iterations < batches && without < maxNoImprovement) {
      const size = Math.min(batchSize, x.rows);
      const batch = takeRows(
        x,
        Int32Array.from({ length: size }, () => random.integer(x.rows)),
      );
      const { labels, distances } = await assignToCentres(batch, centres, turns);
      moveCentres(centres, weights, batch, labels);
      reassignRare(centres, weights, batch, random);
      iterations++;
      const inertia = distances.reduce((sum, value) => sum + value, 0) / size;
      // The first batch has centres that were chosen for others.
      if (iterations === 1) continue;
      smoothed = Number.isNaN(smoothed) ? inertia : smoothed * (1 - smoothing) + inertia * smoothing;
      without = smoothed < least ? 0 : without + 1;
      least = Math.min(least, smoothed);
      watch?.onProgress?.(iterations / batches);
    }
    this.settle(centres, await assignToCentres(x, centres, turns), iterations);
    watch?.onProgress?.(1);
    return this;
  }
}

function moveCentres(centres: Matrix, weights: Float64Array, batch: Matrix, labels: Int32Array): void {
  for (let row = 0; row < batch.rows; row++) {
    const c = labels[row];
    const rate = 1 / ++weights[c];
    const centre = rowOf(centres, c);
    const values = rowOf(batch, row);
    for (let j = 0; j < centre.length; j++) centre[j] += rate * (values[j] - centre[j]);
  }
}

/** Clusters with less than this share of the largest one's rows start again. */
const RARE = 0.01;

/** Puts centres with few rows on rows of the batch. */
function reassignRare(centres: Matrix, weights: Float64Array, batch: Matrix, random: PhiloxStream): void {
  const most = weights.reduce((largest, weight) => Math.max(largest, weight), 0);
  const rare = Array.from(weights.keys()).filter((c) => weights[c] < RARE * most);
  if (rare.length === 0 || rare.length > batch.rows / 2) return;
  const least = weights.reduce(
    (smallest, weight) => (weight >= RARE * most ? Math.min(smallest, weight) : smallest),
    most,
  );
  for (const [i, row] of drawnRows(batch.rows, rare.length, random).entries()) {
    rowOf(centres, rare[i]).set(rowOf(batch, row));
    weights[rare[i]] = least;
  }
}

/** Some different rows (Floyd's algorithm). */
function drawnRows(rows: number, count: number, random: PhiloxStream): number[] {
  const chosen = new Set<number>();
  for (let last = rows - count; last < rows; last++) {
    const row = random.integer(last + 1);
    chosen.add(chosen.has(row) ? last : row);
  }
  return [...chosen];
}

/**
 * k-means clustering (scikit-learn's `KMeans`): min sum_i |x_i - c(i)|^2 over k centres.
 *
 * Source: S. Lloyd, "Least squares quantization in PCM", 1982; first centres by k-means++.
 *
 * @example
 * ```ts
 * import { KMeans, matrix } from "convoyant/classic";
 * const kMeans = await KMeans({ nClusters: 2 }).fit(matrix([[0], [1], [10], [11]]));
 * kMeans.inertia; // 1
 * ```
 */
export const KMeans = callable("KMeans", KMeansLearner);
/** See {@link KMeans}. */
export type KMeans = KMeansLearner;

/**
 * k-means on random batches, for many rows (scikit-learn's `MiniBatchKMeans`): visual words of millions of descriptors.
 *
 * Source: D. Sculley, "Web-scale k-means clustering", WWW 2010.
 *
 * @example
 * ```ts
 * import { matrix, MiniBatchKMeans } from "convoyant/classic";
 * const words = await MiniBatchKMeans({ nClusters: 2, seed: 1 }).fit(matrix([[0], [1], [10], [11]]));
 * words.clusterCenters.rows; // 2
 * ```
 */
export const MiniBatchKMeans = callable("MiniBatchKMeans", MiniBatchKMeansLearner);
/** See {@link MiniBatchKMeans}. */
export type MiniBatchKMeans = MiniBatchKMeansLearner;
