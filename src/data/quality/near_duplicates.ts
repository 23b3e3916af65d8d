/** Finds images that look the same, among many, without comparing each with each. */
import { Groups } from "./groups.ts";
import { Likenesses } from "./likeness.ts";
import { bitsOf, type PerceptualHash } from "./perceptual_hash.ts";

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
 * Pairs of images whose hashes differ in few bits and whose small images correlate in colour: just enough of them that a
 * chain of pairs leads from each image to all others of its group.
 *
 * Hashes are cut into one band more than bits may differ: two that are near have at least one band in common, and only
 * those that share one are compared (M. Norouzi et al., "Fast search in Hamming space with multi-index hashing", 2012).
 */
export function nearPairs(looks: readonly Look[], likeness: Likeness): NearPair[] {
  const likenesses = new Likenesses(
    looks.map(({ colours }) => colours),
    likeness.correlation,
  );
  const groups = new Groups(looks.length);
  const pairs: NearPair[] = [];
  const join = (a: number, b: number, distance: number): void => {
    if (groups.rootOf(a) === groups.rootOf(b) || !likenesses.alike(a, b)) return;
    groups.join(a, b);
    pairs.push({ a, b, distance });
  };
  const leaders = leadersOf(looks, likenesses, join);
  const bands = bandsOf(likeness.distance + 1);
  bands.forEach((band, k) => {
    const earlier = bands.slice(0, k);
    for (const bucket of bucketsOf(looks, leaders, band))
      comparePairs(looks, bucket, likeness, earlier, join);
  });
  return pairs.sort((p, q) => p.a - q.a || p.b - q.b);
}

/** Kinds of images with the same hash that an image is compared with first: flat images all have the same. */
const MOST_KINDS = 64;

/** The first image of each kind with a hash; those that are like it are joined to it, and it stands for them. */
function leadersOf(
  looks: readonly Look[],
  likenesses: Likenesses,
  join: (a: number, b: number, distance: number) => void,
): number[] {
  const byHash = new Map<string, number[]>();
  const leaders: number[] = [];
  looks.forEach(({ hash }, i) => {
    const key = hash.join();
    const kinds = byHash.get(key) ?? [];
    byHash.set(key, kinds);
    const leader = kinds.find((kind) => likenesses.alike(kind, i));
    if (leader !== undefined) {
      join(leader, i, 0);
      return;
    }
    leaders.push(i);
    if (kinds.length < MOST_KINDS) kinds.push(i);
  });
  return leaders;
}

/** Joins what is near in a bucket, but for pairs that share an earlier band: those have been compared. */
function comparePairs(
  looks: readonly Look[],
  bucket: readonly number[],
  { distance: most }: Likeness,
  earlier: readonly Band[],
  join: (a: number, b: number, distance: number) => void,
): void {
  const highs = Int32Array.from(bucket, (i) => looks[i].hash[0]);
  const lows = Int32Array.from(bucket, (i) => looks[i].hash[1]);
  for (let j = 1; j < bucket.length; j++) {
    for (let i = 0; i < j; i++) {
      const [high, low] = [highs[i] ^ highs[j], lows[i] ^ lows[j]];
      const distance = bitsOf(high) + bitsOf(low);
      if (distance <= most && !earlier.some((band) => (high & band[0]) === 0 && (low & band[1]) === 0))
        join(bucket[i], bucket[j], distance);
    }
  }
}

/** Masks of the two halves of a hash: some of its bits. */
type Band = readonly [high: number, low: number];

/** All 64 bits in `count` bands of nearly equal size. */
function bandsOf(count: number): Band[] {
  return Array.from({ length: count }, (_, band) => {
    const masks = [0, 0];
    for (let bit = Math.floor((64 * band) / count); bit < Math.floor((64 * (band + 1)) / count); bit++)
      masks[bit >> 5] |= 1 << (31 - (bit & 31));
    return [masks[0], masks[1]] as const;
  });
}

/** Places of the images that have the bits of a band in common. */
function bucketsOf(
  looks: readonly Look[],
  chosen: readonly number[],
  [high, low]: Band,
): Iterable<readonly number[]> {
  const byBits = new Map<string, number[]>();
  for (const i of chosen) {
    const { hash } = looks[i];
    const bits = `${hash[0] & high},${hash[1] & low}`;
    const bucket = byBits.get(bits);
    if (bucket === undefined) byBits.set(bits, [i]);
    else bucket.push(i);
  }
  return byBits.values();
}
