/** Class labels of examples: any integers, which learners number from 0. */
import { ArgumentError, ShapeError } from "../../base/errors.ts";
import { shownValue } from "../../base/shown_value.ts";

/** Labels as places among the classes. */
export interface NumberedLabels {
  /** The labels that occur, ascending. */
  readonly classes: readonly number[];
  /** For each example its place in `classes`. */
  readonly places: Int32Array;
  /** How many examples each class has. */
  readonly counts: readonly number[];
}

/**
 * Numbers the labels of a training set.
 *
 * @throws ShapeError unless there is a label for each row; ArgumentError for one that is not an integer, or fewer than
 *   two classes.
 */
export function numberLabels(caller: string, labels: ArrayLike<number>, rows: number): NumberedLabels {
  checkLabels(caller, labels, rows);
  const classes = [...new Set(Array.from(labels))].sort((a, b) => a - b);
  if (classes.length < 2) {
    const found = classes.length === 0 ? "no examples" : `only class ${classes[0]}`;
    throw new ArgumentError(`${caller}: expected examples of at least two classes, got ${found}`);
  }
  const places = new Map(classes.map((label, place) => [label, place]));
  const counts = classes.map(() => 0);
  const numbered = Int32Array.from(labels, (label) => {
    const place = places.get(label) as number;
    counts[place]++;
    return place;
  });
  return { classes, places: numbered, counts };
}

/** @throws ShapeError unless there is a label for each row; ArgumentError for one that is not an integer. */
export function checkLabels(caller: string, labels: ArrayLike<number>, rows: number): void {
  if (typeof labels !== "object" || labels === null || typeof labels.length !== "number")
    throw new ArgumentError(`${caller}: expected labels as a list of integers, got ${shownValue(labels)}`);
  if (labels.length !== rows)
    throw new ShapeError(`${caller}: expected a label for each of ${rows} rows, got ${labels.length} labels`);
  for (let i = 0; i < labels.length; i++) {
    if (Number.isInteger(labels[i]) && Math.abs(labels[i]) < 2 ** 31) continue;
    throw new ArgumentError(
      `${caller}: expected labels that are 32-bit integers, got ${shownValue(labels[i])} at place ${i}`,
    );
  }
}

/** For each row of scores the label of the largest, the first of equal ones. */
export function labelsOfLargest(scores: Float32Array, classes: readonly number[]): Int32Array {
  const width = classes.length;
  const labels = new Int32Array(scores.length / width);
  for (let row = 0, at = 0; row < labels.length; row++, at += width) {
    let best = 0;
    for (let c = 1; c < width; c++) if (scores[at + c] > scores[at + best]) best = c;
    labels[row] = classes[best];
  }
  return labels;
}
