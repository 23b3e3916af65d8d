/** A test run that ranks share: each computes its shards of every batch, and all count all of them, in order. */
import type { Module } from "../../nn/index.ts";
import { keepModes } from "../../nn/module/modes.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Loader, LoaderPlace, LossFunction, MetricFunctions } from "../../train/loop/fit_options.ts";
import { partOf } from "../../train/loop/micro_batches.ts";
import {
  type EvaluateOptions,
  type SentBatch,
  SliceSender,
  TestCounter,
  type TestMetrics,
} from "../../train/metrics/evaluate.ts";
import { type PlainTensor, plainTensor, tensorOf } from "./plain_tensor.ts";
import { rangeOfShard, type ShardCut, shardsOfRank } from "./shards.ts";
import { partOfBatch } from "./shared_loader.ts";

/**
 * What `compute` makes of the shards of each batch, on every rank, in order.
 *
 * @param loader - gives a rank its part of every batch.
 * @param gather - a value of every rank, by rank.
 */
export async function* overShards<T>(
  loader: Loader,
  place: LoaderPlace,
  cut: ShardCut,
  compute: (x: Tensor, y: Tensor) => Promise<T>,
  gather: <V>(own: V) => Promise<V[]>,
): AsyncGenerator<readonly T[]> {
  for await (const [x, y] of loader.iterate(place)) {
    const own: T[] = [];
    for (const [images, targets] of shardsIn(x, y, cut)) own.push(await compute(images, targets));
    yield (await gather(own)).flat();
  }
}

/** What a shard has given. */
interface PlainBatch {
  readonly logits: PlainTensor | null;
  readonly means: readonly PlainTensor[];
  readonly target: PlainTensor;
}

export type TestOptions = EvaluateOptions & {
  readonly loss?: LossFunction;
  readonly metrics?: MetricFunctions;
};

/** @param gather - a value of every rank, by rank. */
export async function sharedTest(
  net: Module,
  loader: Loader,
  options: TestOptions,
  cut: ShardCut,
  gather: <T>(own: T) => Promise<T[]>,
): Promise<TestMetrics> {
  const { precision = "f32", signal } = options;
  const counter = new TestCounter(options.loss, options.metrics ?? {}, precision, options.topK);
  const sender = new SliceSender(net, counter, precision);
  const restoreModes = keepModes(net);
  net.eval();
  let interrupted = false;
  let done = 0;
  try {
    for await (const [x, y] of loader.iterate({ epoch: 0, seed: loader.drawSeed?.() ?? null })) {
      if (signal?.aborted) {
        interrupted = true;
        break;
      }
      const own: PlainBatch[] = [];
      for (const sent of shardsOf(x, y, cut, sender)) own.push(await plainBatch(sent));
      for (const batch of (await gather(own)).flat()) await counter.count(sentBatch(batch));
      options.onBatch?.(++done, loader.length);
    }
  } finally {
    restoreModes();
  }
  return { ...counter.result(), interrupted };
}

function* shardsOf(x: Tensor, y: Tensor, cut: ShardCut, sender: SliceSender): Generator<SentBatch> {
  for (const [images, targets] of shardsIn(x, y, cut)) yield* sender.send(images, targets);
}

/** The shards of this rank that have examples. */
function* shardsIn(x: Tensor, y: Tensor, cut: ShardCut): Generator<readonly [Tensor, Tensor]> {
  const { examples, range } = partOfBatch(x);
  for (const shard of shardsOfRank(cut)) {
    const [from, to] = rangeOfShard(examples, shard, cut.shards).map((at) => at - range[0]);
    if (to > from) yield [partOf(x, from, to), partOf(y, from, to)];
  }
}

async function plainBatch({ logits, means, target }: SentBatch): Promise<PlainBatch> {
  return {
    logits: logits && (await plainTensor(logits)),
    means: await Promise.all(means.map(plainTensor)),
    target: await plainTensor(target),
  };
}

function sentBatch({ logits, means, target }: PlainBatch): SentBatch {
  return { logits: logits && tensorOf(logits), means: means.map(tensorOf), target: tensorOf(target) };
}
