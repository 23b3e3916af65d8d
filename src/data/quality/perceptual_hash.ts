/**
 * 64 bits that say roughly how an image looks: pHash, bit for bit as the Python package imagehash computes it.
 *
 * Source: C. Zauner, "Implementation and benchmarking of perceptual image hash functions", 2010, section 3.2.1 (a hash
 * of the discrete cosine transform).
 */

/** Two halves of 32 bits, the upper one first. */
export type PerceptualHash = readonly [high: number, low: number];

/** Side of the small image that the hash is taken of. */
export const SMALL_SIDE = 32;

/** Frequencies along each axis that the hash keeps. */
const KEPT = 8;

/** cos(pi k (2 n + 1) / 64) for the kept frequencies k and all n. */
const COSINES = Float64Array.from({ length: KEPT * SMALL_SIDE }, (_, i) => {
  const [k, n] = [Math.floor(i / SMALL_SIDE), i % SMALL_SIDE];
  return Math.cos((Math.PI * k * (2 * n + 1)) / (2 * SMALL_SIDE));
});

/** Amounts below this are rounding errors of the sums: the transform of a flat image has no waves. */
const NOISE = 1e-7;

/**
 * Which of the lowest 8 by 8 frequencies of a grey image of 32 by 32 pixels lie above their median, row by row.
 */
export function perceptualHash(small: Uint8Array): PerceptualHash {
  const amounts = lowFrequencies(small);
  const sorted = Float64Array.from(amounts).sort();
  const median = (sorted[31] + sorted[32]) / 2;
  const halves = [0, 0];
  for (let i = 0; i < 64; i++) if (amounts[i] > median) halves[i >> 5] |= 1 << (31 - (i & 31));
  return [halves[0] >>> 0, halves[1] >>> 0];
}

/** The discrete cosine transform (type II, not normalised), its first 8 by 8 amounts. */
function lowFrequencies(small: Uint8Array): Float64Array {
  const rows = new Float64Array(SMALL_SIDE * KEPT);
  for (let y = 0; y < SMALL_SIDE; y++) {
    for (let k = 0; k < KEPT; k++) {
      let sum = 0;
      for (let x = 0; x < SMALL_SIDE; x++) sum += small[y * SMALL_SIDE + x] * COSINES[k * SMALL_SIDE + x];
      rows[y * KEPT + k] = 2 * sum;
    }
  }
  const amounts = new Float64Array(KEPT * KEPT);
  for (let j = 0; j < KEPT; j++) {
    for (let k = 0; k < KEPT; k++) {
      let sum = 0;
      for (let y = 0; y < SMALL_SIDE; y++) sum += rows[y * KEPT + k] * COSINES[j * SMALL_SIDE + y];
      amounts[j * KEPT + k] = Math.abs(sum) < NOISE ? 0 : 2 * sum;
    }
  }
  return amounts;
}

/**
 * In how many bits two hashes differ (Hamming distance), 0 to 64: few for images that look the same.
 *
 * @example
 * ```ts
 * const image: data.Image = { width: 2, height: 1, channels: 1, data: Uint8Array.of(0, 255) };
 * const { hash } = data.imageMeasures(image);
 * data.hashDistance(hash, hash); // 0
 * ```
 */
export function hashDistance(a: PerceptualHash, b: PerceptualHash): number {
  return bitsOf(a[0] ^ b[0]) + bitsOf(a[1] ^ b[1]);
}

/** How many bits of 32 are set. */
export function bitsOf(word: number): number {
  let w = word - ((word >>> 1) & 0x55555555);
  w = (w & 0x33333333) + ((w >>> 2) & 0x33333333);
  return Math.imul((w + (w >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** As imagehash prints it: 16 hexadecimal digits. */
export function hashText([high, low]: PerceptualHash): string {
  return [high, low].map((half) => half.toString(16).padStart(8, "0")).join("");
}
