/** Samplers and weights for classes of unequal size. */
import { ArgumentError } from "../../base/errors.ts";
import { requireRange } from "../../base/params/argument_kinds.ts";
import { type ArgumentsOf, parameterTable } from "../../base/params/arguments.ts";
import { PhiloxStream } from "../../base/philox.ts";
import { shownValue } from "../../base/shown_value.ts";
import { drawSeed } from "../../tensor/random_state.ts";

/** What `WeightedRandomSampler` takes. */
export interface WeightedRandomSamplerSettings {
  /** How likely each example is, not negative; they need not add up to 1. */
  weights: readonly number[];
  /** Examples of an epoch. */
  numSamples: number;
  /** Whether an example can be drawn more than once. @default true */
  replacement?: boolean;
  /** Of the draws, with the number of the epoch; without one each epoch draws a seed by `manualSeed`. @default null */
  seed?: number | null;
}

const TABLE = parameterTable<WeightedRandomSamplerSettings>("WeightedRandomSampler")(
  ["weights", "numSamples", "replacement?:boolean", "seed?"],
  (weights, numSamples, replacement = true, seed = null) => {
    const of = "WeightedRandomSampler";
    checkWeights(weights, of);
    requireRange(of, "numSamples", numSamples, (n) => Number.isInteger(n) && n > 0, "a positive integer");
    const positive = weights.filter((weight) => weight > 0).length;
    if (positive === 0 || (!replacement && numSamples > positive)) {
      throw new ArgumentError(
        `${of}: expected at least ${replacement ? 1 : numSamples} weights above 0, got ${positive}`,
      );
    }
    if (seed !== null)
      requireRange(of, "seed", seed, (s) => Number.isSafeInteger(s) && s >= 0, "an integer of at least 0");
    return { weights: Float64Array.from(weights), numSamples, replacement, seed };
  },
);

/**
 * Draws examples by their weights, for `sampler` of `DataLoader`: rare classes come as often as others if each example
 * has the weight of its class.
 *
 * @throws ArgumentError for negative weights, and without replacement for more examples than have a weight.
 * @example
 * ```ts
 * const sampler = new data.WeightedRandomSampler([1, 1, 8], 6, { seed: 1 });
 * [...sampler].length; // 6
 * ```
 */
export class WeightedRandomSampler implements Iterable<number> {
  readonly #settings: ReturnType<typeof TABLE.make>;
  #epoch = 0;

  constructor(...args: ArgumentsOf<typeof TABLE>) {
    this.#settings = TABLE.bind(args);
  }

  /** Examples of an epoch. */
  get length(): number {
    return this.#settings.numSamples;
  }

  /** The epoch that the next walk is of; the loader calls it. */
  setEpoch(epoch: number): void {
    this.#epoch = epoch;
  }

  /** The examples of one epoch. */
  [Symbol.iterator](): Iterator<number> {
    const { weights, numSamples, replacement, seed } = this.#settings;
    const stream = new PhiloxStream(seed ?? drawSeed(null), seed === null ? 0 : this.#epoch);
    const drawn = replacement
      ? withReplacement(weights, numSamples, stream)
      : without(weights, numSamples, stream);
    return drawn[Symbol.iterator]();
  }
}

function withReplacement(weights: Float64Array, count: number, stream: PhiloxStream): number[] {
  let sum = 0;
  const ends = weights.map((weight) => (sum += weight));
  return Array.from({ length: count }, () => {
    const at = stream.uniform() * sum;
    let [low, high] = [0, ends.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ends[middle] > at) high = middle;
      else low = middle + 1;
    }
    return low;
  });
}

/** Source: P. S. Efraimidis and P. G. Spirakis, "Weighted random sampling with a reservoir", 2006. */
function without(weights: Float64Array, count: number, stream: PhiloxStream): number[] {
  const keys = Array.from(weights, (weight) => -Math.log(1 - stream.uniform()) / weight);
  const order = Array.from(keys.keys()).filter((i) => weights[i] > 0);
  return order.sort((a, b) => keys[a] - keys[b]).slice(0, count);
}

function checkWeights(weights: unknown, of: string): asserts weights is readonly number[] {
  const list = Array.isArray(weights) || ArrayBuffer.isView(weights) ? (weights as number[]) : [];
  if (list.length > 0 && Array.from(list).every((n) => Number.isFinite(n) && n >= 0)) return;
  throw new ArgumentError(`${of}: expected a list of numbers of at least 0, got ${shownValue(weights)}`);
}

/**
 * Weights that make all classes count alike: total / (classes * count), for `weight` of `CrossEntropyLoss` and for
 * `WeightedRandomSampler`.
 *
 * @param counts - examples of each class
 * @throws ArgumentError for a class without examples.
 * @example
 * ```ts
 * data.classWeights([1, 3]); // [2, 0.6666666666666666]
 * ```
 */
export function classWeights(counts: readonly number[]): number[] {
  checkWeights(counts, "classWeights");
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count, i) => {
    if (count === 0) throw new ArgumentError(`classWeights: class ${i} has no examples`);
    return total / (counts.length * count);
  });
}
