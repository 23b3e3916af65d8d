/** A network's metrics on a data set. */

import { numbersOf } from "../../base/dtype.ts";
import { OutOfMemoryError, ShapeError } from "../../base/errors.ts";
import { formatShape } from "../../base/shape.ts";
import type { AbortSignalLike } from "../../base/web_types.ts";
import { insideCall } from "../../graph/node.ts";
import type { Module } from "../../nn/index.ts";
import { keepModes } from "../../nn/module/modes.ts";
import { defaultSession } from "../../runtime/runtime.ts";
import { noGrad } from "../../tensor/autograd.ts";
import { crossEntropy } from "../../tensor/functions/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { BatchSource, LossFunction, MetricFunctions } from "../loop/fit_options.ts";
import { asLoader, checkBatch } from "../loop/loaders.ts";
import { FittingSlices, mixesExamples, partOf } from "../loop/micro_batches.ts";
import { outputOf } from "../loop/network_output.ts";
import { checkPrecision, inPrecision, type Precision, usablePrecision } from "../loop/precision.ts";
import { ClassificationMetrics } from "./classification_metrics.ts";
import { isClassification } from "./running_totals.ts";

export interface EvaluateOptions {
  /** Stops after the batch under way; nothing does by default. */
  readonly signal?: AbortSignalLike | null;
  /** Called after each batch; `of` is null if the number of batches is not known. None by default. */
  readonly onBatch?: (done: number, of: number | null) => void;
  /**
   * `"bf16"`: the network runs inside `autocast` if the engine has fast bf16 (`isBf16Supported`); metrics are
   * counted in 32 bits. Default `"f32"`.
   */
  readonly precision?: Precision;
  /** How many guesses `topAccuracy` counts at most. Default 5. */
  readonly topK?: number;
}

/**
 * Runs a classifier over a loader in evaluation mode and counts. Labels are class numbers [N], or rows of probabilities
 * [N, classes], of which the most probable class is the true one. A batch that does not fit the engine's memory is run
 * in slices.
 *
 * @returns loss, accuracy, top-k accuracy, per-class accuracy, confusion matrix and the surest mistakes.
 * @throws ArgumentError for an unknown precision; ShapeError if the network's output is not [N, classes];
 * IndexError for a label out of range.
 * @example
 * ```ts
 * const metrics = await train.evaluate(net, testLoader);
 * console.log(metrics.accuracy, metrics.loss);
 * ```
 */
export async function evaluate(
  net: Module,
  loader: BatchSource,
  options: EvaluateOptions = {},
): Promise<ClassificationMetrics> {
  checkPrecision("evaluate", options.precision);
  const { precision } = await usablePrecision(options.precision ?? "f32");
  const { classes, outputShape } = await testMetrics(net, loader, { ...options, precision });
  if (classes !== null) return classes;
  if (outputShape === null) return new ClassificationMetrics(0);
  throw new ShapeError(
    `evaluate: expected logits of shape [N, classes], and class numbers [N] or rows of probabilities [N, classes]; the network gave ${formatShape(outputShape)}`,
  );
}

/** What a test run counts. */
export interface TestMetrics {
  /** For classifiers. */
  readonly classes: ClassificationMetrics | null;
  /** Mean over the examples; NaN if there were none. */
  readonly loss: number;
  /** Means of the metrics that were asked for. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly outputShape: readonly number[] | null;
  /** Whether it was stopped before the last batch was counted. */
  readonly interrupted: boolean;
}

/** @internal A test run as `fit` needs it: any network, any loss. */
export async function testMetrics(
  net: Module,
  source: BatchSource,
  options: EvaluateOptions & { readonly loss?: LossFunction; readonly metrics?: MetricFunctions } = {},
): Promise<TestMetrics> {
  const loader = asLoader(source, "testLoader");
  const { precision = "f32" } = options;
  const counter = new TestCounter(options.loss, options.metrics ?? {}, precision, options.topK);
  const sender = new SliceSender(net, counter, precision);
  const restoreModes = keepModes(net);
  net.eval();
  let waiting: Promise<void> | null = null;
  let interrupted = false;
  let done = 0;
  try {
    for await (const batch of loader.iterate({ epoch: 0, seed: loader.drawSeed?.() ?? null })) {
      if (options.signal?.aborted) {
        interrupted = true;
        break;
      }
      const [x, y] = checkBatch(batch, "testLoader");
      for (const sent of sender.send(x, y)) {
        // The next slice is under way while this one is counted.
        const counted = counter.count(sent);
        counted.catch(() => {});
        if (waiting !== null) await waiting;
        waiting = counted;
      }
      options.onBatch?.(++done, loader.length);
    }
    if (waiting !== null) await waiting;
  } finally {
    restoreModes();
  }
  return { ...counter.result(), interrupted };
}

