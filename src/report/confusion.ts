import { ArgumentError } from "../base/errors.ts";

/**
 * How often examples of each class were taken for each class: `matrix[truth][predicted]` is a count.
 */
export type ConfusionMatrix = readonly (readonly number[])[];

/** What the matrix says of one class. A quotient without a denominator is NaN, and shown as a dash. */
export interface ClassMetrics {
  index: number;
  /** Examples of this class. */
  support: number;
  /** Examples that were taken for this class. */
  predicted: number;
  right: number;
  /** right / predicted. */
  precision: number;
  /** right / support: the accuracy on this class. */
  recall: number;
  /** Harmonic mean of the two: 2 right / (support + predicted). */
  f1: number;
}

export interface ConfusionMetrics {
  total: number;
  accuracy: number;
  classes: ClassMetrics[];
  /** Means over the classes that have the metric. */
  macroPrecision: number;
  macroRecall: number;
  macroF1: number;
}

/**
 * Checks that a confusion matrix is one.
 *
 * @throws {ArgumentError} if the matrix is not square, or holds something else than counts.
 *
 * @example
 * ```ts
 * import { checkConfusion } from "convoyant/report";
 * checkConfusion([[8, 2], [1, 9]]);
 * ```
 */
export function checkConfusion(matrix: ConfusionMatrix): void {
  for (const [row, counts] of matrix.entries()) {
    if (counts.length !== matrix.length) {
      throw new ArgumentError(
        `confusion matrix: row ${row} has ${counts.length} counts, expected ${matrix.length}, one for each class`,
      );
    }
    const bad = counts.findIndex((count) => !Number.isFinite(count) || count < 0);
    if (bad >= 0) {
      throw new ArgumentError(
        `confusion matrix: [${row}][${bad}] is ${counts[bad]}, expected a count of 0 or more`,
      );
    }
  }
}

/**
 * Precision, recall and F1 of each class, and their means.
 *
 * @example
 * ```ts
 * import { confusionMetrics } from "convoyant/report";
 * const matrix = [[8, 2], [1, 9]];
 * confusionMetrics(matrix).accuracy; // 0.85
 * confusionMetrics(matrix).classes[0].recall; // 0.8
 * ```
 */
export function confusionMetrics(matrix: ConfusionMatrix): ConfusionMetrics {
  checkConfusion(matrix);
  const classes = matrix.map((counts, index): ClassMetrics => {
    const support = counts.reduce((sum, count) => sum + count, 0);
    const predicted = matrix.reduce((sum, row) => sum + row[index], 0);
    const right = counts[index];
    return {
      index,
      support,
      predicted,
      right,
      precision: right / predicted,
      recall: right / support,
      f1: (2 * right) / (support + predicted),
    };
  });
  const total = classes.reduce((sum, entry) => sum + entry.support, 0);
  const right = classes.reduce((sum, entry) => sum + entry.right, 0);
  return {
    total,
    accuracy: right / total,
    classes,
    macroPrecision: meanOf(classes.map((entry) => entry.precision)),
    macroRecall: meanOf(classes.map((entry) => entry.recall)),
    macroF1: meanOf(classes.map((entry) => entry.f1)),
  };
}

/**
 * The pairs of classes that were confused most, most frequent first; pairs that never were are left out.
 *
 * @example
 * ```ts
 * import { mostConfused } from "convoyant/report";
 * const matrix = [[8, 2], [1, 9]];
 * mostConfused(matrix)[0].count; // 2
 * ```
 */
export function mostConfused(
  matrix: ConfusionMatrix,
  top = 5,
): { truth: number; predicted: number; count: number; share: number }[] {
  checkConfusion(matrix);
  const pairs = matrix.flatMap((counts, truth) => {
    const support = counts.reduce((sum, count) => sum + count, 0);
    return counts.map((count, predicted) => ({ truth, predicted, count, share: count / support }));
  });
  return pairs
    .filter((pair) => pair.truth !== pair.predicted && pair.count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, top);
}

function meanOf(values: readonly number[]): number {
  const known = values.filter((value) => !Number.isNaN(value));
  return known.reduce((sum, value) => sum + value, 0) / known.length;
}
