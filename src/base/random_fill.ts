/**
 * Whole arrays of random numbers from Philox4x32-10, for the initial values of weights: tens of millions of
 * numbers in about a second.
 *
 * Block `b` of a stream has the counter (b, b / 2^32, streamLow, streamHigh) and gives the words 4b .. 4b + 3;
 * see `philox.ts` for the generator.
 */
import type { TypedArray } from "./dtype.ts";

/** A seed and a stream of it, each as two 32-bit words. */
export interface RandomKey {
  readonly seedLow: number;
  readonly seedHigh: number;
  readonly streamLow: number;
  readonly streamHigh: number;
}

const BLOCKS = 4096;
const WORDS = new Uint32Array(4 * BLOCKS);

/**
 * Blocks `first` to `first + count - 1` of a stream. The same rounds as `philox4x32Into`, with the products
 * taken apart into 16-bit halves that stay within 32-bit integers.
 */
function fillWords(key: RandomKey, first: number, count: number): void {
  const { streamLow, streamHigh } = key;
  for (let block = 0; block < count; block++) {
    const index = first + block;
    let x0 = index | 0;
    let x1 = Math.floor(index / 0x100000000) | 0;
    let x2 = streamLow | 0;
    let x3 = streamHigh | 0;
    let k0 = key.seedLow | 0;
    let k1 = key.seedHigh | 0;
    for (let round = 0; round < 10; round++) {
      // 0xd2511f53 * x0 and 0xcd9e8d57 * x2
      const aLow = x0 & 0xffff;
      const aHigh = x0 >>> 16;
      const aMiddle = (Math.imul(aHigh, 0x1f53) + (Math.imul(aLow, 0x1f53) >>> 16)) | 0;
      const aCross = (Math.imul(aLow, 0xd251) + (aMiddle & 0xffff)) | 0;
      const high0 = (Math.imul(aHigh, 0xd251) + (aMiddle >>> 16) + (aCross >>> 16)) | 0;
      const bLow = x2 & 0xffff;
      const bHigh = x2 >>> 16;
      const bMiddle = (Math.imul(bHigh, 0x8d57) + (Math.imul(bLow, 0x8d57) >>> 16)) | 0;
      const bCross = (Math.imul(bLow, 0xcd9e) + (bMiddle & 0xffff)) | 0;
      const high1 = (Math.imul(bHigh, 0xcd9e) + (bMiddle >>> 16) + (bCross >>> 16)) | 0;
      const low0 = Math.imul(0xd2511f53, x0);
      const low1 = Math.imul(0xcd9e8d57, x2);
      x0 = high1 ^ x1 ^ k0;
      x1 = low1;
      x2 = high0 ^ x3 ^ k1;
      x3 = low0;
      k0 = (k0 + 0x9e3779b9) | 0;
      k1 = (k1 + 0xbb67ae85) | 0;
    }
    const at = block * 4;
    WORDS[at] = x0;
    WORDS[at + 1] = x1;
    WORDS[at + 2] = x2;
    WORDS[at + 3] = x3;
  }
}

/** Calls `use` with stretches of words: `count` of them in `WORDS`, for the elements from `start` on. */
function eachStretch(length: number, key: RandomKey, use: (start: number, count: number) => void): void {
  for (let start = 0; start < length; start += WORDS.length) {
    const count = Math.min(WORDS.length, length - start);
    fillWords(key, start / 4, Math.ceil(count / 4));
    use(start, count);
  }
}

/** Uniform in [low, high): 24 bits of one word for each element. */
export function fillUniform(out: TypedArray, key: RandomKey, low: number, high: number): void {
  const scale = (high - low) * 2 ** -24;
  eachStretch(out.length, key, (start, count) => {
    for (let i = 0; i < count; i++) out[start + i] = low + (WORDS[i] >>> 8) * scale;
  });
}

/**
 * Normal with a mean and a standard deviation, two from each pair of words.
 *
 * Source: G. E. P. Box, M. E. Muller, "A note on the generation of random normal deviates", 1958.
 */
export function fillNormal(out: TypedArray, key: RandomKey, mean: number, std: number): void {
  eachStretch(out.length, key, (start, count) => {
    for (let i = 0; i < count; i += 2) {
      const radius = std * Math.sqrt(-2 * Math.log((WORDS[i] + 1) * 2 ** -32));
      const angle = 2 * Math.PI * WORDS[i + 1] * 2 ** -32;
      out[start + i] = mean + radius * Math.cos(angle);
      if (i + 1 < count) out[start + i + 1] = mean + radius * Math.sin(angle);
    }
  });
}

/** Normal, with draws outside of [low, high] drawn again (from the streams that follow in the seed's high word). */
export function fillTruncatedNormal(
  out: TypedArray,
  key: RandomKey,
  mean: number,
  std: number,
  range: { readonly low: number; readonly high: number },
): void {
  fillNormal(out, key, mean, std);
  let missing = outside(out, range);
  for (let attempt = 1; missing.length > 0; attempt++) {
    if (attempt > 1000) {
      // Hardly any of the normal distribution lies in the range: what is left is taken as uniform.
      const draws = new Float64Array(missing.length);
      fillUniform(draws, { ...key, seedHigh: key.seedHigh ^ (attempt << 12) }, range.low, range.high);
      missing.forEach((index, i) => {
        out[index] = draws[i];
      });
      return;
    }
    const draws = new Float64Array(missing.length);
    fillNormal(draws, { ...key, seedHigh: key.seedHigh ^ (attempt << 12) }, mean, std);
    missing.forEach((index, i) => {
      out[index] = draws[i];
    });
    missing = missing.filter((index) => out[index] < range.low || out[index] > range.high);
  }
}

function outside(values: TypedArray, range: { readonly low: number; readonly high: number }): number[] {
  const indices: number[] = [];
  for (let i = 0; i < values.length; i++)
    if (values[i] < range.low || values[i] > range.high) indices.push(i);
  return indices;
}
