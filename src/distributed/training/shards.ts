/**
 * Shards: a batch is cut into a fixed number of parts, whatever the number of ranks, and each rank has as many neighbours
 * of them. What is computed of one shard depends on its examples alone, and shards are summed in one binary tree: first
 * those of a rank, then the ranks.
 */

/** How a batch is cut. */
export interface ShardCut {
  /** Shards of a batch. */
  readonly shards: number;
  readonly rank: number;
  readonly worldSize: number;
}

/** Examples of a shard: from, to (exclusive). */
export type ShardRange = readonly [from: number, to: number];

/**
 * Where a shard lies in a batch. Of a small batch the first shards are empty, so that the others have two examples at least:
 * batch normalisation needs them.
 */
export function rangeOfShard(examples: number, shard: number, shards: number): ShardRange {
  const used = Math.min(shards, Math.max(1, Math.floor(examples / 2)));
  const place = shard - (shards - used);
  if (place < 0) return [0, 0];
  return [Math.floor((place * examples) / used), Math.floor(((place + 1) * examples) / used)];
}

/** The shards of a rank. */
export function shardsOfRank({ shards, rank, worldSize }: ShardCut): readonly number[] {
  const each = shards / worldSize;
  return Array.from({ length: each }, (_, i) => rank * each + i);
}

/** A rank's examples of a batch. */
export function rangeOfRank(examples: number, cut: ShardCut): ShardRange {
  const own = shardsOfRank(cut);
  const [from] = rangeOfShard(examples, own[0], cut.shards);
  const [, to] = rangeOfShard(examples, own[own.length - 1], cut.shards);
  return [from, to];
}
