/** `findLr`: which learning rate a network can take, tried on a few batches. */
import { ArgumentError, TrainingError } from "../../base/errors.ts";
import { requireRange } from "../../base/params/argument_kinds.ts";
import { bindArguments, parameterTable } from "../../base/params/arguments.ts";
import type { AbortSignalLike } from "../../base/web_types.ts";
import { Module } from "../../nn/index.ts";
import { AdamW } from "../../optim/optimizers/adam.ts";
import type { BatchSource, Loader, LossFunction, OptimizerLike } from "../loop/fit_options.ts";
import { asLoader, checkBatch, requireAnew } from "../loop/loaders.ts";
import { requireOwnParameters } from "../loop/own_parameters.ts";
import { checkPrecision, type Precision, usablePrecision } from "../loop/precision.ts";
import { TrainStep } from "../loop/train_step.ts";
import { RunningTotals } from "../metrics/running_totals.ts";
import { keepTrainingState } from "./kept_training_state.ts";
import { curveOf, type LearningRateCurve, smooth } from "./learning_rate_curve.ts";

/** What `findLr` takes. */
export interface FindLrOptions {
  /** Batches of images and labels; an epoch follows another until all steps are made. */
  trainLoader: BatchSource;
  /**
   * Changes the weights. Its groups keep the proportions of their rates: the highest is the one that is swept. By default
   * AdamW with weight decay 0.01 on all parameters that are trained.
   */
  optimizer?: OptimizerLike;
  /** Mean loss of a batch; cross-entropy by default. */
  loss?: LossFunction;
  /** The first rate. @default 1e-6 */
  startLr?: number;
  /** The last rate. @default 1 */
  endLr?: number;
  /** Steps from the first rate to the last. @default 100 */
  steps?: number;
  /** How much of the smoothed loss is that of the step before, from 0 to below 1. @default 0.9 */
  smoothing?: number;
  /** The sweep ends when the smoothed loss is this many times the smallest so far. @default 4 */
  divergeFactor?: number;
  /** `"bf16"`: as in `fit`. @default "f32" */
  precision?: Precision;
  /** Examples that go through the network at once at most: as in `fit`. @default "auto" */
  microBatch?: "auto" | number;
  /** Called after each step with how many are done, of how many; nothing is by default. */
  onProgress?: (done: number, of: number) => void;
  /** Ends the sweep after the step under way; nothing does by default. */
  signal?: AbortSignalLike | null;
}

interface FindLrParameters extends FindLrOptions {
  /** The network to train. */
  net: Module;
}

const FIND_LR = parameterTable<FindLrParameters>("findLr")(
  [
    "net",
    "trainLoader",
    "optimizer?",
    "loss?",
    "startLr?:number",
    "endLr?:number",
    "steps?",
    "smoothing?:number",
    "divergeFactor?:number",
    "precision?",
    "microBatch?",
    "onProgress?",
    "signal?",
  ],
  () => undefined,
);

/**
 * A learning-rate range test: one training step after another while the rate rises exponentially,
 * lr_i = startLr (endLr / startLr)^(i / (steps - 1)), until the loss explodes. Then weights, buffers, modes, gradients,
 * the optimiser's state and the random numbers are put back as they were, to the last bit.
 *
 * The suggestion is the rate at which the smoothed loss falls fastest by the logarithm of the rate, before it is at its
 * smallest. It is a good highest rate of a one-cycle schedule; half or a third of it is the careful choice.
 *
 * Source: L. N. Smith, "Cyclical learning rates for training neural networks", WACV 2017, section 3.3; smoothing and
 * suggestion as in fastai.
 *
 * @param net - the network; lazy layers must have seen a batch.
 * @throws ArgumentError for values outside of their range; TrainingError if the loss is not finite at the first rate.
 * @example
 * ```ts
 * const found = await train.findLr(net, { trainLoader, optimizer, steps: 20 });
 * console.log(found.suggestion, found.plot({ width: 60, height: 12 }).join("\n"));
 * ```
 */
