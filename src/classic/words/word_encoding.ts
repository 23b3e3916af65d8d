/** Encodings of descriptors by words. */
import type { Matrix } from "../matrix.ts";
import type { GaussianMixture } from "./gaussian_mixture.ts";

/** How descriptors become one row of features; see `bagOfWords`. */
export type WordEncoding = "hard" | "soft" | "vlad" | "fisher";

/** Adds up descriptors into a vector of fixed length. */
export interface WordAccumulator {
  /** Values of the vector. */
  readonly length: number;
  /**
   * Adds a descriptor to the vector that begins at `to`.
   *
   * @param label - its nearest word.
   */
  add(data: Float32Array, at: number, label: number, out: Float64Array, to: number): void;
}

/** Counts each descriptor for its nearest word. */
export function hardAccumulator(words: Matrix): WordAccumulator {
  return {
    length: words.rows,
    add(_data, _at, label, out, to) {
      out[to + label]++;
    },
  };
}

/** Counts each descriptor for all words, by exp(-d^2 / (2 sigma^2)), one in all. */
export function softAccumulator(words: Matrix, sigma: number): WordAccumulator {
  const { rows, columns } = words;
  const shares = new Float64Array(rows);
  const spread = -1 / (2 * sigma * sigma);
  return {
    length: rows,
    add(data, at, label, out, to) {
      // Distances less the smallest one: what is far from all words would be nothing for each.
      const least = distance(data, at, words.data, label * columns, columns);
      let total = 0;
      for (let k = 0; k < rows; k++) {
        shares[k] = Math.exp((distance(data, at, words.data, k * columns, columns) - least) * spread);
        total += shares[k];
      }
      for (let k = 0; k < rows; k++) out[to + k] += shares[k] / total;
    },
  };
}

/** Adds the difference of each descriptor and its nearest word. */
export function vladAccumulator({ rows, columns, data: words }: Matrix): WordAccumulator {
  return {
    length: rows * columns,
    add(data, at, label, out, to) {
      for (let j = 0, p = label * columns; j < columns; j++, p++) out[to + p] += data[at + j] - words[p];
    },
  };
}

/** Adds the gradients of the log-likelihood by means and standard deviations, scaled by the Fisher information. */
export function fisherAccumulator(mixture: GaussianMixture): WordAccumulator {
  const { means, covariances, weights } = mixture;
  const { rows, columns } = means;
  const shares = new Float64Array(rows);
  const inverse = Float64Array.from(covariances.data, (value) => 1 / Math.sqrt(value));
  const half = rows * columns;
  return {
    length: 2 * half,
    add(data, at, _label, out, to) {
      mixture.posterior(data, at, shares);
      for (let k = 0; k < rows; k++) {
        if (shares[k] < 1e-9) continue;
        const scale = shares[k] / Math.sqrt(weights[k]);
        for (let j = 0, p = k * columns; j < columns; j++, p++) {
          const away = (data[at + j] - means.data[p]) * inverse[p];
          out[to + p] += scale * away;
          out[to + half + p] += scale * Math.SQRT1_2 * (away * away - 1);
        }
      }
    },
  };
}

function distance(a: Float32Array, atA: number, b: Float32Array, atB: number, columns: number): number {
  let sum = 0;
  for (let j = 0; j < columns; j++) {
    const difference = a[atA + j] - b[atB + j];
    sum += difference * difference;
  }
  return sum;
}

/** The mean distance of words from the word nearest to each: a width for soft assignment. */
export function meanSpacing({ rows, columns, data }: Matrix): number {
  let sum = 0;
  for (let k = 0; k < rows; k++) {
    let least = Number.POSITIVE_INFINITY;
    for (let other = 0; other < rows; other++)
      if (other !== k) least = Math.min(least, distance(data, k * columns, data, other * columns, columns));
    sum += Math.sqrt(least);
  }
  return rows > 1 && sum > 0 ? sum / rows : 1;
}
