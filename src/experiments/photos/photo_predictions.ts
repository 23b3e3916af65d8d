/** What a network makes of photographs whose classes are known. */
import { DataLoader } from "../../data/data_loader.ts";
import { type Dataset, Subset } from "../../data/dataset.ts";
import type { Module } from "../../nn/index.ts";
import { keepModes } from "../../nn/module/modes.ts";
import { noGrad } from "../../tensor/autograd.ts";
import { outputOf } from "../../train/loop/network_output.ts";
import { inPrecision, type Precision } from "../../train/loop/precision.ts";
import { ClassificationMetrics } from "../../train/metrics/classification_metrics.ts";

/** Probabilities of some images, and the metrics of all together. */
export interface PhotoPredictions {
  /** Places of the images among all photographs. */
  readonly places: readonly number[];
  readonly truths: readonly number[];
  /** A row for each image. */
  readonly probabilities: readonly (readonly number[])[];
  readonly metrics: ClassificationMetrics;
}

/** Images that are run at once: what was trained in larger batches fits. */
const AT_ONCE = 16;

/** Runs a network, in evaluation mode, over some of the photographs. */
export async function predictPhotos(
  net: Module,
  plain: Dataset,
  places: readonly number[],
  precision: Precision,
): Promise<PhotoPredictions> {
  const probabilities: number[][] = [];
  const truths: number[] = [];
  let metrics: ClassificationMetrics | null = null;
  const restoreModes = keepModes(net);
  net.eval();
  try {
    for await (const [x, y] of DataLoader(Subset(plain, places), { batchSize: AT_ONCE })) {
      const output = noGrad(() => inPrecision(precision, () => outputOf(net, x))).to("float32");
      const [logits, labels] = await Promise.all([output.data(), y.data()]);
      const classes = output.size(1);
      metrics ??= new ClassificationMetrics(classes, { mistakes: places.length });
      metrics.update(logits, Array.from(labels as ArrayLike<number | bigint>, Number));
      for (let i = 0; i < x.size(0); i++) {
        probabilities.push(softmax(Array.from(logits).slice(i * classes, (i + 1) * classes)));
        truths.push(Number(labels[i]));
      }
    }
  } finally {
    restoreModes();
  }
  return { places, truths, probabilities, metrics: metrics ?? new ClassificationMetrics(0) };
}

function softmax(logits: readonly number[]): number[] {
  const most = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - most));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}
