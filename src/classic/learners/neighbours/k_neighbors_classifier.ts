import { ArgumentError } from "../../../base/errors.ts";
import { callable } from "../../../base/params/callable.ts";
import { fromTypedArray } from "../../../tensor/tensor.ts";
import { checkMatrix, type Matrix } from "../../matrix.ts";
import { squaredDistance } from "../clusters/nearest_centres.ts";
import { labelsOfLargest, numberLabels } from "../labels.ts";
import { LargestFew } from "../largest_few.ts";
import {
  ClassifierLearner,
  checkedOptions,
  type FitWatch,
  integerFrom,
  type LearnerState,
  oneOf,
  type RestoredState,
} from "../learner.ts";
import { computed, HeldMatrix, held, rowProducts, rowsOfBlock, rowsTensor } from "../products.ts";
import { doubles, stored } from "../stored_arrays.ts";
import { Turns } from "../turns.ts";

/** What `KNeighborsClassifier` takes. */
export interface KNeighborsClassifierOptions {
  /** How many neighbours vote. @default 5 */
  nNeighbors?: number;
  /** Whether all votes count the same, or by the inverse of the distance. @default "uniform" */
  weights?: "uniform" | "distance";
}

/** Places and distances of the nearest examples, [rows, neighbours], the nearest first. */
export interface Neighbours {
  readonly indices: Int32Array;
  readonly distances: Float64Array;
  readonly count: number;
}

/** Candidates beyond the neighbours asked for, among which double precision decides. */
const SPARE = 8;

class KNeighborsClassifierLearner extends ClassifierLearner<KNeighborsClassifierOptions> {
  #examples: Matrix = { rows: 0, columns: 0, data: new Float32Array(0) };
  #places: Int32Array = new Int32Array(0);
  #held: HeldMatrix | null = null;

  constructor(options: KNeighborsClassifierOptions = {}) {
    const defaults = { nNeighbors: 5, weights: "uniform" as const };
    const rules = { nNeighbors: integerFrom(1), weights: oneOf("uniform", "distance") };
    super(checkedOptions<KNeighborsClassifierOptions>("KNeighborsClassifier", defaults, options, rules));
  }

  get kind(): string {
    return "KNeighborsClassifier";
  }

  /** Keeps the examples. @throws ArgumentError for fewer examples than neighbours. */
  async fit(x: Matrix, y: ArrayLike<number>, watch?: FitWatch): Promise<this> {
    checkMatrix("KNeighborsClassifier.fit", x);
    const { classes, places } = numberLabels("KNeighborsClassifier.fit", y, x.rows);
    const { nNeighbors } = this.options;
    if (x.rows < nNeighbors) {
      throw new ArgumentError(
        `KNeighborsClassifier.fit: expected at least ${nNeighbors} examples for as many neighbours, got ${x.rows}`,
      );
    }
    this.#examples = { ...x, data: x.data.slice() };
    this.#places = places;
    this.#held = null;
    this.classes = classes;
    this.featureCount = x.columns;
    watch?.onProgress?.(1);
    return this;
  }

