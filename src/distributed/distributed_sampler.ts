/** A sampler that deals the examples of an epoch to the ranks. */
import { ArgumentError } from "../base/errors.ts";
import { requireRange } from "../base/params/argument_kinds.ts";
import { type ArgumentsOf, parameterTable } from "../base/params/arguments.ts";
import { permutation } from "../base/philox.ts";
import { shownValue } from "../base/shown_value.ts";
import { rank as ownRank, worldSize } from "./world.ts";

/** What `DistributedSampler` takes. */
export interface DistributedSamplerSettings {
  /** The data set, or anything with a `length`. */
  dataset: { readonly length: number };
  /** How many ranks share it; null for those of the world. @default null */
  numReplicas?: number | null;
  /** Which of them this is; null for the own. @default null */
  rank?: number | null;
  /** Whether every epoch has another order. @default true */
  shuffle?: boolean;
  /** Of the order, with the number of the epoch; the same on every rank. @default 0 */
  seed?: number;
  /** Leaves out the last examples if they are too few for all ranks, in place of repeating the first. @default false */
  dropLast?: boolean;
}

const OF = "DistributedSampler";

const TABLE = parameterTable<DistributedSamplerSettings>(OF)(
  ["dataset", "numReplicas?", "rank?", "shuffle?", "seed?", "dropLast?"],
  (dataset, numReplicas, rank, shuffle = true, seed = 0, dropLast = false) => {
    const length = (dataset as { length?: unknown } | null)?.length;
    if (!(Number.isSafeInteger(length) && (length as number) > 0))
      throw new ArgumentError(
        `${OF}: expected \`dataset\` to have a length of at least 1, got ${shownValue(dataset)}`,
      );
    const replicas = numReplicas ?? worldSize();
    requireRange(
      OF,
      "numReplicas",
      replicas,
      (n) => Number.isInteger(n) && n >= 1,
      "an integer of at least 1",
    );
    const own = rank ?? ownRank();
    requireRange(
      OF,
      "rank",
      own,
      (n) => Number.isInteger(n) && n >= 0 && n < replicas,
      `from 0 to ${replicas - 1}`,
    );
    requireRange(OF, "seed", seed, (s) => Number.isSafeInteger(s) && s >= 0, "an integer of at least 0");
    if (dropLast && (length as number) < replicas)
      throw new ArgumentError(`${OF}: ${length} examples are too few for ${replicas} ranks with dropLast`);
    return { examples: length as number, replicas, rank: own, shuffle, seed, dropLast };
  },
);

/**
 * Deals the examples of an epoch to the ranks, for `sampler` of `DataLoader` (torch.utils.data.DistributedSampler): rank r
 * of R gets examples r, r + R, r + 2R, ... of the epoch's order. All ranks get equally many: the first examples are
 * repeated at the end, or the last left out (`dropLast`).
 *
 * `train.fit` needs no such sampler: it cuts each batch of an ordinary loader into shards.
 *
 * @throws ArgumentError for a rank that does not exist.
 * @example
 * ```ts
 * import * as distributed from "convoyant/distributed";
 * const sampler = new distributed.DistributedSampler({ length: 5 }, 2, 1, { shuffle: false });
 * [...sampler]; // [1, 3, 0]
 * ```
 */
export class DistributedSampler implements Iterable<number> {
  readonly #settings: ReturnType<typeof TABLE.make>;
  #epoch = 0;
  #fromExample = 0;

  constructor(...args: ArgumentsOf<typeof TABLE>) {
    this.#settings = TABLE.bind(args);
  }

  /** Examples that this rank has in the rest of the epoch. */
  get length(): number {
    const { replicas } = this.#settings;
    return Math.max(0, this.#total() - this.#fromExample) / replicas;
  }

  /**
   * Chooses the epoch that the next walk is of; the loader calls it.
   *
   * @param fromExample - examples of this epoch that all ranks together have had, to go on from the middle of an epoch,
   *   also with another number of ranks. 0 by default.
   * @throws ArgumentError if it is not a multiple of the number of ranks.
   */
  setEpoch(epoch: number, fromExample = 0): void {
    const { replicas } = this.#settings;
    const isPlace = (n: number) => Number.isSafeInteger(n) && n >= 0 && n % replicas === 0;
    requireRange(OF, "fromExample", fromExample, isPlace, `a multiple of the ${replicas} ranks`);
    this.#epoch = epoch;
    this.#fromExample = fromExample;
  }

  /** The examples of this rank. */
  *[Symbol.iterator](): Iterator<number> {
    const { examples, replicas, rank, shuffle, seed } = this.#settings;
    const order = shuffle ? permutation(examples, seed, this.#epoch) : null;
    const total = this.#total();
    for (let at = this.#fromExample + rank; at < total; at += replicas) {
      const place = at % examples;
      yield order === null ? place : order[place];
    }
  }

  /** Examples of all ranks together, those that are repeated included. */
  #total(): number {
    const { examples, replicas, dropLast } = this.#settings;
    return (dropLast ? Math.floor(examples / replicas) : Math.ceil(examples / replicas)) * replicas;
  }
}
