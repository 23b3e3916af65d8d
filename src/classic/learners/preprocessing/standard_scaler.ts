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
import { doubles } from "../stored_arrays.ts";
import { Turns } from "../turns.ts";
import { columnMeans, columnVariances } from "./column_statistics.ts";

/** What `StandardScaler` takes. */
export interface StandardScalerOptions {
  /** Whether the mean is subtracted. @default true */
  withMean?: boolean;
  /** Whether the standard deviation divides. @default true */
  withStd?: boolean;
}

class StandardScalerLearner extends TransformerLearner<StandardScalerOptions> {
  /** Mean of each column. */
  mean: Float64Array = new Float64Array(0);
  /** What each column is divided by: its standard deviation, 1 for a constant column. */
  scale: Float64Array = new Float64Array(0);

  constructor(options: StandardScalerOptions = {}) {
    const rules = { withMean: isBoolean, withStd: isBoolean };
    super(checkedOptions("StandardScaler", { withMean: true, withStd: true }, options, rules));
  }

  get kind(): string {
    return "StandardScaler";
  }

  get isFitted(): boolean {
    return this.mean.length > 0;
  }

  /** Learns mean and standard deviation of each column. */
  async fit(x: Matrix, _y?: ArrayLike<number>, watch?: FitWatch): Promise<this> {
    checkMatrix("StandardScaler.fit", x);
    if (x.data.length === 0)
      throw new ArgumentError("StandardScaler.fit: expected at least one row and column");
    const turns = new Turns("StandardScaler.fit", watch);
    const mean = await columnMeans(x, turns);
    const variance = await columnVariances(x, mean, turns);
    // A constant column's variance is zero but for rounding.
    const constant = (j: number) => variance[j] <= x.rows * (Number.EPSILON * mean[j]) ** 2 + 1e-300;
    this.scale = Float64Array.from(variance, (v, j) => (constant(j) ? 1 : Math.sqrt(v)));
    this.mean = mean;
    return this;
  }

  /** Rows with each column standardised. */
  async transform(x: Matrix): Promise<Matrix> {
    this.requireFitted("transform");
    const { mean, scale } = this;
    checkMatrix("StandardScaler.transform", x, mean.length);
    const { withMean, withStd } = this.options;
    const turns = new Turns("StandardScaler.transform");
    const data = new Float32Array(x.data.length);
    for (let row = 0, at = 0; row < x.rows; row++) {
      for (let j = 0; j < x.columns; j++, at++)
        data[at] = (x.data[at] - (withMean ? mean[j] : 0)) / (withStd ? scale[j] : 1);
      if (row % 256 === 255) await turns.restIfOver();
    }
    return { rows: x.rows, columns: x.columns, data };
  }

  state(): LearnerState {
    const arrays = { mean: doubles(this.mean), scale: doubles(this.scale) };
    return { kind: this.kind, facts: { options: this.options }, arrays };
  }

  /** @internal */
  restore(state: RestoredState): void {
    this.mean = state.numbers("mean");
    this.scale = state.numbers("scale", this.mean.length);
  }
}

/**
 * Standardises columns: z = (x - mean) / standard deviation (scikit-learn's `StandardScaler`).
 *
 * @example
 * ```ts
 * import { matrix, StandardScaler } from "convoyant/classic";
 * const scaler = await StandardScaler().fit(matrix([[0, 1], [2, 3]]));
 * (await scaler.transform(matrix([[2, 1]]))).data[0]; // 1
 * ```
 */
export const StandardScaler = callable("StandardScaler", StandardScalerLearner);
/** See {@link StandardScaler}. */
export type StandardScaler = StandardScalerLearner;
