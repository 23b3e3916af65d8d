/** Metrics of a classifier from its logits, counted on the caller's side. */
import type { TypedArray } from "../../base/dtype.ts";
import { IndexError } from "../../base/errors.ts";
import { largestAt } from "./soft_labels.ts";

/** An example that the network took for another class. */
export interface Misclassified {
  /** Its place in the data set. */
  readonly index: number;
  /** Its class. */
  readonly truth: number;
  /** The class that the network gave it. */
  readonly predicted: number;
  /** Probability given to the predicted class, and to the true one. */
  readonly probability: number;
  /** Probability given to the true class. */
  readonly truthProbability: number;
}

/** What `ClassificationMetrics` takes. */
export interface ClassificationMetricsOptions {
  /** How many guesses count, or all classes if there are fewer. @default 5 */
  readonly topK?: number | undefined;
  /** How many of the surest mistakes to remember. @default 24 */
  readonly mistakes?: number;
}

/** Of one pair of classes this many of the surest mistakes are remembered. */
const MOST_OF_PAIR = 6;

/**
 * Counts over any number of batches: mean cross-entropy, accuracy, top-k accuracy, per-class accuracy, the
 * confusion matrix, and the mistakes of which the network was surest.
 *
 * @example
 * ```ts
 * const metrics = new train.ClassificationMetrics(10);
 * metrics.update(await net(x).data(), await y.data());
 * metrics.accuracy >= 0; // true
 * ```
 */
export class ClassificationMetrics {
  /** Number of classes. */
  readonly classes: number;
  /** `confusion[truth][predicted]`. */
  readonly confusion: number[][];
  /** The surest mistakes, the surest first. */
  mistakes: Misclassified[] = [];
  /** The surest of each pair of classes, by `classes * truth + predicted`. */
  readonly #ofPairs = new Map<number, Misclassified[]>();
  private count = 0;
  private lossSum = 0;
  private readonly topHits: number[];
  private readonly worst: number;
  private readonly k: number;

  constructor(classes: number, options: ClassificationMetricsOptions = {}) {
    this.classes = classes;
    this.k = Math.min(options.topK ?? 5, classes);
    this.worst = options.mistakes ?? 24;
    this.confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
    this.topHits = new Array<number>(this.k).fill(0);
  }

  /**
   * Adds a batch: logits [N, classes] row-major, and labels [N] or rows of probabilities [N, classes], of which the
   * most probable class counts as the true one. Throws an IndexError for a label out of range.
   */
  update(logits: TypedArray, labels: ArrayLike<number>): void {
    const soft = this.classes > 1 && labels.length === logits.length;
    const count = soft ? labels.length / this.classes : labels.length;
    for (let i = 0, at = 0; i < count; i++, at += this.classes) {
      if (soft) this.addExample(logits, at, largestAt(labels, at, this.classes), labels);
      else this.addExample(logits, at, labels[i]);
    }
  }

  private addExample(
    logits: TypedArray,
    at: number,
    truth: number,
    soft: ArrayLike<number> | null = null,
  ): void {
    if (!(truth >= 0 && truth < this.classes)) {
      throw new IndexError(
        `label ${truth} at position ${this.count} is out of range: expected 0 to ${this.classes - 1}`,
      );
    }
    let predicted = 0;
    let better = 0;
    for (let c = 0; c < this.classes; c++) {
      const logit = logits[at + c];
      if (logit > logits[at + predicted] || (Number.isNaN(logit) && !Number.isNaN(logits[at + predicted])))
        predicted = c;
      if (c !== truth && (logit > logits[at + truth] || (logit === logits[at + truth] && c < truth)))
        better++;
    }
    const logSum = logSumExp(logits, at, this.classes);
    this.lossSum += soft === null ? logSum - logits[at + truth] : this.softLoss(logits, at, logSum, soft);
    this.confusion[truth][predicted]++;
    for (let k = better; k < this.k; k++) this.topHits[k]++;
    if (predicted !== truth) {
      this.remember({
        index: this.count,
        truth,
        predicted,
        probability: Math.exp(logits[at + predicted] - logSum),
        truthProbability: Math.exp(logits[at + truth] - logSum),
      });
    }
    this.count++;
  }

  /** -sum of p log softmax. */
  private softLoss(logits: TypedArray, at: number, logSum: number, soft: ArrayLike<number>): number {
    let loss = 0;
    for (let c = 0; c < this.classes; c++) loss += soft[at + c] * (logSum - logits[at + c]);
    return loss;
  }

  private remember(mistake: Misclassified): void {
    if (Number.isNaN(mistake.probability)) return;
    keepSurest(this.mistakes, mistake, this.worst);
    const pair = this.classes * mistake.truth + mistake.predicted;
    const ofPair = this.#ofPairs.get(pair) ?? [];
    this.#ofPairs.set(pair, ofPair);
    keepSurest(ofPair, mistake, Math.min(this.worst, MOST_OF_PAIR));
  }

  /** The surest mistakes of one kind, the surest first: images of the class `truth` that were taken for `predicted`. */
  mistakesOf(truth: number, predicted: number): readonly Misclassified[] {
    return this.#ofPairs.get(this.classes * truth + predicted) ?? [];
  }

  /** Number of examples seen. */
  get examples(): number {
    return this.count;
  }

  /** Mean cross-entropy in nats. */
  get loss(): number {
    return this.lossSum / this.count;
  }

  /** Share of examples whose largest logit is the true class's. */
  get accuracy(): number {
    return this.confusion.reduce((total, row, i) => total + row[i], 0) / this.count;
  }

  /** Share of examples whose true class is among the k largest logits. */
  topAccuracy(k: number): number {
    return this.topHits[Math.min(k, this.k) - 1] / this.count;
  }

  /** Accuracy among the examples of each class; NaN for a class without examples. */
  get perClassAccuracy(): number[] {
    return this.confusion.map((row, i) => row[i] / row.reduce((a, b) => a + b, 0));
  }
}

function logSumExp(values: TypedArray, at: number, count: number): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i++) largest = Math.max(largest, values[at + i]);
  if (!Number.isFinite(largest)) return largest;
  let total = 0;
  for (let i = 0; i < count; i++) total += Math.exp(values[at + i] - largest);
  return largest + Math.log(total);
}

/** Puts a mistake into a list that the surest ones begin. */
function keepSurest(list: Misclassified[], mistake: Misclassified, most: number): void {
  const last = list[most - 1];
  if (last !== undefined && last.probability >= mistake.probability) return;
  let place = list.findIndex((m) => m.probability < mistake.probability);
  if (place < 0) place = list.length;
  list.splice(place, 0, mistake);
  list.length = Math.min(list.length, most);
}
