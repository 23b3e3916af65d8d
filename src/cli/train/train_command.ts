/** `convoyant train`: trains a network and keeps the run. */
import { ArgumentError } from "../../base/errors.ts";
import {
  resume,
  type StartingRun,
  type TrainedResult,
  type TrainOptions,
  train,
} from "../../experiments/train.ts";
import { configure, type GivenSettings, readConfig } from "../../experiments/training_config.ts";
import { entry } from "../../models/index.ts";
import { INTERRUPTED } from "../console/interruption.ts";
import type { Output } from "../console/output.ts";
import { TrainOutput } from "./train_output.ts";
import { type LabPlace, trainingShown } from "./training_shown.ts";

export interface TrainCommand {
  readonly model: string | null;
  readonly given: GivenSettings;
  readonly out: string | null;
  readonly resume: string | null;
  readonly checkpointSeconds: number;
  /** The port of the Lab that shows the training; true for the usual one, null for none. */
  readonly lab?: number | true | null;
}

/** Returns the exit code. */
export async function trainCommand(command: TrainCommand, output: Output): Promise<number> {
  const { checkpointSeconds, lab: port = null } = command;
  const begin = (options: TrainOptions) => start(command, { ...options, checkpointSeconds });
  const { outcome } = await trainShown(output, begin, { port });
  return outcome === "interrupted" ? INTERRUPTED : 0;
}

/** A training of a network of the chapter. */
export function trainShown(
  output: Output,
  begin: (options: TrainOptions) => Promise<TrainedResult>,
  { brief = false, port = null }: Partial<LabPlace> & { readonly brief?: boolean } = {},
): Promise<TrainedResult> {
  const report = (run: StartingRun) => new TrainOutput(output, run, brief);
  return trainingShown<StartingRun, TrainedResult>(output, { port }, { report, begin });
}

function start({ model, given, resume: run, out }: TrainCommand, options: TrainOptions) {
  if (run === null) {
    if (model !== null) return train(configure(model, given), { ...options, out });
    throw new ArgumentError(
      "train: name a model (`convoyant train lenet`) or a run to go on with (--resume RUN)",
    );
  }
  if (out !== null) throw new ArgumentError("train: --resume goes on in the run's own folder; omit --out");
  const stored = readConfig(run);
  if (model !== null) entry(model);
  if (model !== null && model !== stored.model)
    throw new ArgumentError(`train: ${run} trains ${stored.model}, not ${model}`);
  return resume(run, given, options);
}
