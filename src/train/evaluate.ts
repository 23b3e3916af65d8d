/** A network's figures on a data set. */
import { noGrad } from "../tensor/autograd.ts";
import { executor } from "../tensor/runtime.ts";
import { ShapeError } from "../base/errors.ts";
import { formatShape } from "../base/shape.ts";
import type { Module } from "../nn/index.ts";
import { ClassificationMetrics } from "./classification_metrics.ts";
import type { Loader } from "./fit_options.ts";

/**
 * Runs the network over a loader in evaluation mode and counts.
 *
 * @returns loss, accuracy, top-k accuracy, confusion matrix and the surest mistakes.
 * @throws ShapeError where the network's output is not [N, classes].
 * @example
 * ```ts
 * const metrics = await evaluate(net, testLoader);
 * console.log(metrics.accuracy);
 * ```
 */
export async function evaluate(
  net: Module,
  loader: Loader,
  options: { signal?: AbortSignal | null; onBatch?: (done: number, of: number) => void } = {},
): Promise<ClassificationMetrics> {
  const wasTraining = net.training;
  net.eval();
  let metrics: ClassificationMetrics | null = null;
  let waiting: Promise<void> | null = null;
  let done = 0;
  try {
    for await (const [x, y] of loader.iterate({ epoch: 0 })) {
      const output = noGrad(() => net(x));
      if (output.ndim !== 2) {
        throw new ShapeError(`evaluate: expected the network to give logits of shape [N, classes], got ${formatShape(output.shape)}`);
      }
      metrics ??= new ClassificationMetrics(output.size(1));
      const counted: ClassificationMetrics = metrics;
      // The next batch is under way while this one is counted.
      const arriving = executor().fetch(output.value);
      arriving.catch(() => {});
      if (waiting !== null) await waiting;
      waiting = arriving.then(async (logits) => counted.update(logits, await executor().fetch(y.value)));
      waiting.catch(() => {});
      options.onBatch?.(++done, loader.length);
      if (options.signal?.aborted) break;
    }
    if (waiting !== null) await waiting;
  } finally {
    net.train(wasTraining);
  }
  return metrics ?? new ClassificationMetrics(0);
}