/** @internal A batch whose metrics are on their way. */
export interface SentBatch {
  readonly logits: Tensor | null;
  /** The metrics', then the loss if it is not counted from the logits. */
  readonly means: readonly Tensor[];
  readonly target: Tensor;
}

/** @internal Sends batches to the engine: whole, or in slices if one does not fit its memory. */
export class SliceSender {
  private readonly net: Module;
  private readonly counter: TestCounter;
  private readonly precision: Precision;
  private readonly slices = new FittingSlices();

  constructor(net: Module, counter: TestCounter, precision: Precision) {
    this.net = net;
    this.counter = counter;
    this.precision = precision;
  }

  send(x: Tensor, y: Tensor): Generator<SentBatch> {
    return this.slices.run(x.size(0), (from, to) => this.trySlice(partOf(x, from, to), partOf(y, from, to)));
  }

  /** Null if the slice does not fit. */
  private trySlice(x: Tensor, y: Tensor): SentBatch | null {
    let output: Tensor | undefined;
    try {
      return noGrad(() =>
        insideCall(() => {
          output = inPrecision(this.precision, () => outputOf(this.net, x));
          return this.counter.send(output, y);
        }),
      );
    } catch (error) {
      const canBeLess =
        error instanceof OutOfMemoryError &&
        output !== undefined &&
        x.size(0) > 1 &&
        y.size(0) === x.size(0) &&
        mixesExamples(output.value, x.value) === null;
      if (!canBeLess) throw error;
      return null;
    }
  }
}

/** @internal Counts batches in their order. */
export class TestCounter {
  private readonly loss: LossFunction | undefined;
  private readonly metrics: readonly (readonly [string, MetricFunctions[string]])[];
  private readonly precision: Precision;
  private readonly topK: number | undefined;
  private classes: ClassificationMetrics | null = null;
  private outputShape: readonly number[] | null = null;
  private lossSum = 0;
  private readonly metricSums: number[];
  private examples = 0;
  private before: Promise<void> = Promise.resolve();

  constructor(
    loss: LossFunction | undefined,
    metrics: MetricFunctions,
    precision: Precision,
    topK: number | undefined,
  ) {
    this.loss = loss;
    this.topK = topK;
    this.precision = precision;
    this.metrics = Object.entries(metrics);
    this.metricSums = this.metrics.map(() => 0);
  }

  /** Sends a batch to the engine. */
  send(output: Tensor, target: Tensor): SentBatch {
    this.outputShape ??= output.shape;
    const logits = isClassification(output, target) ? output : null;
    if (logits !== null) this.classes ??= new ClassificationMetrics(logits.size(1), { topK: this.topK });
    // A classifier's cross-entropy is counted from its logits.
    const lossOf = this.loss ?? (logits === null ? crossEntropy : undefined);
    const means = this.metrics.map(([, metric]) => metric(output, target));
    if (lossOf !== undefined) means.push(inPrecision(this.precision, () => lossOf(output, target)));
    defaultSession().submit([...(logits === null ? [] : [logits]), ...means].map((tensor) => tensor.value));
    return { logits, means, target };
  }

  /** Counts a batch when its metrics arrive, in the order of the batches: mistakes are known by their place. */
  count(sent: SentBatch): Promise<void> {
    this.before = this.countAfter(this.before, sent);
    return this.before;
  }

  private async countAfter(before: Promise<void>, { logits, means, target }: SentBatch): Promise<void> {
    const count = target.size(0);
    await before;
    const numbers = await Promise.all(
      means.map(async (mean) => Number((await defaultSession().fetch(mean.value))[0])),
    );
    if (logits !== null) {
      const data = numbersOf(logits.dtype, await defaultSession().fetch(logits.value));
      this.classes?.update(data, numbersOf(target.dtype, await defaultSession().fetch(target.value)));
    }
    this.examples += count;
    numbers.forEach((mean, i) => {
      if (i < this.metricSums.length) this.metricSums[i] += count * mean;
      else this.lossSum += count * mean;
    });
  }

  result(): Omit<TestMetrics, "interrupted"> {
    const { classes, outputShape, examples } = this;
    const ownLoss = this.loss === undefined && classes !== null ? classes.loss : this.lossSum / examples;
    const metrics = Object.fromEntries(
      this.metrics.map(([name], i) => [name, this.metricSums[i] / examples]),
    );
    return { classes, outputShape, loss: ownLoss, metrics };
  }
}
