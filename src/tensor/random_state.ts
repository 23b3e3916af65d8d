/** Where random numbers come from: a seed and a count of the draws made so far. */
import type { TypedArray } from "../base/dtype.ts";
import { ArgumentError } from "../base/errors.ts";
import { keyOfSeed, PhiloxStream } from "../base/philox.ts";
import { shownText } from "../base/shown_value.ts";
import { constantValue, type Value } from "../graph/node.ts";

/** All there is to know about a generator: what a checkpoint keeps. Plain data. */
export interface RngState {
  /** The seed that was set. */
  readonly seed: number;
  /** Number of draws made. */
  readonly offset: number;
}

/**
 * A source of random numbers of its own. Every draw (one call of `rand`, `dropout`, ...) takes the next
 * stream of the seed; the numbers are the same on every engine and with any number of threads.
 *
 * @example
 * ```ts
 * const generator = new Generator().manualSeed(7);
 * const x = randn(2, 3, { generator });
 * ```
 */
export class Generator {
  private seedNumber: number;
  private offset = 0;

  constructor() {
    this.seedNumber = randomSeed();
  }

  /** Starts again from a seed: an integer from -(2^53 - 1) to 2^53 - 1. */
  manualSeed(seed: number): this {
    if (!Number.isSafeInteger(seed)) {
      throw new ArgumentError(`manualSeed: expected an integer within ±(2^53 - 1), got ${shownText(seed)}`);
    }
    this.seedNumber = seed;
    this.offset = 0;
    return this;
  }

  /** Starts again from a random seed, and returns it. */
  seed(): number {
    this.manualSeed(randomSeed());
    return this.seedNumber;
  }

  /** The seed that was set last. */
  initialSeed(): number {
    return this.seedNumber;
  }

  /** Where the sequence of numbers is. */
  getState(): RngState {
    return { seed: this.seedNumber, offset: this.offset };
  }

  /** Goes on from where `getState()` was called. */
  setState(state: RngState): this {
    if (!Number.isSafeInteger(state?.seed) || !Number.isSafeInteger(state.offset) || state.offset < 0) {
      throw new ArgumentError("setState: expected what getState() gave: { seed, offset }");
    }
    this.seedNumber = state.seed;
    this.offset = state.offset;
    return this;
  }

  /** @internal The key of the next draw, an input of the program. */
  nextKey(): Value {
    const [seedLow, seedHigh] = keyOfSeed(this.seedNumber);
    const stream = this.offset++;
    const words = Int32Array.of(seedLow, seedHigh, stream >>> 0, Math.floor(stream / 0x100000000));
    return constantValue(words, [4], "int32");
  }
}

/**
 * A seed for work that draws its own numbers (an order, random transforms), from the next stream of `generator`, by
 * default the default one.
 *
 * @returns an integer from 0 to 2^53 - 1.
 */
export function drawSeed(generator?: Generator | null): number {
  const { seed, offset } = (generator ?? defaultGenerator).getState();
  (generator ?? defaultGenerator).setState({ seed, offset: offset + 1 });
  const stream = new PhiloxStream(seed, offset >>> 0, Math.floor(offset / 0x100000000), SEEDS);
  return Math.floor(stream.uniform() * 2 ** 53);
}

/** Names the streams of seeds, apart from those of `rand` and its kin. */
const SEEDS = 0x5eed;

function randomSeed(): number {
  return Math.floor(Math.random() * 2 ** 53);
}

/**
 * The source of random numbers that functions draw from if none is named.
 *
 * @example
 * ```ts
 * defaultGenerator.manualSeed(1);
 * ```
 */
export const defaultGenerator = new Generator();

/**
 * Sets the seed of all random numbers: the same seed gives the same numbers, on any engine and any number of
 * threads.
 *
 * @returns the generator.
 * @example
 * ```ts
 * manualSeed(1);
 * const first = randn(3);
 * manualSeed(1);
 * await equal(first, randn(3)); // true
 * ```
 */
export function manualSeed(seed: number): Generator {
  return defaultGenerator.manualSeed(seed);
}

/**
 * The seed that was set last.
 *
 * @example
 * ```ts
 * manualSeed(7);
 * Number(initialSeed()); // 7
 * ```
 */
export function initialSeed(): number {
  return defaultGenerator.initialSeed();
}

/**
 * Where the sequence of random numbers is: see `setRngState`.
 *
 * @example
 * ```ts
 * const state = getRngState();
 * const first = rand(3);
 * setRngState(state);
 * await equal(first, rand(3)); // true
 * ```
 */
export function getRngState(): RngState {
  return defaultGenerator.getState();
}

/**
 * Goes on with the random numbers from where `getRngState` was called.
 *
 * @example
 * ```ts
 * const state = getRngState();
 * setRngState(state);
 * ```
 */
export function setRngState(state: RngState): void {
  defaultGenerator.setState(state);
}

/** The key of the next draw from `generator`, by default from the default one. */
export function drawKey(generator?: Generator | null): Value {
  const key = (generator ?? defaultGenerator).nextKey();
  drawn?.push(key);
  return key;
}

/** Keys that are being collected. */
let drawn: Value[] | null = null;

/** @internal The keys that `body` draws, in order; null if it draws more than keys, or from other generators. */
export function keysDrawnBy(body: () => void): Value[] | null {
  const [before, from] = [drawn, defaultGenerator.getState()];
  const keys: Value[] = [];
  drawn = keys;
  try {
    body();
  } finally {
    drawn = before;
  }
  const to = defaultGenerator.getState();
  return to.seed === from.seed && to.offset - from.offset === keys.length ? keys : null;
}

/** @internal Elements of the first keys that are drawn after a seed was set. */
export function firstKeys(seed: number, count: number): TypedArray[] {
  const generator = new Generator().manualSeed(seed);
  return Array.from({ length: count }, () => generator.nextKey().data as TypedArray);
}
