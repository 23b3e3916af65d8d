/** Batch normalisation by the statistics of the whole batch, while a shard of it is recorded. */
import { isHalf } from "../../../base/dtype.ts";
import { full } from "../../../ops/creation.ts";
import { type ShardInRecording, syncBatchNorm } from "../../../ops/nn/synchronized_norm.ts";
import { noGrad } from "../../autograd.ts";
import { Tensor } from "../../tensor.ts";
import { floatingInput, inNameOf, optionalValue } from "./arguments.ts";
import { moveRunning, requireSeveral } from "./normalization_parts.ts";

export interface WholeBatchNorm {
  readonly runningMean: Tensor | null;
  readonly runningVar: Tensor | null;
  readonly weight: Tensor | null;
  readonly bias: Tensor | null;
  readonly momentum: number;
  readonly eps: number;
}

/** Moves the running statistics, too. */
export function wholeBatchNorm(input: Tensor, shard: ShardInRecording, settings: WholeBatchNorm): Tensor {
  const of = "SyncBatchNorm";
  const { runningMean, runningVar, momentum, eps } = settings;
  const x = floatingInput(of, input);
  const [weight, bias] = [
    optionalValue(of, settings.weight, "weight"),
    optionalValue(of, settings.bias, "bias"),
  ];
  const dtype = (weight ?? bias)?.dtype ?? (isHalf(x.dtype) ? "float32" : x.dtype);
  const perChannel = (value: number) => full([x.shape[1]], value, dtype);
  const { y, mean, variance, count } = inNameOf(of, () =>
    syncBatchNorm(x, weight ?? perChannel(1), bias ?? perChannel(0), eps, shard, noGrad),
  );
  requireSeveral(of, "value per channel", count, x);
  moveRunning(of, runningMean, "runningMean", mean, momentum);
  moveRunning(of, runningVar, "runningVar", variance, momentum, count);
  return new Tensor(y);
}
