/**
 * Buckets: gradients are summed over ranks some at a time, the last layers' first, since the backward pass comes to them
 * first; a small bucket in front, so that communication begins early.
 */
import { numel } from "../../base/shape.ts";
import type { Value } from "../../graph/node.ts";
import { awaitAllReduce, startAllReduce } from "../../ops/collective.ts";
import type { GradientSummation } from "../../workers/collective_channel.ts";

/** Bytes from which the first bucket is full, and every other one. */
const [FIRST_BYTES, BYTES] = [2 ** 20, 25 * 2 ** 20];

/**
 * Which values go into which bucket, by their positions.
 *
 * @param sizes - elements of each value, in the order in which the forward pass uses them.
 */
export function bucketsOf(sizes: readonly number[]): readonly number[][] {
  const buckets: number[][] = [];
  let [open, bytes]: [number[], number] = [[], 0];
  for (let i = sizes.length - 1; i >= 0; i--) {
    open.push(i);
    bytes += 4 * sizes[i];
    if (bytes < (buckets.length === 0 ? FIRST_BYTES : BYTES)) continue;
    buckets.push(open);
    [open, bytes] = [[], 0];
  }
  if (open.length > 0) buckets.push(open);
  return buckets;
}

/** The sums of values over all ranks: one reduction for each bucket, begun while others are still being computed. */
export function reduceInBuckets(values: readonly Value[], summation: GradientSummation): Value[] {
  const buckets = bucketsOf(values.map(({ shape }) => numel(shape)));
  const sums: Value[] = [];
  const started = buckets.map((bucket) =>
    startAllReduce(
      bucket.map((i) => values[i]),
      summation,
    ),
  );
  for (const [b, bucket] of buckets.entries()) {
    const own = awaitAllReduce(
      started[b],
      bucket.map((i) => values[i].shape),
    );
    for (const [at, i] of bucket.entries()) sums[i] = own[at];
  }
  return sums;
}
