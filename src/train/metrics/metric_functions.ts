/** Metrics of a batch for `fit`'s option `metrics`. */
import { ArgumentError } from "../../base/errors.ts";
import { gather, gt, lt, mean, sum, unsqueeze } from "../../tensor/functions/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { hardLabels } from "./soft_labels.ts";

/**
 * Share of the examples whose true class has one of the k largest logits; of rows of probabilities [N, classes], as a
 * mix gives for labels, the most probable class is the true one.
 *
 * @example
 * ```ts
 * await train.fit(net, { trainLoader, optimizer, epochs: 1, metrics: { top5: train.topKAccuracy(5) } });
 * ```
 */
export function topKAccuracy(k: number): (output: Tensor, target: Tensor) => Tensor {
  if (!(Number.isInteger(k) && k >= 1))
    throw new ArgumentError(`topKAccuracy: expected an integer of at least 1, got ${k}`);
  return (output, target) => {
    const own = gather(output, 1, unsqueeze(hardLabels(target), 1));
    const larger = sum(gt(output, own).to("int32"), 1);
    return mean(lt(larger, k).to("float32"));
  };
}
