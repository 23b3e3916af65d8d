/**
 * Batch normalisation by the statistics of a batch of which each shard has a part. Shards are recorded one after the
 * other; where their sums are needed stands a `shardSum`, and the pass `join_shards` has them meet there.
 */
import { isHalf } from "../../base/dtype.ts";
import { ArgumentError } from "../../base/errors.ts";
import type { Shape } from "../../base/shape.ts";
import { emit, isGradientModeOn, type OpDefinition, type Value } from "../../graph/node.ts";
import type { Summation } from "../../workers/collective_channel.ts";
import { requireDtypesOfLayer, requireFloating } from "../core.ts";
import { constant } from "../creation.ts";
import { add, cast, div, mul, neg, sub } from "../elementwise/elementwise.ts";
import { sum } from "../reduction/reduction.ts";
import { reshape } from "../shape/shape_ops.ts";
import { cat, sliceDim } from "../shape/slicing.ts";
import { allButChannels, alongChannels, batchNormInference, inverseDeviation } from "./normalization.ts";

/** The examples of a shard that are being recorded. */
export interface ShardInRecording {
  /** Examples that are recorded now, and those of the whole batch. */
  readonly examples: number;
  readonly batchExamples: number;
  /** Whether they are the first of their shard. */
  readonly isFirst: boolean;
  /** False if they only keep the place of a rank that has no example: its sums are zero. */
  readonly counts: boolean;
  /** Shards of this rank. */
  readonly shards: number;
  readonly summation: Summation;
}

let recording: ShardInRecording | null = null;
let layers = 0;

/** Records what shards compute; layers that normalise over the whole batch see it. */
export function recordingShard<T>(shard: ShardInRecording, body: () => T): T {
  const before = recording;
  [recording, layers] = [shard, 0];
  try {
    return body();
  } finally {
    recording = before;
  }
}

/** The shard that is being recorded; null outside of a training that ranks or shards share. */
export function shardInRecording(): ShardInRecording | null {
  return recording;
}

/** What a meeting of shards is, as attributes of `shardSum`. */
interface Meeting {
  /** Equal for the shards of a batch. */
  readonly meeting: string;
  readonly isFirst: boolean;
  readonly shards: number;
  readonly summation: Summation;
}

/**
 * The sum over the shards of all ranks, in the binary tree of the shards; `attributes` are a `Meeting`. A shard that is
 * alone has the value itself.
 */
export const shardSumOp: OpDefinition = {
  name: "shardSum",
  infer: ([input]) => [{ shape: input.shape, dtype: input.dtype }],
};

/** What ranks send each other are 32-bit floats. */
function shardSum(value: Value, meeting: Meeting, counts: boolean): Value {
  const own = cast(value, "float32");
  const sent = counts ? own : mul(own, constant(0, "float32"));
  return cast(emit(shardSumOp, [sent], { ...meeting }), value.dtype);
}

/**
 * (x - mean) / sqrt(variance + eps) * weight + bias with mean and biased variance of the whole batch, which depend on x.
 *
 * Inputs x [N, C, ...], mean, variance, weight, bias; attributes `eps`, `count` (elements per channel of the whole batch),
 * `counts`, and the meeting of the backward pass. With h the normalised x, n the count, and S the sum over all shards:
 *
 * dx = weight / sqrt(variance + eps) (dy - (S(sum(dy)) + h S(sum(dy h))) / n)
 */
export const syncBatchNormOp: OpDefinition = {
  name: "syncBatchNorm",
  mixesExamples: () => true,
  infer([x, , , weight, bias]) {
    requireFloating(x);
    requireDtypesOfLayer([x, weight, bias]);
    return [{ shape: x.shape, dtype: x.dtype }];
  },
  gradient({ grads, inputs: [x, average, variance, weight], attributes }) {
    if (isGradientModeOn())
      throw new ArgumentError("SyncBatchNorm: its gradients cannot be differentiated again; use BatchNorm");
    const { eps, count, counts, ...meeting } = attributes;
    const dims = allButChannels(x.shape);
    const dtype = average.dtype;
    const [dy, wide, scale] = [grads[0] as Value, x, weight].map((value) => cast(value, dtype));
    const along = (value: Value) => alongChannels(value, x);
    const deviation = inverseDeviation(variance, eps as number);
    const centred = add(wide, along(neg(average)));
    const perChannel = [x.shape[1]];
    const dbias = reshape(sum(dy, dims, true), perChannel);
    const dweight = mul(reshape(sum(mul(dy, centred), dims, true), perChannel), deviation);
    const sums = shardSum(cat([dbias, dweight], 0), meeting as unknown as Meeting, counts as boolean);
    const n = constant(count as number, dtype);
    const [offset, slope] = [0, 1].map((i) => div(sliceDim(sums, 0, i * perChannel[0], perChannel[0]), n));
    const rest = add(sub(dy, along(offset)), mul(sub(along(average), wide), along(mul(slope, deviation))));
    const dx = mul(rest, along(mul(deviation, scale)));
    return [cast(dx, x.dtype), null, null, cast(dweight, weight.dtype), cast(dbias, weight.dtype)];
  },
  decompose([x, average, variance, weight, bias], { eps }) {
    const [scale, shift] = [weight, bias].map((value) => cast(value, average.dtype));
    return [batchNormInference(x, average, variance, scale, shift, eps as number)];
  },
};

/**
 * y, mean and biased variance of the whole batch, and how many elements per channel it has.
 *
 * @param untaped - records without the tape.
 */
export function syncBatchNorm(
  x: Value,
  weight: Value,
  bias: Value,
  eps: number,
  shard: ShardInRecording,
  untaped: <T>(body: () => T) => T,
): { readonly y: Value; readonly mean: Value; readonly variance: Value; readonly count: number } {
  const { isFirst, counts, shards, summation } = shard;
  const name = layers++;
  const meeting = (part: string): Meeting => ({ meeting: `${name}${part}`, isFirst, shards, summation });
  const count = elementsPerChannel(x.shape, shard);
  const [mean, variance] = untaped(() => {
    const dims = allButChannels(x.shape);
    const dtype = isHalf(weight.dtype) ? "float32" : weight.dtype;
    const wide = cast(x, dtype);
    const n = constant(count, dtype);
    const meanOf = (value: Value, part: string): Value =>
      div(shardSum(reshape(sum(value, dims, true), [x.shape[1]]), meeting(part), counts), n);
    const average = meanOf(wide, " mean");
    const centred = sub(wide, alongChannels(average, x));
    return [average, meanOf(mul(centred, centred), " variance")];
  });
  const attributes = { eps, count, counts, ...meeting(" gradient") };
  return { y: emit(syncBatchNormOp, [x, mean, variance, weight, bias], attributes), mean, variance, count };
}

/** Of the whole batch: every example has as many. */
function elementsPerChannel(shape: Shape, { examples, batchExamples }: ShardInRecording): number {
  const own = allButChannels(shape).reduce((product, d) => product * shape[d], 1);
  const count = (own / examples) * batchExamples;
  if (Number.isInteger(count)) return count;
  throw new ArgumentError(
    `SyncBatchNorm: expected equally many values per channel from every example, got ${own} from ${examples} examples`,
  );
}
