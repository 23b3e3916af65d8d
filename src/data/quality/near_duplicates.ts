/** Finds images that look the same, among many, without comparing each with each. */
import { hashDistance, type PerceptualHash } from "./perceptual_hash.ts";

/** What images are compared by. */
export interface Look {
  readonly hash: PerceptualHash;
  /** The image in few pixels: see `ImageMeasures`. */
  readonly colours: Uint8Array;
}

/** How alike two images must be. */
export interface Likeness {
  /** Bits in which the hashes may differ, 0 to 32. */
  readonly distance: number;
  /** How strongly the colours of the small images must correlate, up to 1. */
  readonly correlation: number;
}

/** Two images that look the same: their places in the list. */
export interface NearPair {
  readonly a: number;
  readonly b: number;
  /** Bits in which the hashes differ. */
  readonly distance: number;
}

/**
 * Pairs of images whose hashes differ in few bits and whose small images correlate in colour: enough of them that a chain of
 * pairs leads from each image to all others of its group.
 *
 * Hashes are cut into one band more than bits may differ: two that are near have at least one band in common, and only
 * those that share one are compared (M. Norouzi et al., "Fast search in Hamming space with multi-index hashing", 2012).
 * Of images with the same hash only neighbours in the list are compared, and one of each kind stands for them.
 */
export function nearPairs(looks: readonly Look[], likeness: Likeness): NearPair[] {
  const pairs: NearPair[] = [];
  const compared = new Set<number>();
  const leaders = leadersOf(looks, likeness, pairs);
  const compare = (a: number, b: number): void => {
    const distance = hashDistance(looks[a].hash, looks[b].hash);
    if (distance > likeness.distance) return;
    const key = a * looks.length + b;
    if (compared.has(key)) return;
    compared.add(key);
    if (correlation(looks[a].colours, looks[b].colours) >= likeness.correlation)
      pairs.push({ a, b, distance });
  };
  for (const bucket of buckets(looks, leaders, likeness.distance + 1))
    for (let i = 1; i < bucket.length; i++) for (let j = 0; j < i; j++) compare(bucket[j], bucket[i]);
  return pairs.sort((p, q) => p.a - q.a || p.b - q.b);
}

/** The first image of each kind among those with the same hash; the others are paired with it. */
function leadersOf(looks: readonly Look[], { correlation: least }: Likeness, pairs: NearPair[]): number[] {
  const byHash = new Map<string, number[]>();
  const leaders: number[] = [];
  for (let i = 0; i < looks.length; i++) {
    const { hash, colours } = looks[i];
    const key = `${hash[0]},${hash[1]}`;
    const same = byHash.get(key);
    const leader = same?.slice(-MOST_KINDS).find((at) => correlation(looks[at].colours, colours) >= least);
    if (leader !== undefined) {
      pairs.push({ a: leader, b: i, distance: 0 });
      continue;
    }
    leaders.push(i);
    if (same === undefined) byHash.set(key, [i]);
    else same.push(i);
  }
  return leaders;
}

/** Kinds of images with the same hash that an image is compared with: hashes of flat images are all the same. */
const MOST_KINDS = 64;

/** Images that have a band of their hashes in common. */
function* buckets(
  looks: readonly Look[],
  chosen: readonly number[],
  bands: number,
): Generator<readonly number[]> {
  for (let band = 0; band < bands; band++) {
    const [from, to] = [Math.floor((64 * band) / bands), Math.floor((64 * (band + 1)) / bands)];
    const byBits = new Map<number, number[]>();
    for (const i of chosen) {
      const bits = bitsBetween(looks[i].hash, from, to);
      const bucket = byBits.get(bits);
      if (bucket === undefined) byBits.set(bits, [i]);
      else bucket.push(i);
    }
    yield* byBits.values();
  }
}

/** Bits `from` to `to`, counted from the upper end, as a number. */
function bitsBetween([high, low]: PerceptualHash, from: number, to: number): number {
  let number = 0;
  for (let bit = from; bit < to; bit++) {
    const half = bit < 32 ? high : low;
    number = 2 * number + ((half >>> (31 - (bit & 31))) & 1);
  }
  return number;
}

/** Pearson's correlation; of two flat images 1 if they are equally bright to 8 levels, of one flat image 0. */
export function correlation(a: Uint8Array, b: Uint8Array): number {
  let [sumA, sumB, aa, bb, ab] = [0, 0, 0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    sumA += a[i];
    sumB += b[i];
    aa += a[i] * a[i];
    bb += b[i] * b[i];
    ab += a[i] * b[i];
  }
  const n = a.length;
  const [spreadA, spreadB] = [aa - (sumA * sumA) / n, bb - (sumB * sumB) / n];
  if (spreadA < n || spreadB < n) {
    const alike = spreadA < n && spreadB < n && Math.abs(sumA - sumB) / n < 8;
    return alike ? 1 : 0;
  }
  return (ab - (sumA * sumB) / n) / Math.sqrt(spreadA * spreadB);
}
