import { ArgumentError } from "../base/errors.ts";
import { permutation } from "../base/philox.ts";

/** How a loader cuts an epoch into batches. */
export interface BatchingOptions {
  readonly length: number;
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly seed: number;
  readonly dropLast: boolean;
}

/** Number of batches of an epoch. */
export function countBatches({ length, batchSize, dropLast }: BatchingOptions): number {
  return dropLast ? Math.floor(length / batchSize) : Math.ceil(length / batchSize);
}

/** The batches of an epoch: how many, and the examples of each. */
export interface EpochPlan {
  readonly count: number;
  readonly indicesOf: (batch: number) => Uint32Array;
}

/** Cuts an epoch into batches. A sampler or a batch sampler takes the place of the loader's own order. */
export function planEpoch(
  options: BatchingOptions & {
    sampler?: Iterable<number> | undefined;
    batchSampler?: Iterable<ArrayLike<number>> | undefined;
  },
  epoch: number,
): EpochPlan {
  const { batchSize, sampler, batchSampler } = options;
  if (batchSampler !== undefined) {
    const batches = [...batchSampler].map((indices) => Uint32Array.from(indices));
    return { count: batches.length, indicesOf: (batch) => batches[batch] };
  }
  const order = sampler === undefined ? ownOrder(options, epoch) : Uint32Array.from(sampler);
  return {
    count: countBatches({ ...options, length: order.length }),
    indicesOf: (batch) => order.slice(batch * batchSize, (batch + 1) * batchSize),
  };
}

function ownOrder({ length, shuffle, seed }: BatchingOptions, epoch: number): Uint32Array {
  return shuffle ? permutation(length, seed, epoch) : new Uint32Array(length).map((_, i) => i);
}

/** @throws ArgumentError unless `value` is an integer of at least `least`. */
export function requireCount(value: unknown, least: number, name: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < least) {
    throw new ArgumentError(
      `DataLoader: expected ${name} to be an integer of at least ${least}, got ${value}`,
    );
  }
  return value as number;
}
