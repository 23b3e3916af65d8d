/** How sure a classifier is of each class. */
import type { Classifying, Matrix } from "../../classic/index.ts";

/**
 * For each row a number for every class, which sum to 1: probabilities of classifiers that have them, else a softmax of
 * decision values, good for an order. The largest is the class that the classifier predicts.
 *
 * @param classes - how many there are; those that were not seen in training get 0.
 */
export async function classScores(
  classifier: Classifying,
  features: Matrix,
  classes: number,
): Promise<number[][]> {
  const predicted = await classifier.predict(features);
  const own = await scoresOf(classifier, features);
  return own.map((scores, row) => {
    const all = new Array<number>(classes).fill(0);
    for (const [at, label] of classifier.classes.entries()) all[label] = scores[at];
    const likeliest = all.indexOf(Math.max(...all));
    const chosen = predicted[row];
    // Kernel machines vote: decision values that tie do not say which class came first.
    [all[likeliest], all[chosen]] = [all[chosen], all[likeliest]];
    return all;
  });
}

async function scoresOf(classifier: Classifying, rows: Matrix): Promise<number[][]> {
  const byProbability = classifier.kind === "SoftmaxRegression" || classifier.kind === "KNeighborsClassifier";
  const ask = byProbability ? classifier.predictProba : classifier.decisionFunction;
  const k = classifier.classes.length;
  if (ask === undefined) return Array.from({ length: rows.rows }, () => new Array<number>(k).fill(1 / k));
  const { columns, data } = await ask.call(classifier, rows);
  return Array.from({ length: rows.rows }, (_, row) => {
    const own = Array.from(data.subarray(row * columns, (row + 1) * columns));
    const values = columns === 1 ? [-own[0], own[0]] : own;
    if (byProbability) return values;
    const largest = Math.max(...values);
    const powers = values.map((value) => Math.exp(value - largest));
    const sum = powers.reduce((total, value) => total + value, 0);
    return powers.map((value) => value / sum);
  });
}
