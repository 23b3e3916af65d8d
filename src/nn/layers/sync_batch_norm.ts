/** Batch norm over a batch that ranks share. */
import { ArgumentError } from "../../base/errors.ts";
import type { ArgumentsOf } from "../../base/params/arguments.ts";
import { callable } from "../../base/params/callable.ts";
import { shownValue } from "../../base/shown_value.ts";
import { shardInRecording } from "../../ops/nn/synchronized_norm.ts";
import { wholeBatchNorm } from "../../tensor/functions/nn/synchronized_norm.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { Module } from "../module/module.ts";
import { BatchNormBase, type BatchStatistics, batchNormTable } from "./batch_norm.ts";

const SYNC_BATCH_NORM = batchNormTable("SyncBatchNorm");

/** See {@link SyncBatchNorm}. */
export class SyncBatchNormLayer extends BatchNormBase {
  protected override get expected() {
    return { ranks: [2, 3, 4, 5], text: "[N, C, ...] of two dimensions or more" };
  }

  constructor(...args: ArgumentsOf<typeof SYNC_BATCH_NORM>) {
    super("SyncBatchNorm", SYNC_BATCH_NORM.bind(args));
  }

  /** @internal */
  override normalized(input: Tensor, statistics: BatchStatistics): Tensor {
    const shard = shardInRecording();
    if (shard === null || !this.training) return super.normalized(input, statistics);
    const { weight, bias, eps } = this;
    const { runningMean, runningVar, momentum } = statistics;
    return wholeBatchNorm(input, shard, { runningMean, runningVar, weight, bias, momentum, eps });
  }
}

/**
 * Batch norm over a batch that ranks share: in a training that `distributed.init` has joined, mean and variance are those
 * of the whole batch, over all shards of all ranks, in the forward and in the backward pass. Alone, and in evaluation, it is
 * {@link BatchNorm2d} (or 1d, or 3d) and ranks send each other nothing. Its state dict has the same keys.
 *
 * A layer costs a step two sums over the ranks in the forward pass, and one in the backward pass.
 *
 * @throws ShapeError in training with one value per channel in the whole batch, whose variance is 0.
 * @example
 * ```ts
 * nn.SyncBatchNorm(6)(randn(8, 6, 24, 24)).shape; // [8, 6, 24, 24]
 * ```
 */
export const SyncBatchNorm = callable("SyncBatchNorm", SyncBatchNormLayer);
export type SyncBatchNorm = SyncBatchNormLayer;

/**
 * Puts a {@link SyncBatchNorm} in the place of every batch norm layer of a network, with the same parameters, running
 * statistics and mode, so that an optimiser that was made before goes on with them.
 *
 * @returns the network; a new layer if it is a batch norm layer itself.
 * @throws ArgumentError if a layer has no parameters yet (a lazy one).
 * @example
 * ```ts
 * const net = nn.convertSyncBatchNorm(nn.Sequential(nn.Conv2d(1, 6, 5), nn.BatchNorm2d(6), nn.ReLU()));
 * Object.keys(net.stateDict()).includes("1.running_mean"); // true
 * ```
 */
export function convertSyncBatchNorm<M extends Module>(module: M): M | SyncBatchNorm {
  if (!(module instanceof Module))
    throw new ArgumentError(`convertSyncBatchNorm: expected a module, got ${shownValue(module)}`);
  const converted = new Map<Module, Module>();
  const convert = (one: Module, path: string): Module => {
    const known = converted.get(one);
    if (known !== undefined) return known;
    const result = isPlainBatchNorm(one) ? synchronized(one, path) : one;
    converted.set(one, result);
    if (result !== one) return result;
    const own = one as unknown as Record<string, unknown>;
    for (const [name, child] of one.ownModules()) {
      const next = convert(child, path === "" ? name : `${path}.${name}`);
      if (next !== child) own[name] = next;
    }
    return one;
  };
  return convert(module, "") as M | SyncBatchNorm;
}

function isPlainBatchNorm(module: Module): module is BatchNormBase {
  return module instanceof BatchNormBase && !(module instanceof SyncBatchNormLayer);
}

function synchronized(layer: BatchNormBase, path: string): SyncBatchNorm {
  if (layer.isLazy)
    throw new ArgumentError(
      `convertSyncBatchNorm: ${layer.constructor.name} (${path}) has no parameters yet: call the network once with an ` +
        "example batch before",
    );
  const { numFeatures, eps, momentum, affine, trackRunningStats, weight, bias } = layer;
  const { runningMean, runningVar, numBatchesTracked } = layer;
  const settings = { numFeatures, eps, momentum, affine, trackRunningStats, bias: bias !== null };
  const result = new SyncBatchNormLayer(settings);
  Object.assign(result, { weight, bias, runningMean, runningVar, numBatchesTracked });
  result.training = layer.training;
  return result;
}
