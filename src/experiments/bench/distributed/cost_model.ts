/**
 * What a step would take on more ranks, by a model that is fitted to what was measured on two: computing is divided by
 * the ranks, and a sum over ranks by recursive halving and doubling takes 2 log2(n) messages and sends 2 (1 - 1/n) of the
 * bytes. Nothing overlaps, so it is what is to be expected at worst of the network, and says nothing of other bounds.
 */
import type { RankLine, TransferPoint } from "./rank_lines.ts";

/** A connection between ranks. */
export interface Link {
  readonly name: string;
  /** Seconds of a message without bytes. */
  readonly latency: number;
  /** Bytes a second. */
  readonly bandwidth: number;
}

export interface ModelLine {
  readonly event: "model";
  readonly net: string;
  readonly engine: string;
  readonly shards: number;
  /** Seconds in which one thread computes a shard. */
  readonly shardSeconds: number;
  readonly links: readonly (Link & {
    readonly steps: readonly { readonly ranks: number; readonly seconds: number }[];
  })[];
}

const SHARDS = 8;
const RANKS = [1, 2, 4, 8];

/** A network of 1 Gbit/s as it is found between machines. */
export const GIGABIT: Link = { name: "1 Gbit/s", latency: 0.2e-3, bandwidth: 125e6 };

/** Of the deterministic measurement; null if it has no transfers. */
export function modelOf({ net, engine, batch, bytes, exposed, ranks, ...line }: RankLine): ModelLine | null {
  if (bytes === undefined || exposed === undefined || (line.transfers ?? []).length < 2) return null;
  const step = batch / line.examplesPerSecond;
  const shardSeconds = (step * (1 - exposed)) / (SHARDS / ranks);
  const links = [fittedLink(line.transfers as TransferPoint[]), GIGABIT].map((link) => ({
    ...link,
    steps: RANKS.map((count) => ({
      ranks: count,
      seconds: (SHARDS / count) * shardSeconds + secondsOfSum(link, bytes, count),
    })),
  }));
  return { event: "model", net, engine, shards: SHARDS, shardSeconds, links };
}

/** Of a sum over the ranks. */
export function secondsOfSum({ latency, bandwidth }: Link, bytes: number, ranks: number): number {
  return 2 * Math.log2(ranks) * latency + (2 * (1 - 1 / ranks) * bytes) / bandwidth;
}

/** The line of least relative squares through sums over two ranks, each of two messages and as many bytes as it has. */
export function fittedLink(points: readonly TransferPoint[]): Link {
  let [w, x, y, xx, xy] = [0, 0, 0, 0, 0];
  for (const { bytes, seconds } of points) {
    const weight = 1 / seconds ** 2;
    w += weight;
    x += weight * bytes;
    y += weight * seconds;
    xx += weight * bytes * bytes;
    xy += weight * bytes * seconds;
  }
  const slope = (w * xy - x * y) / (w * xx - x * x);
  const start = (y - slope * x) / w;
  // Noise must not give a connection that is faster without bytes than not at all.
  return {
    name: "as measured here",
    latency: Math.max(0, start / 2),
    bandwidth: slope > 0 ? 1 / slope : Number.POSITIVE_INFINITY,
  };
}
