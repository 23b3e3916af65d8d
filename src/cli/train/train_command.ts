/** `convoyant train`: trains a network and keeps the run. */
import { ArgumentError } from "../../base/errors.ts";
import { resume, type TrainedResult, type TrainOptions, train } from "../../experiments/train.ts";
import { configure, type GivenSettings, readConfig } from "../../experiments/training_config.ts";
import { entry } from "../../models/index.ts";
import { INTERRUPTED, interruption } from "../console/interruption.ts";
import type { Output } from "../console/output.ts";
import { TrainOutput } from "./train_output.ts";

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
  const { checkpointSeconds, lab = null } = command;
  const begin = (options: TrainOptions) => start(command, { ...options, checkpointSeconds });
  const { outcome } = await trainShown(output, begin, { lab });
  return outcome === "interrupted" ? INTERRUPTED : 0;
}

/** A training that shows how far it is, and that Ctrl-C ends with everything saved. */
export async function trainShown(
  output: Output,
  begin: (options: TrainOptions) => Promise<TrainedResult>,
  { lab: port = null, brief = false }: Pick<TrainCommand, "lab"> & { readonly brief?: boolean } = {},
): Promise<TrainedResult> {
  let report: TrainOutput | null = null;
  const interrupt = interruption(() => report?.interrupted());
  const lab = await openLab(port, output);
  const options: TrainOptions = {
    signal: interrupt.signal,
    onNote: (text) => output.note(text),
    onStart: (run) => {
      // Until here there is nothing to save: Ctrl-C ends the process at once.
      interrupt.arm();
      report = new TrainOutput(output, run, brief);
      return lab === null ? report.callbacks() : [report.callbacks(), lab.callbacks(run)];
    },
  };
  try {
    const result = await begin(options);
    (report as TrainOutput | null)?.end(result);
    lab?.ended(result.outcome);
    await lab?.stayOpen(interrupt.signal, output);
    return result;
  } finally {
    (report as TrainOutput | null)?.stop();
    await lab?.close();
    interrupt.release();
  }
}

/** The page that shows the training; its code is loaded if it is asked for. */
async function openLab(port: number | true | null, output: Output) {
  if (port === null) return null;
  const { LiveLab } = await import("../lab/live_lab.ts");
  return LiveLab.open(port, output);
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
