import { ArgumentError } from "../../../base/errors.ts";
import { callable } from "../../../base/params/callable.ts";
import { shownValue } from "../../../base/shown_value.ts";
import { checkMatrix, type Matrix, takeRows } from "../../matrix.ts";
import { numberLabels } from "../labels.ts";
import { type Classifying, checkedOptions, type FitWatch, integerFrom, isBoolean } from "../learner.ts";
import { StratifiedKFold } from "./folds.ts";

/** Values to try, by option: `{ C: [1, 10] }`, or `{ "svm.C": [1, 10] }` for a step of a pipeline. */
export type ParameterGrid = Readonly<Record<string, readonly unknown[]>>;

/** What `GridSearchCV` takes. */
export interface GridSearchCVOptions {
  /** Parts of the cross-validation. @default 5 */
  cv?: number;
  /** Whether the best setting is trained on all examples at the end. @default true */
  refit?: boolean;
}

/** One setting with its accuracies. */
export interface GridResult {
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Accuracy on each part. */
  readonly scores: readonly number[];
  readonly meanScore: number;
  /** 1 is the best; equal means have equal ranks. */
  readonly rank: number;
}

/** Where a search stands. */
export interface GridProgress {
  /** Trainings that are done, of how many. */
  readonly done: number;
  readonly total: number;
  /** Seconds since the beginning, and an estimate of those to come. */
  readonly seconds: number;
  readonly remainingSeconds: number;
  /** The best setting so far; null before the first is complete. */
  readonly best: GridResult | null;
}

/** How a search may be watched and ended. */
export interface GridWatch extends Pick<FitWatch, "signal"> {
  readonly onProgress?: (progress: GridProgress) => void;
}

class GridSearchCVLearner<L extends Classifying> {
  readonly estimator: L;
  readonly grid: ParameterGrid;
  readonly options: Readonly<Required<GridSearchCVOptions>>;
  /** All settings with their scores, in the order of the grid. */
  results: readonly GridResult[] = [];
  #best: L | null = null;

  /** @throws ArgumentError for a grid without values. */
  constructor(estimator: L, grid: ParameterGrid, options: GridSearchCVOptions = {}) {
    const rules = { cv: integerFrom(2), refit: isBoolean };
    this.options = checkedOptions<GridSearchCVOptions>(
      "GridSearchCV",
      { cv: 5, refit: true },
      options,
      rules,
    );
    for (const [name, values] of Object.entries(grid)) {
      if (Array.isArray(values) && values.length > 0) continue;
      throw new ArgumentError(
        `GridSearchCV: expected a list of values to try for \`${name}\`, got ${shownValue(values)}`,
      );
    }
    this.estimator = estimator;
    this.grid = grid;
  }

  /** The setting with the best mean score; the first of equal ones. */
  get bestParameters(): Readonly<Record<string, unknown>> {
    return this.#first().parameters;
  }

  get bestScore(): number {
    return this.#first().meanScore;
  }

  /** The best setting, trained on all examples. */
  get bestEstimator(): L {
    if (this.#best !== null) return this.#best;
    throw new ArgumentError("GridSearchCV: no best estimator; call `fit` first, with `refit: true`");
  }

  /**
   * Trains every setting on all parts but one, for each part.
   *
   * @throws what the training of a setting throws.
   */
  async fit(x: Matrix, y: ArrayLike<number>, watch: GridWatch = {}): Promise<this> {
    checkMatrix("GridSearchCV.fit", x);
    numberLabels("GridSearchCV.fit", y, x.rows);
    const settings = combinations(this.grid);
    // A mistyped option is found before hours of training.
    for (const parameters of settings) this.estimator.clone(parameters);
    const folds = StratifiedKFold({ nSplits: this.options.cv }).split(y);
    const parts = folds.map(({ train, test }) => ({
      train: takeRows(x, train),
      trainLabels: Int32Array.from(train, (i) => y[i]),
      test: takeRows(x, test),
      testLabels: Int32Array.from(test, (i) => y[i]),
    }));
    const total = settings.length * parts.length + (this.options.refit ? 1 : 0);
    const began = performance.now();
    let done = 0;
    const found: Omit<GridResult, "rank">[] = [];
    const report = () => {
      const seconds = (performance.now() - began) / 1000;
      const ranked = rankedResults(found);
      const best = ranked.find(({ rank }) => rank === 1) ?? null;
      const remainingSeconds = done === 0 ? Number.NaN : (seconds / done) * (total - done);
      watch.onProgress?.({ done, total, seconds, remainingSeconds, best });
    };
    for (const parameters of settings) {
      const scores: number[] = [];
      for (const { train, trainLabels, test, testLabels } of parts) {
        const trained = await this.estimator
          .clone(parameters)
          .fit(train, trainLabels, { signal: watch.signal });
        scores.push(await trained.score(test, testLabels));
        done++;
        report();
      }
      const meanScore = scores.reduce((sum, score) => sum + score, 0) / scores.length;
      found.push({ parameters, scores, meanScore });
    }
    this.results = rankedResults(found);
    if (this.options.refit) {
      this.#best = await this.estimator.clone(this.bestParameters).fit(x, y, { signal: watch.signal });
      done++;
      report();
    }
    return this;
  }

  predict(x: Matrix): Promise<Int32Array> {
    return this.bestEstimator.predict(x);
  }

  score(x: Matrix, y: ArrayLike<number>): Promise<number> {
    return this.bestEstimator.score(x, y);
  }

  #first(): GridResult {
    const best = this.results.find(({ rank }) => rank === 1);
    if (best !== undefined) return best;
    throw new ArgumentError("GridSearchCV: no results yet; call `fit` first");
  }
}

/** Every combination of the values, the last option changing fastest. */
function combinations(grid: ParameterGrid): Record<string, unknown>[] {
  return Object.entries(grid).reduce<Record<string, unknown>[]>(
    (all, [name, values]) => all.flatMap((before) => values.map((value) => ({ ...before, [name]: value }))),
    [{}],
  );
}

function rankedResults(results: readonly Omit<GridResult, "rank">[]): GridResult[] {
  return results.map((result) => ({
    ...result,
    rank: 1 + results.filter(({ meanScore }) => meanScore > result.meanScore).length,
  }));
}

/**
 * Tries settings by cross-validation and keeps the best (scikit-learn's `GridSearchCV`).
 *
 * @example
 * ```ts
 * import { GridSearchCV, KNeighborsClassifier, matrix } from "convoyant/classic";
 * const x = matrix([[0], [1], [2], [7], [8], [9]]);
 * const search = await GridSearchCV(KNeighborsClassifier(), { nNeighbors: [1, 3] }, { cv: 3 }).fit(x, [0, 0, 0, 1, 1, 1]);
 * search.bestScore; // 1
 * ```
 */
export const GridSearchCV = callable("GridSearchCV", GridSearchCVLearner) as typeof GridSearchCVLearner &
  (<L extends Classifying>(
    estimator: L,
    grid: ParameterGrid,
    options?: GridSearchCVOptions,
  ) => GridSearchCVLearner<L>);
/** See {@link GridSearchCV}. */
export type GridSearchCV<L extends Classifying> = GridSearchCVLearner<L>;
