/** How well predictions fit labels. */
import { ArgumentError, ShapeError } from "../../base/errors.ts";

/**
 * Share of predictions that are right (scikit-learn's `accuracy_score`).
 *
 * @throws ShapeError if there are not as many predictions as labels.
 * @example
 * ```ts
 * import { accuracyScore } from "convoyant/classic";
 * accuracyScore([0, 1, 2, 2], [0, 1, 1, 2]); // 0.75
 * ```
 */
export function accuracyScore(truth: ArrayLike<number>, predicted: ArrayLike<number>): number {
  checkLengths("accuracyScore", truth, predicted);
  let right = 0;
  for (let i = 0; i < truth.length; i++) if (truth[i] === predicted[i]) right++;
  return right / truth.length;
}

/**
 * Counts `[truth][predicted]` (scikit-learn's `confusion_matrix`), which `convoyant/report` draws and
 * sums up as precision, recall and F1.
 *
 * @param classes - the labels, in the order of rows and columns; by default all that occur, ascending.
 * @throws ShapeError if there are not as many predictions as labels; ArgumentError for a label that is not in `classes`.
 * @example
 * ```ts
 * import { confusionMatrix } from "convoyant/classic";
 * confusionMatrix([0, 1, 1], [0, 1, 0])[1][0]; // 1
 * ```
 */
export function confusionMatrix(
  truth: ArrayLike<number>,
  predicted: ArrayLike<number>,
  classes: readonly number[] = labelsOf(truth, predicted),
): number[][] {
  checkLengths("confusionMatrix", truth, predicted);
  const places = new Map(classes.map((label, place) => [label, place]));
  const placeOf = (label: number): number => {
    const place = places.get(label);
    if (place === undefined)
      throw new ArgumentError(`confusionMatrix: label ${label} is not among the classes`);
    return place;
  };
  const counts = classes.map(() => classes.map(() => 0));
  for (let i = 0; i < truth.length; i++) counts[placeOf(truth[i])][placeOf(predicted[i])]++;
  return counts;
}

function labelsOf(...lists: readonly ArrayLike<number>[]): number[] {
  return [...new Set(lists.flatMap((list) => Array.from(list)))].sort((a, b) => a - b);
}

function checkLengths(caller: string, truth: ArrayLike<number>, predicted: ArrayLike<number>): void {
  if (truth.length !== predicted.length || truth.length === 0) {
    throw new ShapeError(
      `${caller}: expected as many predictions as labels, and at least one, got ${predicted.length} and ${truth.length}`,
    );
  }
}