export async function findLr(net: Module, options: FindLrOptions): Promise<LearningRateCurve> {
  const { net: _net, ...given } = bindArguments(FIND_LR.signature, [net, options]) as FindLrParameters;
  const sweep = checkedSweep(net, given);
  const { optimizer, loader } = sweep;
  const { precision } = await usablePrecision(given.precision ?? "f32");
  const restore = await keepTrainingState(net, optimizer, loader.generator ?? null);
  try {
    optimizer.keepGradients = false;
    const step = new TrainStep(net, { ...given, optimizer }, sweep.totals, async () => {});
    step.precision = precision;
    net.train();
    return await run(sweep, step, given);
  } finally {
    restore();
  }
}

interface Sweep {
  readonly optimizer: OptimizerLike;
  readonly loader: Loader;
  readonly totals: RunningTotals;
  readonly lrs: readonly number[];
  readonly smoothing: number;
  readonly divergeFactor: number;
}

function checkedSweep(net: Module, options: FindLrOptions): Sweep {
  const { startLr = 1e-6, endLr = 1, steps = 100, smoothing = 0.9, divergeFactor = 4, precision } = options;
  if (!(net instanceof Module))
    throw new ArgumentError(`findLr: expected \`net\` to be a Module, got ${typeof net}`);
  if (net.modules().some((module) => module.isLazy))
    throw new ArgumentError("findLr: a lazy layer has no weights yet; call the network with a batch first");
  requireRange("findLr", "startLr", startLr, (n) => n > 0, "above 0");
  requireRange("findLr", "endLr", endLr, (n) => n > startLr, "above `startLr`");
  requireRange("findLr", "steps", steps, (n) => Number.isInteger(n) && n >= 2, "an integer of at least 2");
  requireRange("findLr", "smoothing", smoothing, (n) => n >= 0 && n < 1, "from 0 to below 1");
  requireRange("findLr", "divergeFactor", divergeFactor, (n) => n > 1, "above 1");
  checkPrecision("findLr", precision);
  const optimizer = options.optimizer ?? trainedWithAdamW(net);
  requireOwnParameters(net, { optimizer });
  const loader = asLoader(options.trainLoader, "trainLoader");
  requireAnew(loader, "trainLoader", loader.length !== null && loader.length >= steps ? 1 : 2);
  const lrs = Array.from({ length: steps }, (_, i) => startLr * (endLr / startLr) ** (i / (steps - 1)));
  return { optimizer, loader, totals: new RunningTotals(), lrs, smoothing, divergeFactor };
}

function trainedWithAdamW(net: Module): AdamW {
  return AdamW(
    net.parameters().filter((parameter) => parameter.requiresGrad),
    { weightDecay: 0.01 },
  );
}

async function run(
  { optimizer, loader, totals, lrs, smoothing, divergeFactor }: Sweep,
  step: TrainStep,
  { signal, onProgress }: Pick<FindLrOptions, "signal" | "onProgress">,
): Promise<LearningRateCurve> {
  const groups = optimizer.paramGroups as readonly { lr: number }[];
  const highest = Math.max(...groups.map(({ lr }) => lr));
  const shares = groups.map(({ lr }) => (highest > 0 ? lr / highest : 1));
  const losses: number[] = [];
  const curve = (outcome: LearningRateCurve["outcome"]) =>
    curveOf(lrs.slice(0, losses.length), losses, smoothing, outcome);
  for (let epoch = 0; ; epoch++) {
    const before = losses.length;
    for await (const item of loader.iterate({ epoch, seed: loader.drawSeed?.() ?? null })) {
      if (signal?.aborted) return curve("interrupted");
      const [x, y] = checkBatch(item, "trainLoader");
      groups.forEach((group, i) => {
        group.lr = lrs[losses.length] * shares[i];
      });
      totals.reset();
      await step.run(x, y, losses.length);
      losses.push((await totals.read()).loss);
      onProgress?.(losses.length, lrs.length);
      if (hasExploded(losses, smoothing, divergeFactor)) return curve("diverged");
      if (losses.length === lrs.length) return curve("finished");
    }
    if (losses.length === before) throw new TrainingError("findLr: trainLoader gave no batches");
  }
}

function hasExploded(losses: readonly number[], smoothing: number, factor: number): boolean {
  const smoothed = smooth(losses, smoothing);
  const last = smoothed[smoothed.length - 1];
  if (Number.isFinite(last)) return last > factor * Math.min(...smoothed);
  if (losses.length > 1) return true;
  throw new TrainingError(
    "findLr: the loss is NaN or infinite at the first step already; check the data and the weights",
  );
}
