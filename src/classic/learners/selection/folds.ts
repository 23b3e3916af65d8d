/** Parts of a training set that take turns at being tested. */
import { ArgumentError } from "../../../base/errors.ts";
import { callable } from "../../../base/params/callable.ts";
import { PhiloxStream } from "../../../base/philox.ts";
import { checkedOptions, integerFrom, isBoolean } from "../learner.ts";

/** One split: places of the examples to train on and of those to test on. */
export interface StratifiedFold {
  readonly train: Int32Array;
  readonly test: Int32Array;
}

/** What `StratifiedKFold` takes. */
export interface StratifiedKFoldOptions {
  /** Number of parts. @default 5 */
  nSplits?: number;
  /** Whether examples are shuffled within their classes. @default false */
  shuffle?: boolean;
  /** Of the order, if shuffled. @default 0 */
  seed?: number;
}

class StratifiedKFoldSplitter {
  readonly options: Readonly<Required<StratifiedKFoldOptions>>;

  constructor(options: StratifiedKFoldOptions = {}) {
    const defaults = { nSplits: 5, shuffle: false, seed: 0 };
    const rules = { nSplits: integerFrom(2), shuffle: isBoolean, seed: integerFrom(0) };
    this.options = checkedOptions("StratifiedKFold", defaults, options, rules);
  }

  /**
   * The splits, each part tested once; every part has its share of every class.
   *
   * @throws ArgumentError if a class has fewer examples than there are parts.
   */
  split(labels: ArrayLike<number>): StratifiedFold[] {
    const { nSplits } = this.options;
    const parts = this.#parts(labels);
    return Array.from({ length: nSplits }, (_, part) => {
      const places = Array.from(parts.keys());
      return {
        train: Int32Array.from(places.filter((place) => parts[place] !== part)),
        test: Int32Array.from(places.filter((place) => parts[place] === part)),
      };
    });
  }

  /** The part of each example: those of a class are dealt out in the order of first appearance. */
  #parts(labels: ArrayLike<number>): Int32Array {
    const { nSplits, shuffle, seed } = this.options;
    const members = new Map<number, number[]>();
    for (let i = 0; i < labels.length; i++) {
      const list = members.get(labels[i]);
      if (list === undefined) members.set(labels[i], [i]);
      else list.push(i);
    }
    // As scikit-learn: the sorted labels are dealt out one by one, so that parts differ by one example at most.
    const classes = [...members.keys()];
    const numbers = new Map(classes.map((label, number) => [label, number]));
    const sorted = Int32Array.from(labels, (label) => numbers.get(label) as number).sort();
    const parts = new Int32Array(labels.length);
    for (const [number, label] of classes.entries()) {
      const places = members.get(label) as number[];
      if (places.length < nSplits) {
        throw new ArgumentError(
          `StratifiedKFold: expected at least ${nSplits} examples of every class, got ${places.length} of class ${label}; ` +
            "take fewer parts",
        );
      }
      const own: number[] = [];
      for (let part = 0; part < nSplits; part++) {
        let count = 0;
        for (let i = part; i < sorted.length; i += nSplits) if (sorted[i] === number) count++;
        for (let i = 0; i < count; i++) own.push(part);
      }
      if (shuffle) shuffleInPlace(own, new PhiloxStream(seed, number));
      for (const [i, place] of places.entries()) parts[place] = own[i];
    }
    return parts;
  }
}

function shuffleInPlace(list: number[], stream: PhiloxStream): void {
  for (let i = list.length - 1; i > 0; i--) {
    const j = stream.integer(i + 1);
    [list[i], list[j]] = [list[j], list[i]];
  }
}

/**
 * Cuts a training set into parts that have their share of every class (scikit-learn's `StratifiedKFold`).
 *
 * @example
 * ```ts
 * import { StratifiedKFold } from "convoyant/classic";
 * const [first] = StratifiedKFold({ nSplits: 2 }).split([0, 0, 1, 1]);
 * Array.from(first.test); // [0, 2]
 * ```
 */
export const StratifiedKFold = callable("StratifiedKFold", StratifiedKFoldSplitter);
/** See {@link StratifiedKFold}. */
export type StratifiedKFold = StratifiedKFoldSplitter;
