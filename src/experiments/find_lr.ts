/** Which learning rate a network of the chapter can take. */
import type { AbortSignalLike } from "../base/web_types.ts";
import { useEngine } from "../tensor/index.ts";
import { findLr as findLrOf } from "../train/finetune/find_lr.ts";
import type { LearningRateCurve } from "../train/finetune/learning_rate_curve.ts";
import { firstNetwork } from "./train.ts";
import { engineOptions, type TrainingConfig } from "./training_config.ts";
import { makeLoaders, makeOptimizer } from "./training_parts.ts";

/** What `findLr` takes. */
export interface FindModelLrOptions {
  /** Steps from the first rate to the last. @default 100 */
  readonly steps?: number;
  /** Ends the sweep after the step under way; nothing does by default. */
  readonly signal?: AbortSignalLike | null;
  /** Called after each step with how many of the learning rates have been tried. */
  readonly onProgress?: (what: "tried", done: number, of: number, things: "learning rates") => void;
  /** Called with what is being fetched. */
  readonly onNote?: (text: string) => void;
}

/**
 * A learning-rate range test of a configured training, with its optimiser: what `convoyant train lenet --find-lr` does. Nothing is
 * kept.
 *
 * @example
 * ```ts no-run
 * import * as experiments from "convoyant/experiments";
 * const { suggestion } = await experiments.findLr(experiments.configure("lenet"));
 * ```
 */
export async function findLr(
  config: TrainingConfig,
  options: FindModelLrOptions = {},
): Promise<LearningRateCurve> {
  const { steps = 100, signal = null, onProgress, onNote } = options;
  await useEngine(config.engine, engineOptions(config));
  const { trainLoader } = await makeLoaders(config, onNote);
  const net = await firstNetwork(config, false);
  const optimizer = makeOptimizer(config, net);
  const { precision, microBatch } = config;
  return findLrOf(net, {
    trainLoader,
    optimizer,
    steps,
    precision,
    microBatch,
    signal,
    endLr: 10,
    onProgress: (done, of) => onProgress?.("tried", done, of, "learning rates"),
  });
}
