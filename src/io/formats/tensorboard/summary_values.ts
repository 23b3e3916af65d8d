/** What TensorBoard shows under a tag. Source: TensorFlow, core/framework/summary.proto. */

import { ProtobufWriter } from "../protobuf/protobuf_writer.ts";
import type { TaggedValue } from "./event_record.ts";

export function scalarValue(tag: string, value: number): TaggedValue {
  return { tag, write: (message) => void message.float(2, value) };
}

/** An image that is encoded already; `channels` is 1 for grey, 3 for colour, 4 for colour with alpha. */
export function imageValue(
  tag: string,
  image: { readonly width: number; readonly height: number; readonly channels: number },
  png: Uint8Array,
): TaggedValue {
  return {
    tag,
    write: (message) =>
      void message.message(
        4,
        new ProtobufWriter()
          .integer(1, image.height)
          .integer(2, image.width)
          .integer(3, image.channels)
          .bytes(4, png),
      ),
  };
}

export function histogramValue(tag: string, values: ArrayLike<number>): TaggedValue {
  const { min, max, count, sum, squares, limits, counts } = histogramOf(values);
  const histogram = new ProtobufWriter()
    .double(1, min)
    .double(2, max)
    .double(3, count)
    .double(4, sum)
    .double(5, squares)
    .doubles(6, limits)
    .doubles(7, counts);
  return { tag, write: (message) => void message.message(5, histogram) };
}

/** Edges of TensorFlow's buckets: they grow by a tenth from 1e-12 to 1e20, on both sides of 0. */
const EDGES: readonly number[] = (() => {
  const positive: number[] = [];
  for (let edge = 1e-12; edge < 1e20; edge *= 1.1) positive.push(edge);
  return [...positive.map((edge) => -edge).reverse(), 0, ...positive];
})();

interface Histogram {
  readonly min: number;
  readonly max: number;
  readonly count: number;
  readonly sum: number;
  readonly squares: number;
  /** Upper edge of each bucket. */
  readonly limits: readonly number[];
  readonly counts: readonly number[];
}

/** The histogram of the values that are finite; PyTorch's, but that it refuses others. */
function histogramOf(values: ArrayLike<number>): Histogram {
  const counts = new Array<number>(EDGES.length - 1).fill(0);
  let [min, max, count, sum, squares] = [Infinity, -Infinity, 0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (!Number.isFinite(value)) continue;
    min = Math.min(min, value);
    max = Math.max(max, value);
    count++;
    sum += value;
    squares += value * value;
    const bucket = bucketOf(value);
    if (bucket >= 0) counts[bucket]++;
  }
  const first = counts.findIndex((one) => one > 0);
  if (first === -1) return { min: 0, max: 0, count, sum, squares, limits: [0], counts: [0] };
  const last = counts.findLastIndex((one) => one > 0);
  // One empty bucket in front, so that the first one has a lower edge too.
  const front = Math.max(0, first - 1);
  const inside = counts.slice(front, last + 1);
  return {
    min,
    max,
    count,
    sum,
    squares,
    limits: EDGES.slice(front + 1, last + 2),
    counts: inside,
  };
}

/** The bucket from `EDGES[i]` to below `EDGES[i + 1]`; the last one has its upper edge too. -1 beyond all. */
function bucketOf(value: number): number {
  const last = EDGES.length - 1;
  if (value < EDGES[0] || value > EDGES[last]) return -1;
  let [low, high] = [0, last];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (EDGES[middle] <= value) low = middle;
    else high = middle;
  }
  return low;
}
