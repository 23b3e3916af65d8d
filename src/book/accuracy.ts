/** How often a network is right. */
import type { Module } from "../nn/index.ts";
import { keepModes } from "../nn/module/modes.ts";
import { noGrad, type Tensor } from "../tensor/index.ts";
import type { BatchSource } from "../train/loop/fit_options.ts";
import { asLoader } from "../train/loop/loaders.ts";
import { Accumulator } from "./accumulator.ts";

/**
 * Number of correct predictions.
 *
 * Source: "Dive into Deep Learning", section 3.6.5, `accuracy`.
 *
 * @param yHat - [N, classes], of which the largest counts, or [N] class numbers.
 * @param y - [N] class numbers.
 * @example
 * ```ts
 * const right = await book.accuracy(net(x), y);
 * console.log(right / y.numel());
 * ```
 */
export async function accuracy(yHat: Tensor, y: Tensor): Promise<number> {
  const predicted = yHat.ndim > 1 && yHat.shape[1] > 1 ? yHat.argmax(1) : yHat;
  return await predicted.to(y.dtype).eq(y).sum().item();
}

/**
 * Accuracy over a data set, with the network in evaluation mode.
 *
 * Source: "Dive into Deep Learning", section 6.6.2, `evaluate_accuracy_gpu`.
 *
 * @example
 * ```ts
 * console.log(await book.evaluateAccuracy(net, testLoader));
 * ```
 */
export async function evaluateAccuracy(net: Module, dataIter: BatchSource): Promise<number> {
  const restoreModes = keepModes(net);
  // Evaluation mode: dropout passes everything, batch norm uses its running statistics.
  net.eval();
  // Correct predictions, and all.
  const metric = Accumulator(2);
  try {
    for await (const [X, y] of asLoader(dataIter, "dataIter").iterate({ epoch: 0 })) {
      metric.add(
        await accuracy(
          noGrad(() => net(X)),
          y,
        ),
        y.numel(),
      );
    }
  } finally {
    restoreModes();
  }
  return metric[0] / metric[1];
}

/**
 * The same as `evaluateAccuracy`, under the name of the book's chapter 6.
 *
 * @example
 * ```ts
 * console.log(await book.evaluateAccuracyGpu(net, testLoader));
 * ```
 */
export const evaluateAccuracyGpu: typeof evaluateAccuracy = evaluateAccuracy;
