/**
 * Philox4x32-10: a counter-based random number generator.
 *
 * A pure function from a 128-bit counter and a 64-bit key to 128 random bits. There is no state to carry
 * along, so number `i` of a stream is the same on every engine, in every worker and after every resume.
 *
 * Source: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as
 * 1, 2, 3", SC 2011, section 3.3.
 */

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const ROUNDS = 10;

/** Where the allocation-free function leaves its four words. */
export type PhiloxOutput = Uint32Array<ArrayBufferLike>;

/** The upper 32 bits of the 64-bit product of two unsigned 32-bit words. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  // Each partial product is below 2^32 and each sum below 2^53, so plain numbers are exact.
  const middle = aHigh * bLow + Math.floor((aLow * bLow) / 0x10000);
  const cross = aLow * bHigh + (middle % 0x10000);
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(cross / 0x10000)) >>> 0;
}

/**
 * Writes the four words of one block to `out[offset .. offset + 3]`. Allocates nothing.
 *
 * @param c0 - counter word 0 (the one to count up first); c1, c2, c3 follow
 * @param k0 - key word 0; k1 follows
 */
export function philox4x32Into(
  out: PhiloxOutput,
  offset: number,
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  k0: number,
  k1: number,
): void {
  let x0 = c0 >>> 0;
  let x1 = c1 >>> 0;
  let x2 = c2 >>> 0;
  let x3 = c3 >>> 0;
  let key0 = k0 >>> 0;
  let key1 = k1 >>> 0;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, x0);
    const low0 = Math.imul(MULTIPLIER_0, x0);
    const high1 = multiplyHigh(MULTIPLIER_1, x2);
    const low1 = Math.imul(MULTIPLIER_1, x2);
    x0 = (high1 ^ x1 ^ key0) >>> 0;
    x1 = low1 >>> 0;
    x2 = (high0 ^ x3 ^ key1) >>> 0;
    x3 = low0 >>> 0;
    key0 = (key0 + WEYL_0) >>> 0;
    key1 = (key1 + WEYL_1) >>> 0;
  }
  out[offset] = x0;
  out[offset + 1] = x1;
  out[offset + 2] = x2;
  out[offset + 3] = x3;
}

/** One block: four unsigned 32-bit words for a counter of four words and a key of two. */
export function philox4x32(
  counter: ArrayLike<number>,
  key: ArrayLike<number>,
  out: PhiloxOutput = new Uint32Array(4),
): PhiloxOutput {
  philox4x32Into(out, 0, counter[0], counter[1], counter[2], counter[3], key[0], key[1]);
  return out;
}

/** A float32 in [0, 1) from one word: its upper 24 bits, so that every value is exact. */
export function uniformFloat32(word: number): number {
  return (word >>> 8) * 2 ** -24;
}

/** A float64 in [0, 1) from two words: 53 bits, so that every value is exact. */
export function uniformFloat64(high: number, low: number): number {
  return ((high >>> 5) * 2 ** 26 + (low >>> 6)) * 2 ** -53;
}

/** The two key words of a seed: any integer from 0 to 2^53 - 1 (negative ones wrap, as two's complement). */
export function keyOfSeed(seed: number): [number, number] {
  return [seed >>> 0, Math.floor(seed / 0x100000000) >>> 0];
}

/**
 * Random words in order, for code that draws one after the other.
 *
 * The stream is named by a seed and up to three numbers (an epoch, an example, a purpose); two streams
 * with different names never share a block.
 *
 * @example
 * const stream = new PhiloxStream(42, epoch, exampleIndex);
 * stream.uniform(); // in [0, 1)
 * stream.integer(10); // 0 .. 9
 */
export class PhiloxStream {
  readonly #block = new Uint32Array(4);
  readonly #key: [number, number];
  readonly #names: [number, number, number];
  #blockIndex = 0;
  #used = 4;

  constructor(seed: number, first = 0, second = 0, third = 0) {
    this.#key = keyOfSeed(seed);
    this.#names = [first, second, third];
  }

  /** The next unsigned 32-bit word. */
  word(): number {
    if (this.#used === 4) {
      const [first, second, third] = this.#names;
      philox4x32Into(this.#block, 0, this.#blockIndex++, first, second, third, this.#key[0], this.#key[1]);
      this.#used = 0;
    }
    return this.#block[this.#used++];
  }

  /** Uniform in [0, 1), 53 bits. */
  uniform(): number {
    const high = this.word();
    return uniformFloat64(high, this.word());
  }

  /** Uniform among 0 .. bound - 1 without bias: words beyond the last whole multiple are drawn again. */
  integer(bound: number): number {
    if (!(Number.isInteger(bound) && bound >= 1 && bound <= 0x100000000)) {
      throw new RangeError(`integer: expected a bound from 1 to 2^32, got ${bound}`);
    }
    const limit = 0x100000000 - (0x100000000 % bound);
    let word = this.word();
    while (word >= limit) word = this.word();
    return word % bound;
  }
}

/**
 * A random order of 0 .. length - 1 (Fisher and Yates's shuffle, in Durstenfeld's form), the same for the
 * same seed and epoch on every machine.
 */
export function permutation(length: number, seed: number, epoch = 0): Uint32Array {
  const order = new Uint32Array(length);
  for (let i = 0; i < length; i++) order[i] = i;
  const stream = new PhiloxStream(seed, epoch);
  for (let i = length - 1; i > 0; i--) {
    const j = stream.integer(i + 1);
    const swapped = order[i];
    order[i] = order[j];
    order[j] = swapped;
  }
  return order;
}
