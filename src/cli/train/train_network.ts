/** `convoyant train lenet`: trains a network of the chapter, or looks for its learning rate. */
import { ArgumentError } from "../../base/errors.ts";
import { findLr } from "../../experiments/find_lr.ts";
import { reportLearningRates } from "../../experiments/reports/learning_rate_report.ts";
import { reportTraining } from "../../experiments/reports/network_training_report.ts";
import {
  resume,
  type StartingRun,
  type TrainedResult,
  type TrainOptions,
  train,
} from "../../experiments/train.ts";
import { configure, readConfig } from "../../experiments/training_config.ts";
import { entry } from "../../models/index.ts";
import type { Given } from "../command.ts";
import { INTERRUPTED, interruptible } from "../console/interruption.ts";
import type { Output } from "../console/output.ts";
import { type LabPlace, trainingShown } from "./training_shown.ts";

/** A training of a network of the chapter. */
export function trainShown(
  output: Output,
  begin: (options: TrainOptions) => Promise<TrainedResult>,
  { brief = false, port = null }: Partial<LabPlace> & { readonly brief?: boolean } = {},
): Promise<TrainedResult> {
  const report = (run: StartingRun) => reportTraining(run, output, brief);
  return trainingShown<StartingRun, TrainedResult>(output, { port }, report, begin);
}

/** Returns the exit code. */
export async function trainNetwork(
  model: string | null,
  { out = null, resume: run = null, checkpointSeconds, findLr: search = false, lab = null, ...given }: Given,
  output: Output,
): Promise<number> {
  if (search) return findNetworkLr(model, given, output);
  const begin = (shown: TrainOptions) => {
    const options = { ...shown, checkpointSeconds };
    if (run !== null) return goOn(run, model, out, given, options);
    if (model !== null) return train(configure(model, given), { ...options, out });
    throw new ArgumentError(
      "train: name a model (`convoyant train lenet`) or a run to go on with (--resume RUN)",
    );
  };
  const { outcome } = await trainShown(output, async (shown) => begin(shown), { port: lab });
  return outcome === "interrupted" ? INTERRUPTED : 0;
}

function goOn(run: string, model: string | null, out: string | null, given: Given, options: TrainOptions) {
  if (out !== null) throw new ArgumentError("train: --resume goes on in the run's own folder; omit --out");
  const stored = readConfig(run);
  if (model !== null) entry(model);
  if (model !== null && model !== stored.model)
    throw new ArgumentError(`train: ${run} trains ${stored.model}, not ${model}`);
  return resume(run, given, options);
}

async function findNetworkLr(model: string | null, given: Given, output: Output): Promise<number> {
  if (model === null)
    throw new ArgumentError(
      "train: --find-lr needs a model or a folder of photographs: convoyant train lenet --find-lr",
    );
  const { onNote, onProgress } = output;
  const curve = await interruptible(
    () => onNote("Stopping."),
    ({ signal }) => findLr(configure(model, given), { signal, onNote, onProgress }),
  );
  output.progress.end();
  reportLearningRates(curve, curve.suggestion, output);
  return curve.outcome === "interrupted" ? INTERRUPTED : 0;
}
