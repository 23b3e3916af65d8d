/** The chapter's training loop. */
import { initXavier } from "../models/index.ts";
import type { Module } from "../nn/index.ts";
import { SGD } from "../optim/index.ts";
import { DISPLAY } from "../records/media_bundle.ts";
import { crossEntropy, engineName } from "../tensor/index.ts";
import { fit } from "../train/loop/fit.ts";
import type { BatchSource } from "../train/loop/fit_options.ts";
import { Animator } from "./animator.ts";
import { tryEngine } from "./try_engine.ts";

/** What a training ends with, as the book prints it. */
export interface TrainCh6Result {
  /** Mean loss and accuracy over the last epoch, and correct predictions on the test set. */
  readonly trainLoss: number;
  readonly trainAcc: number;
  readonly testAcc: number;
  /** Of the training steps alone. */
  readonly examplesPerSecond: number;
  /** The curves; in a notebook the result itself shows them. */
  readonly animator: Animator;
}

/**
 * Trains a network with Xavier initialisation, cross-entropy and plain stochastic gradient descent; draws training
 * loss, training accuracy and test accuracy, a point every fifth of an epoch; prints the last metrics and the speed.
 *
 * Source: "Dive into Deep Learning", section 6.6.2, `train_ch6`.
 *
 * @param device - what computes: `"cpu"` (what `tryGpu()` gives) is the engine in use, as when no device is given; the name of
 * an engine is what `tryEngine` takes.
 * @throws DivergenceError if the loss becomes NaN or infinite.
 * @example
 * ```ts
 * const result = await book.trainCh6(net, trainLoader, testLoader, 2, 0.9);
 * await result.animator.save("/tmp/lenet.svg");
 * ```
 */
export async function trainCh6(
  net: Module,
  trainIter: BatchSource,
  testIter: BatchSource,
  numEpochs: number,
  lr: number,
  device?: string,
): Promise<TrainCh6Result> {
  if (device !== undefined && device !== "cpu" && device !== engineName()) await tryEngine(device);
  initXavier(net);
  console.log("training on", engineName());
  const optimizer = SGD(net.parameters(), { lr });
  const animator = Animator({
    xlabel: "epoch",
    xlim: [0, numEpochs],
    legend: ["train loss", "train acc", "test acc"],
  });
  const { points, examplesPerSecond } = await fit(net, {
    trainLoader: trainIter,
    testLoader: testIter,
    optimizer,
    epochs: numEpochs,
    loss: crossEntropy,
    // The animator draws.
    progress: false,
    callbacks: [
      {
        onPoint: ({ epoch, trainLoss, trainAccuracy, testAccuracy }) =>
          animator.add(epoch, [trainLoss, trainAccuracy, testAccuracy ?? null]),
      },
    ],
  });
  animator.stop();
  const last = points.at(-1);
  const [trainLoss, trainAcc] = [last?.trainLoss ?? Number.NaN, last?.trainAccuracy ?? Number.NaN];
  const testAcc = last?.testAccuracy ?? Number.NaN;
  console.log(
    `loss ${trainLoss.toFixed(3)}, train acc ${trainAcc.toFixed(3)}, test acc ${testAcc.toFixed(3)}\n` +
      `${examplesPerSecond.toFixed(1)} examples/sec on ${engineName()}`,
  );
  const result = { trainLoss, trainAcc, testAcc, examplesPerSecond, animator };
  // As the last value of a notebook's cell the result shows its curves.
  Object.defineProperty(result, DISPLAY, { value: () => animator[DISPLAY](), enumerable: false });
  return result;
}
