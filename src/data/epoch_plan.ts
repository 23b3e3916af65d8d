/** An epoch of a loader: its examples in order, cut into batches. */
import { ArgumentError, IndexError } from "../base/errors.ts";
import { isOneShot } from "../base/one_shot.ts";
import { permutation } from "../base/philox.ts";
import { shownValue } from "../base/shown_value.ts";
import type { BatchContext } from "./batch_source.ts";

/** What the order of an epoch depends on. */
export interface OrderOptions {
  readonly length: number;
  readonly shuffle: boolean;
  readonly sampler?: Iterable<number> | undefined;
  readonly batchSampler?: Iterable<Iterable<number> | ArrayLike<number>> | undefined;
}

/** The examples of an epoch: in order, or in the batches of a batch sampler. */
export type EpochOrder = { readonly examples: Uint32Array } | { readonly batches: readonly Uint32Array[] };

/** How the order is cut. */
export interface Cut {
  readonly batchSize: number;
  readonly dropLast: boolean;
}

/** The order of epoch `epoch`, of the random numbers `random`. A sampler or a batch sampler takes the place of the loader's own. */
export function orderOf(options: OrderOptions, random: BatchContext, epoch: number): EpochOrder {
  const { length, shuffle, sampler, batchSampler } = options;
  setEpochOf(sampler ?? batchSampler, epoch);
  if (batchSampler !== undefined)
    return { batches: Array.from(batchSampler, (batch) => checkedIndices(batch, "batchSampler")) };
  if (sampler !== undefined) return { examples: checkedIndices(sampler, "sampler") };
  if (shuffle) return { examples: permutation(length, random.seed, random.epoch) };
  return { examples: new Uint32Array(length).map((_, i) => i) };
}

/** A sampler that shuffles by itself may do so by the number of the epoch, as PyTorch's do. */
function setEpochOf(sampler: unknown, epoch: number): void {
  const { setEpoch } = (sampler ?? {}) as { setEpoch?: unknown };
  if (typeof setEpoch === "function") setEpoch.call(sampler, epoch);
}

/** The number of batches that `examples` make. */
export function countBatches(examples: number, { batchSize, dropLast }: Cut): number {
  return Math.max(0, dropLast ? Math.floor(examples / batchSize) : Math.ceil(examples / batchSize));
}

/** Where an epoch begins: after a number of batches, or after a number of examples, whatever the size of their batches. */
export interface Start {
  readonly fromBatch?: number | undefined;
  readonly fromExample?: number | undefined;
}

/** The batches of an epoch from a place in it: how many, the examples of each, and how many lie before each. */
export interface EpochPlan {
  readonly count: number;
  readonly indicesOf: (batch: number) => Uint32Array;
  /** Examples before a batch; null when the batches are a batch sampler's. */
  readonly exampleAt: (batch: number) => number | null;
}

export function planEpoch(order: EpochOrder, cut: Cut, { fromBatch = 0, fromExample }: Start): EpochPlan {
  if ("batches" in order) {
    const { batches } = order;
    return {
      count: Math.max(0, batches.length - fromBatch),
      indicesOf: (batch) => batches[fromBatch + batch],
      exampleAt: () => null,
    };
  }
  const { examples } = order;
  const { batchSize } = cut;
  const start = fromExample ?? fromBatch * batchSize;
  const at = (batch: number): number => Math.min(start + batch * batchSize, examples.length);
  return {
    count: countBatches(examples.length - start, cut),
    indicesOf: (batch) => examples.slice(at(batch), at(batch + 1)),
    exampleAt: at,
  };
}

/** A short name of an order: two epochs with the same one have the same examples in the same order (FNV-1a). */
export function orderKey(order: EpochOrder): string {
  let hash = 0x811c9dc5;
  const add = (number: number): void => {
    hash = Math.imul(hash ^ number, 0x01000193);
  };
  for (const list of "batches" in order ? order.batches : [order.examples]) {
    add(list.length);
    for (const index of list) add(index);
  }
  return (hash >>> 0).toString(16).padStart(8, "0");
}

/**
 * A sampler that can be walked in every epoch.
 *
 * @throws ArgumentError for what is not an iterable, and for a generator, which is used up by the first epoch.
 */
export function checkedSampler<T>(given: Iterable<T>, name: string): Iterable<T> {
  if (typeof (given as Iterable<T> | null)?.[Symbol.iterator] !== "function") {
    throw new ArgumentError(
      `DataLoader: expected \`${name}\` to be an array or another iterable, got ${shownValue(given)}`,
    );
  }
  if (!isOneShot(given)) return given;
  throw new ArgumentError(
    `DataLoader: \`${name}\` is a generator, which can be walked only once, and is needed in every epoch; ` +
      `give an array ([...${name}]), or an object whose [Symbol.iterator]() starts again`,
  );
}

/** How many items a sampler has, without walking it if it has a length. */
export function countOf(sampler: Iterable<unknown>): number {
  const { length, size } = sampler as { length?: unknown; size?: unknown };
  const told = length ?? size;
  if (Number.isSafeInteger(told)) return told as number;
  let count = 0;
  for (const _ of sampler) count++;
  return count;
}

function checkedIndices(given: Iterable<number> | ArrayLike<number>, name: string): Uint32Array {
  return Uint32Array.from(given as ArrayLike<number>, (index) => {
    if (Number.isInteger(index) && index >= 0 && index < 2 ** 32) return index;
    const ErrorClass = Number.isInteger(index) ? IndexError : ArgumentError;
    throw new ErrorClass(
      `DataLoader: expected \`${name}\` to give the numbers of examples, from 0, got ${shownValue(index)}`,
    );
  });
}

/** @throws ArgumentError unless `value` is an integer of at least `least`. */
export function requireCount(value: unknown, least: number, name: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < least) {
    throw new ArgumentError(
      `DataLoader: expected \`${name}\` to be an integer of at least ${least}, got ${shownValue(value)}`,
    );
  }
  return value as number;
}
