import { callable } from "../../../base/params/callable.ts";
import { checkMatrix, type Matrix } from "../../matrix.ts";
import {
  atLeast,
  checkedOptions,
  type FitWatch,
  type LearnerState,
  type RestoredState,
  TransformerLearner,
} from "../learner.ts";
import { affine } from "../products.ts";
import { doubles, stored } from "../stored_arrays.ts";
import { Turns } from "../turns.ts";
import { columnMeans, covariance, requireSpread } from "./column_statistics.ts";
import { symmetricEigen } from "./symmetric_eigen.ts";

/** What `ZCAWhitening` takes. */
export interface ZCAWhiteningOptions {
  /** Added to each variance, so that noise is not blown up. @default 0.00001 */
  epsilon?: number;
}

class ZCAWhiteningLearner extends TransformerLearner<ZCAWhiteningOptions> {
  /** Mean of each column. */
  mean: Float64Array = new Float64Array(0);
  /** The symmetric matrix W, [columns, columns]. */
  whitening: Matrix = { rows: 0, columns: 0, data: new Float32Array(0) };

  constructor(options: ZCAWhiteningOptions = {}) {
    super(checkedOptions("ZCAWhitening", { epsilon: 1e-5 }, options, { epsilon: atLeast(0) }));
  }

  get kind(): string {
    return "ZCAWhitening";
  }

  get isFitted(): boolean {
    return this.mean.length > 0;
  }

  /** Learns the whitening matrix. @throws ArgumentError for fewer than two rows. */
  async fit(x: Matrix, _y?: ArrayLike<number>, watch?: FitWatch): Promise<this> {
    checkMatrix("ZCAWhitening.fit", x);
    const { columns } = x;
    requireSpread("ZCAWhitening.fit", x);
    const turns = new Turns("ZCAWhitening.fit", watch);
    const mean = await columnMeans(x, turns);
    const { values, vectors } = await symmetricEigen(await covariance(x, mean, turns), columns, turns);
    const whitening = new Float64Array(columns * columns);
    for (let k = 0; k < columns; k++) {
      const scale = 1 / Math.sqrt(Math.max(values[k], 0) + this.options.epsilon);
      // A direction without any variance, and without epsilon, has nothing to whiten.
      if (Number.isFinite(scale))
        addOuter(whitening, vectors.subarray(k * columns, (k + 1) * columns), scale);
      await turns.restIfOver();
    }
    this.whitening = { rows: columns, columns, data: Float32Array.from(whitening) };
    this.mean = mean;
    return this;
  }

  /** Whitened rows, in the coordinates of the features. */
  async transform(x: Matrix): Promise<Matrix> {
    this.requireFitted("transform");
    const { mean, whitening } = this;
    checkMatrix("ZCAWhitening.transform", x, mean.length);
    const bias = new Float64Array(mean.length);
    for (let k = 0, at = 0; k < bias.length; k++)
      for (let j = 0; j < mean.length; j++, at++) bias[k] -= whitening.data[at] * mean[j];
    return affine(x, whitening, bias);
  }

  state(): LearnerState {
    const arrays = { mean: doubles(this.mean), whitening: stored(this.whitening) };
    return { kind: this.kind, facts: { options: this.options }, arrays };
  }

  /** @internal */
  restore(state: RestoredState): void {
    this.mean = state.numbers("mean");
    this.whitening = state.matrix("whitening", this.mean.length, this.mean.length);
  }
}

function addOuter(sum: Float64Array, vector: Float64Array, scale: number): void {
  const n = vector.length;
  for (let i = 0, at = 0; i < n; i++) {
    const factor = vector[i] * scale;
    for (let j = 0; j < n; j++, at++) sum[at] += factor * vector[j];
  }
}

/**
 * ZCA whitening: y = W (x - mean) with W = V diag(1 / sqrt(eigenvalues + epsilon)) V^T, V the eigenvectors of the
 * covariance matrix. Of all whitening maps it changes the features least, so whitened images still look like images.
 *
 * Source: A. J. Bell, T. J. Sejnowski, "The independent components of natural scenes are edge filters", 1997.
 *
 * @example
 * ```ts
 * import { matrix, ZCAWhitening } from "convoyant/classic";
 * const whitening = await ZCAWhitening({ epsilon: 0 }).fit(matrix([[0, 0], [2, 0], [0, 4], [2, 4]]));
 * (await whitening.transform(matrix([[2, 4]]))).rows; // 1
 * ```
 */
export const ZCAWhitening = callable("ZCAWhitening", ZCAWhiteningLearner);
/** See {@link ZCAWhitening}. */
export type ZCAWhitening = ZCAWhiteningLearner;