  /** The nearest examples of each row; products run on the engine, double precision decides between near ones. */
  async kneighbors(x: Matrix): Promise<Neighbours> {
    this.checkRows("kneighbors", x);
    const { nNeighbors: count } = this.options;
    const examples = this.#examples;
    this.#held ??= await HeldMatrix.of(examples);
    const turns = new Turns("KNeighborsClassifier");
    const halves = this.#held.blocks.map(({ start, rows }) =>
      held(fromTypedArray(halfSquares(examples, start, rows), [rows], "float32")),
    );
    const indices = new Int32Array(x.rows * count);
    const distances = new Float64Array(x.rows * count);
    const step = Math.min(1024, rowsOfBlock(Math.min(examples.rows, this.#held.blocks[0].rows)));
    for (let start = 0; start < x.rows; start += step) {
      const rows = Math.min(step, x.rows - start);
      const candidates = Array.from({ length: rows }, () => new LargestFew(count + SPARE));
      for (const [i, block] of this.#held.blocks.entries()) {
        const scores = await computed(() => rowProducts(rowsTensor(x, start, rows), block.x).sub(halves[i]));
        for (let row = 0; row < rows; row++) {
          candidates[row].offerAll(scores, row * block.rows, block.rows, block.start);
          if (row % 8 === 7) await turns.restIfOver();
        }
      }
      for (let row = 0; row < rows; row++)
        this.#rank(x, start + row, candidates[row].items, indices, distances);
    }
    return { indices, distances, count };
  }

  #rank(
    x: Matrix,
    row: number,
    found: readonly number[],
    indices: Int32Array,
    distances: Float64Array,
  ): void {
    const { nNeighbors: count } = this.options;
    const { columns, data } = this.#examples;
    const exact = found.map((index) => ({
      index,
      distance: squaredDistance(x.data, row * columns, data, index * columns, columns),
    }));
    exact.sort((a, b) => a.distance - b.distance || a.index - b.index);
    for (let n = 0; n < count; n++) {
      indices[row * count + n] = exact[n].index;
      distances[row * count + n] = Math.sqrt(exact[n].distance);
    }
  }

  /** Share of the neighbours' votes for each class, [rows, classes]. */
  async predictProba(x: Matrix): Promise<Matrix> {
    const { indices, distances, count } = await this.kneighbors(x);
    const k = this.classes.length;
    const data = new Float32Array(x.rows * k);
    for (let row = 0; row < x.rows; row++) {
      const votes = this.#votes(distances.subarray(row * count, (row + 1) * count));
      const sum = votes.reduce((all, vote) => all + vote, 0);
      for (let n = 0; n < count; n++)
        data[row * k + this.#places[indices[row * count + n]]] += votes[n] / sum;
    }
    return { rows: x.rows, columns: k, data };
  }

  /** Of examples at the same place as the row only these count. */
  #votes(distances: Float64Array): number[] {
    if (this.options.weights === "uniform") return Array.from(distances, () => 1);
    const touching = distances.some((distance) => distance === 0);
    return Array.from(distances, (distance) => (touching ? Number(distance === 0) : 1 / distance));
  }

  /** The class with most votes, the first of equal ones. */
  async predict(x: Matrix): Promise<Int32Array> {
    return labelsOfLargest((await this.predictProba(x)).data, this.classes);
  }

  state(): LearnerState {
    const { options, classes } = this;
    const arrays = { examples: stored(this.#examples), places: doubles(this.#places) };
    return { kind: this.kind, facts: { options, classes }, arrays };
  }

  /** @internal */
  restore(state: RestoredState): void {
    const classes = state.classes();
    this.#examples = state.matrix("examples");
    this.#places = Int32Array.from(state.numbers("places", this.#examples.rows));
    if (this.#places.some((place) => place < 0 || place >= classes.length))
      state.fail("an example has a class that does not exist");
    if (this.#examples.rows < this.options.nNeighbors) state.fail("there are fewer examples than neighbours");
    this.featureCount = this.#examples.columns;
    this.#held = null;
    this.classes = classes;
  }
}

function halfSquares({ columns, data }: Matrix, start: number, count: number): Float32Array {
  const halves = new Float32Array(count);
  for (let row = 0, at = start * columns; row < count; row++) {
    let sum = 0;
    for (let j = 0; j < columns; j++, at++) sum += data[at] * data[at];
    halves[row] = sum / 2;
  }
  return halves;
}

/**
 * k nearest neighbours by Euclidean distance (scikit-learn's `KNeighborsClassifier`).
 *
 * Source: T. Cover, P. Hart, "Nearest neighbor pattern classification", 1967.
 *
 * @example
 * ```ts
 * import { KNeighborsClassifier, matrix } from "convoyant/classic";
 * const knn = await KNeighborsClassifier({ nNeighbors: 1 }).fit(matrix([[0], [5]]), [3, 7]);
 * Array.from(await knn.predict(matrix([[1], [4]]))); // [3, 7]
 * ```
 */
export const KNeighborsClassifier = callable("KNeighborsClassifier", KNeighborsClassifierLearner);
/** See {@link KNeighborsClassifier}. */
export type KNeighborsClassifier = KNeighborsClassifierLearner;
