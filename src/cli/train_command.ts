/** `convoyant train`: trains a network and keeps the run. */
import { relative, resolve } from "node:path";
import { ArgumentError } from "../base/errors.ts";
import { trainConfigured } from "../experiments/configured_run.ts";
import { INTERRUPTED, interruption } from "../experiments/console/interruption.ts";
import type { Output } from "../experiments/console/output.ts";
import { precisionNamed } from "../experiments/console/precision_choice.ts";
import { TrainOutput } from "../experiments/console/train_output.ts";
import {
  configFor,
  engineOptions,
  type GivenSettings,
  type Loaders,
  makeLoaders,
  readConfig,
  type TrainingConfig,
} from "../experiments/training_config.ts";
import { entry } from "../models/index.ts";
import { useEngine } from "../tensor/index.ts";
import { RunFolder } from "../train/runs/run_folder.ts";

export interface TrainCommand {
  readonly model: string | null;
  readonly given: GivenSettings;
  readonly out: string | null;
  readonly resume: string | null;
  readonly checkpointSeconds: number;
}

/** Returns the exit code. */
export async function trainCommand(command: TrainCommand, output: Output): Promise<number> {
  const config = configOf(command);
  // Names are checked, the engine starts and the data are found before anything is written.
  entry(config.model);
  await useEngine(config.engine, engineOptions(config));
  const loaders = await makeLoaders(config, (text) => output.note(text));
  const folder = openFolder(command, config);
  try {
    return await trainIn(folder, command, config, loaders, output);
  } finally {
    folder.close();
  }
}

/** What a resumed run may be told anew; what follows from it, `train/loop/resume_rules.ts` knows and says. */
const CHANGEABLE = [
  "epochs",
  "engine",
  "threads",
  "precision",
  "dataDir",
  "batchSize",
  "microBatch",
] as const;

function configOf(command: TrainCommand): TrainingConfig {
  const { model, given, resume, out } = command;
  if (resume === null) {
    if (model !== null) return configFor(model, given);
    throw new ArgumentError(
      "train: name a model (`convoyant train lenet`) or a run to go on with (--resume RUN)",
    );
  }
  if (out !== null)
    throw new ArgumentError("train: --resume goes on in the run's own folder; leave --out away");
  const stored = readConfig(resume);
  if (model !== null && model !== stored.model) {
    throw new ArgumentError(`train: ${resume} trains ${stored.model}, not ${model}`);
  }
  for (const name of Object.keys(given) as (keyof GivenSettings)[]) {
    const fixed = !(CHANGEABLE as readonly string[]).includes(name);
    if (fixed && given[name] !== undefined && given[name] !== stored[name]) {
      throw new ArgumentError(
        `train: a resumed run keeps its ${name} (${String(stored[name])}); only ${CHANGEABLE.join(", ")} can change. ` +
          `Start a new run for another ${name}`,
      );
    }
  }
  const changed = CHANGEABLE.filter((name) => given[name] !== undefined).map((name) => [name, given[name]]);
  if (given.precision !== undefined) precisionNamed(given.precision);
  return { ...stored, ...Object.fromEntries(changed) };
}

function openFolder(command: TrainCommand, config: TrainingConfig): RunFolder {
  if (command.resume !== null) return RunFolder.open(command.resume);
  if (command.out !== null) return RunFolder.create(command.out);
  return RunFolder.createIn("runs", config.model);
}

async function trainIn(
  folder: RunFolder,
  command: TrainCommand,
  config: TrainingConfig,
  loaders: Loaders,
  output: Output,
): Promise<number> {
  const report = new TrainOutput(output, config, shortPath(folder.path), loaders.trainLoader.length ?? 0);
  const interrupt = interruption(() => report.interrupted());
  const { checkpointSeconds } = command;
  const { signal } = interrupt;
  const resume = command.resume !== null;
  try {
    const result = await trainConfigured({
      config,
      loaders,
      folder,
      resume,
      report,
      checkpointSeconds,
      signal,
    });
    return result.outcome === "interrupted" ? INTERRUPTED : 0;
  } finally {
    report.stop();
    interrupt.release();
  }
}

/** A path as it is best printed: from here where it is below, else from the root. */
function shortPath(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere === "" || fromHere.startsWith("..") ? resolve(path) : fromHere;
}
