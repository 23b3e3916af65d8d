/**
 * Whole arrays of random numbers from Philox4x32-10, for the initial values of weights: tens of millions of
 * numbers in a tenth of a second.
 *
 * Block `b` of a stream has the counter (b, b / 2^32, streamLow, streamHigh) and gives the words 4b .. 4b + 3;
 * see `base/philox.ts` for the generator, `random_words.ts` for how they are drawn.
 */
import { typedArrayKind } from "../../base/builtin_kinds.ts";
import type { TypedArray } from "../../base/dtype.ts";
import { type RandomKey, STRETCH_BLOCKS, wordSource } from "./random_words.ts";

const STRETCH = 4 * STRETCH_BLOCKS;

/** Calls `use` for each stretch of `length` elements: those from `start` on, `count` of them, from `blocks` blocks. */
function eachStretch(length: number, use: (start: number, count: number, blocks: number) => void): void {
  for (let start = 0; start < length; start += STRETCH) {
    const count = Math.min(STRETCH, length - start);
    use(start, count, Math.ceil(count / 4));
  }
}

/** Uniform in [low, high): 24 bits of one word for each element. */
export function fillUniform(out: TypedArray, key: RandomKey, low: number, high: number): void {
  const source = wordSource();
  const scale = (high - low) * 2 ** -24;
  if (typedArrayKind(out) === "Float32Array") {
    eachStretch(out.length, (start, count, blocks) => {
      const floats = source.uniform(key, start / 4, blocks, low, scale);
      out.set(count < floats.length ? floats.subarray(0, count) : floats, start);
    });
    return;
  }
  eachStretch(out.length, (start, count, blocks) => {
    const words = source.words(key, start / 4, blocks);
    for (let i = 0; i < count; i++) out[start + i] = low + (words[i] >>> 8) * scale;
  });
}

/**
 * Normal with a mean and a standard deviation, two from each pair of words.
 *
 * Source: G. E. P. Box, M. E. Muller, "A note on the generation of random normal deviates", 1958.
 */
export function fillNormal(out: TypedArray, key: RandomKey, mean: number, std: number): void {
  const source = wordSource();
  eachStretch(out.length, (start, count, blocks) => {
    const words = source.words(key, start / 4, blocks);
    for (let i = 0; i < count; i += 2) {
      const radius = std * Math.sqrt(-2 * Math.log((words[i] + 1) * 2 ** -32));
      const angle = 2 * Math.PI * words[i + 1] * 2 ** -32;
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
