/**
 * Labels that a classifier disagrees with which has not seen them.
 *
 * Source: C. G. Northcutt, L. Jiang, I. L. Chuang, "Confident learning: estimating uncertainty in dataset labels",
 * Journal of Artificial Intelligence Research 70, 2021.
 */
import { dot } from "../../base/vectors.ts";

/** A label that is likely wrong. */
export interface WrongLabel {
  /** Which example. */
  readonly index: number;
  /** The class that is likelier. */
  readonly suggested: number;
  /** What the classifier gives the suggested class and the label. */
  readonly probability: number;
  readonly labelProbability: number;
}

/** Parts of the cross-validation: each is classified by what the others teach. */
const FOLDS = 5;

/** Sharpnesses of the classifier that are tried: scores are cosines, from -1 to 1. */
const SCALES = [1, 2, 4, 8, 16, 32, 64];

/**
 * Examples of whose class another one is confidently likelier, the surest first.
 *
 * The classifier is a nearest-centroid one, cross-validated in five parts that hold each class evenly: the softmax of the
 * cosines between standardised features and the means of the classes, scaled so that labels become likeliest. An
 * example's label is likely wrong if another class is its likeliest, and at least as likely as that class is on average
 * among its own examples. Classes with fewer than two examples are left out.
 *
 * @param features - one row of numbers for each example, of one length.
 * @param labels - class numbers from 0.
 */
export function wrongLabels(
  features: readonly Float32Array[],
  labels: readonly number[],
  classes: number,
): WrongLabel[] {
  const counts = countsOf(labels, classes);
  const usable = labels.flatMap((label, i) => (counts[label] >= 2 ? [i] : []));
  if (counts.filter((count) => count >= 2).length < 2) return [];
  const rows = standardised(usable.map((i) => features[i]));
  const own = usable.map((i) => labels[i]);
  const cosines = crossValidatedCosines(rows, own, classes);
  const probabilities = calibrated(cosines, own);
  return disagreements(probabilities, own)
    .map(({ index, ...found }) => ({ index: usable[index], ...found }))
    .sort((a, b) => b.probability - b.labelProbability - (a.probability - a.labelProbability));
}

function countsOf(labels: readonly number[], classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const label of labels) counts[label]++;
  return counts;
}

/** Each feature with mean 0 and deviation 1, then each row with length 1. */
function standardised(rows: readonly Float32Array[]): Float64Array[] {
  const size = rows[0].length;
  const [mean, deviation] = [new Float64Array(size), new Float64Array(size)];
  for (const row of rows) for (let d = 0; d < size; d++) mean[d] += row[d] / rows.length;
  for (const row of rows)
    for (let d = 0; d < size; d++) deviation[d] += (row[d] - mean[d]) ** 2 / rows.length;
  return rows.map((row) => {
    const out = Float64Array.from(row, (value, d) =>
      deviation[d] > 0 ? (value - mean[d]) / Math.sqrt(deviation[d]) : 0,
    );
    const length = Math.sqrt(dot(out, out)) || 1;
    return out.map((value) => value / length);
  });
}

/** The cosine of each row with the mean of each class, without the rows of its own part. Unknown classes get -1. */
function crossValidatedCosines(
  rows: readonly Float64Array[],
  labels: readonly number[],
  classes: number,
): Float64Array[] {
  const folds = foldsOf(labels, classes);
  const cosines: Float64Array[] = new Array(rows.length);
  for (let fold = 0; fold < FOLDS; fold++) {
    const centres = Array.from({ length: classes }, () => new Float64Array(rows[0].length));
    rows.forEach((row, i) => {
      if (folds[i] !== fold) for (let d = 0; d < row.length; d++) centres[labels[i]][d] += row[d];
    });
    const lengths = centres.map((centre) => Math.sqrt(dot(centre, centre)));
    rows.forEach((row, i) => {
      if (folds[i] !== fold) return;
      cosines[i] = Float64Array.from(centres, (centre, c) =>
        lengths[c] > 0 ? dot(row, centre) / lengths[c] : -1,
      );
    });
  }
  return cosines;
}

/** The examples of each class go to the parts round-robin. */
function foldsOf(labels: readonly number[], classes: number): number[] {
  const seen = new Array<number>(classes).fill(0);
  return labels.map((label) => seen[label]++ % FOLDS);
}

/** Softmax of the cosines, with the scale under which the labels are likeliest. */
function calibrated(cosines: readonly Float64Array[], labels: readonly number[]): Float64Array[] {
  let best: Float64Array[] = [];
  let most = Number.NEGATIVE_INFINITY;
  for (const scale of SCALES) {
    const probabilities = cosines.map((row) => softmax(row, scale));
    const likelihood = probabilities.reduce((sum, row, i) => sum + Math.log(row[labels[i]] + 1e-12), 0);
    if (likelihood <= most) continue;
    most = likelihood;
    best = probabilities;
  }
  return best;
}

function softmax(row: Float64Array, scale: number): Float64Array {
  const largest = Math.max(...row);
  const raised = row.map((value) => Math.exp(scale * (value - largest)));
  const sum = raised.reduce((a, b) => a + b, 0);
  return raised.map((value) => value / sum);
}

function disagreements(probabilities: readonly Float64Array[], labels: readonly number[]): WrongLabel[] {
  const classes = probabilities[0].length;
  const counts = countsOf(labels, classes);
  const usual = new Float64Array(classes);
  probabilities.forEach((row, i) => {
    usual[labels[i]] += row[labels[i]] / counts[labels[i]];
  });
  return probabilities.flatMap((row, index) => {
    let suggested = 0;
    for (let c = 1; c < classes; c++) if (row[c] > row[suggested]) suggested = c;
    const label = labels[index];
    if (suggested === label || counts[suggested] === 0 || row[suggested] < usual[suggested]) return [];
    return [{ index, suggested, probability: row[suggested], labelProbability: row[label] }];
  });
}
