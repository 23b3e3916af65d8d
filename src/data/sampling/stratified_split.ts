/** Splits of a data set whose parts have the classes in the same shares. */
import { ArgumentError } from "../../base/errors.ts";
import { type ArgumentsOf, parameterTable } from "../../base/params/arguments.ts";
import { permutation } from "../../base/philox.ts";
import { shownValue } from "../../base/shown_value.ts";
import { drawSeed, type Generator } from "../../tensor/random_state.ts";
import { ConcatDataset, type Dataset, Subset, TensorDataset } from "../dataset.ts";
import { ImageFiles } from "../folders/image_files.ts";
import { LabelledImages } from "../labelled_images.ts";

/** What `stratifiedSplit` takes. */
export interface StratifiedSplitParameters {
  /** The data set that is split. */
  dataset: Dataset;
  /** Shares that add up to 1: [0.8, 0.1, 0.1]. */
  fractions: readonly number[];
  /** Of the shuffle: the same seed gives the same parts. By default a seed is drawn from `generator`. */
  seed?: number | undefined;
  /** Where a seed is drawn from; null for the generator of `manualSeed`. @default null */
  generator?: Generator | null;
  /** The class of each example. By default the data set's own: images in folders, lists or memory have them. */
  labels?: ArrayLike<number>;
}

const STRATIFIED_SPLIT = parameterTable<StratifiedSplitParameters>("stratifiedSplit")(
  ["dataset", "fractions", "seed?", "generator?", "labels?"],
  split,
);

/**
 * Splits a data set at random into parts that share no example and hold each class in the same shares: the numbers of a
 * class's examples differ from its share by less than one, those of a whole part by little more. A class of few
 * examples goes to the largest part first.
 *
 * @throws ArgumentError if the fractions do not add up to 1, or if the classes of the examples are not known.
 * @example
 * ```ts
 * const labels = Array.from({ length: 32 }, (_, i) => (i < 8 ? 0 : 1));
 * const [training, test] = data.stratifiedSplit(dataset, [0.75, 0.25], { seed: 7, labels });
 * [...test.indices].filter((i) => labels[i] === 0).length; // 2
 * test.length; // 8
 * ```
 */
export function stratifiedSplit(...args: ArgumentsOf<typeof STRATIFIED_SPLIT>): Subset[] {
  const { dataset, parts } = STRATIFIED_SPLIT.bind(args);
  return parts.map((indices) => Subset(dataset, indices));
}

function split(
  dataset: Dataset,
  fractions: readonly number[],
  seed?: number,
  generator: Generator | null = null,
  labels: ArrayLike<number> | undefined = knownLabels(dataset),
): { readonly dataset: Dataset; readonly parts: readonly number[][] } {
  requireFractions(fractions);
  if (labels === undefined) {
    throw new ArgumentError(
      `stratifiedSplit: the classes of ${dataset} are not known; give them: { labels: [0, 2, 1, ...] }`,
    );
  }
  if (labels.length !== dataset.length) {
    throw new ArgumentError(
      `stratifiedSplit: expected a label for each of ${dataset.length} examples, got ${labels.length}`,
    );
  }
  const order = permutation(dataset.length, seed ?? drawSeed(generator));
  return { dataset, parts: partsOf(order, labels, fractions) };
}

function requireFractions(fractions: readonly number[]): void {
  const isFraction = (part: unknown) => typeof part === "number" && part >= 0 && part <= 1;
  const sum = Array.isArray(fractions) ? fractions.reduce((total, part) => total + part, 0) : Number.NaN;
  if (Array.isArray(fractions) && fractions.every(isFraction) && Math.abs(sum - 1) < 1e-6) return;
  throw new ArgumentError(
    `stratifiedSplit: expected \`fractions\` from 0 to 1 that add up to 1, got ${shownValue(fractions)}`,
  );
}

/** The class of each example, if the data set knows it. */
export function knownLabels(dataset: Dataset): ArrayLike<number> | undefined {
  if (dataset instanceof ImageFiles) return dataset.targets;
  if (dataset instanceof LabelledImages) return Array.from(dataset.labels.data, Number);
  if (dataset instanceof Subset) {
    const inner = knownLabels(dataset.dataset);
    return inner && Array.from(dataset.indices, (i) => inner[i]);
  }
  if (dataset instanceof ConcatDataset) {
    const parts = dataset.datasets.map(knownLabels);
    return parts.includes(undefined) ? undefined : parts.flatMap((part) => Array.from(part ?? []));
  }
  if (dataset instanceof TensorDataset) {
    const last = dataset.tensors.at(-1);
    // A tensor's values would have to be waited for.
    const isKnown = last !== undefined && typeof last.data !== "function" && last.shape.length === 1;
    return isKnown ? Array.from(last.data as ArrayLike<number>, Number) : undefined;
  }
  return undefined;
}

/** The examples of each part, in the order that was drawn. */
function partsOf(order: Uint32Array, labels: ArrayLike<number>, fractions: readonly number[]): number[][] {
  const ofClass = new Map<number, number[]>();
  for (const index of order) {
    const members = ofClass.get(labels[index]);
    if (members === undefined) ofClass.set(labels[index], [index]);
    else members.push(index);
  }
  const partOf = new Uint32Array(order.length);
  // What each part should have had of the classes so far, less what it has.
  const owed = fractions.map(() => 0);
  for (const label of [...ofClass.keys()].sort((a, b) => a - b)) {
    const members = ofClass.get(label) as number[];
    let at = 0;
    countsOf(members.length, fractions, owed).forEach((count, part) => {
      for (const index of members.slice(at, at + count)) partOf[index] = part;
      at += count;
    });
  }
  const parts: number[][] = fractions.map(() => []);
  for (const index of order) parts[partOf[index]].push(index);
  return parts;
}

/** How many of a class's examples each part gets: its share, rounded so that the parts stay level over all classes. */
function countsOf(examples: number, fractions: readonly number[], owed: number[]): number[] {
  const counts = fractions.map((fraction) => Math.floor(fraction * examples + 1e-9));
  fractions.forEach((fraction, part) => {
    owed[part] += fraction * examples - counts[part];
  });
  let left = examples - counts.reduce((sum, count) => sum + count, 0);
  const give = (part: number) => {
    counts[part]++;
    owed[part]--;
    left--;
  };
  const largest = fractions.indexOf(Math.max(...fractions));
  if (counts[largest] === 0 && left > 0) give(largest);
  const byDebt = fractions.map((_, part) => part).sort((a, b) => owed[b] - owed[a] || a - b);
  for (const part of byDebt) if (left > 0 && fractions[part] * examples > counts[part]) give(part);
  // Rounding of the fractions' sum may leave one over.
  while (left > 0) give(largest);
  return counts;
}
