/** Whether a classifier is as sure as it is right. */
import { ArgumentError } from "../base/errors.ts";

/** Predictions of similar confidence. */
export interface CalibrationBin {
  /** Bounds of the confidence: above `from`, up to `to`. */
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** Mean probability of the predicted class, and share of predictions that are right; NaN in an empty bin. */
  readonly confidence: number;
  readonly accuracy: number;
}

/** A reliability diagram as numbers. */
export interface Calibration {
  readonly bins: readonly CalibrationBin[];
  /** Expected calibration error, 0 to 1. */
  readonly expectedError: number;
  readonly examples: number;
}

/**
 * Puts predictions into bins of equal width by the probability of the predicted class, and compares their mean probability
 * with the share that is right. The expected calibration error is
 *
 * ECE = sum over bins of count / examples |accuracy - confidence|.
 *
 * Source: C. Guo et al., "On calibration of modern neural networks", ICML 2017, section 2.
 *
 * @param probabilities - a row for each example, [N, classes].
 * @param truths - the class of each example.
 * @param bins - how many.
 * @throws ArgumentError if there are not as many classes as rows, or no bins.
 * @example
 * ```ts
 * import { calibration } from "convoyant/report";
 * calibration([[0.9, 0.1], [0.7, 0.3]], [0, 1]).expectedError; // 0.4
 * ```
 */
export function calibration(
  probabilities: readonly (readonly number[])[],
  truths: readonly number[],
  bins = 10,
): Calibration {
  if (!Number.isInteger(bins) || bins < 1)
    throw new ArgumentError(`calibration: expected bins to be an integer of at least 1, got ${bins}`);
  if (probabilities.length !== truths.length)
    throw new ArgumentError(
      `calibration: expected a class for each of ${probabilities.length} rows, got ${truths.length}`,
    );
  const sums = Array.from({ length: bins }, () => ({ count: 0, confidence: 0, right: 0 }));
  probabilities.forEach((row, i) => {
    const predicted = row.reduce((best, p, c) => (p > row[best] ? c : best), 0);
    const confidence = row[predicted];
    // A bin holds its upper bound, as in the paper.
    const bin = sums[Math.min(bins - 1, Math.max(0, Math.ceil(confidence * bins) - 1))];
    bin.count++;
    bin.confidence += confidence;
    if (predicted === truths[i]) bin.right++;
  });
  const examples = truths.length;
  const expectedError = sums.reduce(
    (error, { confidence, right }) => error + Math.abs(right - confidence) / Math.max(1, examples),
    0,
  );
  return {
    bins: sums.map(({ count, confidence, right }, i) => ({
      from: i / bins,
      to: (i + 1) / bins,
      count,
      confidence: confidence / count,
      accuracy: right / count,
    })),
    expectedError,
    examples,
  };
}
