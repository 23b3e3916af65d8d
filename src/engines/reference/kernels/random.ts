/** Random draws, by counter: element i comes from word i of the key's stream. */

import type { TypedArray } from "../../../base/dtype.ts";
import { ArgumentError } from "../../../base/errors.ts";
import { philox4x32Into, uniformFloat32, uniformFloat64 } from "../../../base/philox.ts";
import type { ReferenceKernel } from "../kernel.ts";

/** Sets the streams of tensors apart from those of `PhiloxStream` (shuffles, augmentation). */
const TENSOR_STREAMS = 0x80000000;

/** Random words of one stream by their position. */
export class KeyedWords {
  private readonly block = new Uint32Array(4);
  private readonly key: TypedArray;
  private held = -1;

  constructor(key: TypedArray) {
    this.key = key;
  }

  at(index: number): number {
    const block = Math.floor(index / 4);
    if (block !== this.held) {
      const [seedLow, seedHigh, streamLow, streamHigh] = this.key;
      const high = Math.floor(block / 0x100000000);
      philox4x32Into(this.block, 0, block, high, streamLow, streamHigh | TENSOR_STREAMS, seedLow, seedHigh);
      this.held = block;
    }
    return this.block[index - 4 * block];
  }

  /** 53 random bits as a number in [0, 1), from words 2i and 2i + 1. */
  uniform64(index: number): number {
    const high = this.at(2 * index);
    return uniformFloat64(high, this.at(2 * index + 1));
  }
}

const randomUniform: ReferenceKernel = ({ inputs: [key], outputs: [output] }) => {
  const words = new KeyedWords(key.data);
  const { data, dtype } = output;
  for (let i = 0; i < data.length; i++) {
    data[i] = dtype === "float32" ? uniformFloat32(words.at(i)) : words.uniform64(i);
  }
};

/** Elements 2j and 2j + 1 are r cos a and r sin a, from words 2j and 2j + 1 (in float64 from twice as many). */
export const randomNormal: ReferenceKernel = ({ inputs: [key], outputs: [output] }) => {
  const words = new KeyedWords(key.data);
  const { data, dtype } = output;
  for (let i = 0; i < data.length; i += 2) {
    // In (0, 1), so that the logarithm is finite.
    const u = dtype === "float32" ? (words.at(i) + 0.5) * 2 ** -32 : words.uniform64(i) + 2 ** -54;
    const v = dtype === "float32" ? words.at(i + 1) * 2 ** -32 : words.uniform64(i + 1);
    const radius = Math.sqrt(-2 * Math.log(u));
    data[i] = radius * Math.cos(2 * Math.PI * v);
    if (i + 1 < data.length) data[i + 1] = radius * Math.sin(2 * Math.PI * v);
  }
};

const multinomial: ReferenceKernel = ({ inputs: [weights, key], outputs: [output], attributes }) => {
  const words = new KeyedWords(key.data);
  const categories = weights.shape[weights.shape.length - 1];
  const samples = attributes.numSamples as number;
  const rows = samples === 0 ? 0 : output.data.length / samples;
  for (let row = 0; row < rows; row++) {
    const own = weights.data.subarray(row * categories, (row + 1) * categories);
    checkWeights(own, attributes.replacement ? 1 : samples);
    const drawn = attributes.replacement
      ? drawWithReplacement(own, samples, words, row * samples)
      : drawWithoutReplacement(own, samples, words, row * categories);
    output.data.set(drawn, row * samples);
  }
};

function checkWeights(weights: TypedArray, atLeast: number): void {
  let positive = 0;
  weights.forEach((w, i) => {
    if (!(w >= 0 && Number.isFinite(w))) {
      throw new ArgumentError(
        `multinomial: expected weights that are finite and not negative, got ${w} at position ${i}`,
      );
    }
    if (w > 0) positive++;
  });
  if (positive < atLeast) {
    throw new ArgumentError(
      `multinomial: expected at least ${atLeast} weights above 0 in a row, got ${positive}`,
    );
  }
}

function drawWithReplacement(
  weights: TypedArray,
  samples: number,
  words: KeyedWords,
  first: number,
): number[] {
  let total = 0;
  for (const weight of weights) total += weight;
  return Array.from({ length: samples }, (_, i) => {
    let rest = words.uniform64(first + i) * total;
    let last = 0;
    for (let c = 0; c < weights.length; c++) {
      if (weights[c] === 0) continue;
      last = c;
      rest -= weights[c];
      if (rest < 0) break;
    }
    return last;
  });
}

/** The first arrivals of a race in which category c arrives after an exponential time of rate w[c]. */
function drawWithoutReplacement(
  weights: TypedArray,
  samples: number,
  words: KeyedWords,
  first: number,
): number[] {
  const times = Array.from(weights, (w, c) =>
    w === 0 ? Infinity : -Math.log1p(-words.uniform64(first + c)) / w,
  );
  const order = times.map((_, c) => c).sort((a, b) => times[a] - times[b] || a - b);
  return order.slice(0, samples);
}

export const RANDOM_KERNELS = { randomUniform, randomNormal, multinomial } satisfies Record<
  string,
  ReferenceKernel
>;
