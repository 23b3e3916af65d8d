/** A training as a configuration describes it, in its folder. */
import type { FitResult } from "../train/loop/fit_options.ts";
import { usablePrecision } from "../train/loop/precision.ts";
import { fitInFolder } from "../train/runs/recorded_fit.ts";
import type { RunFolder } from "../train/runs/run_folder.ts";
import type { TrainOutput } from "./console/train_output.ts";
import {
  commandLine,
  differencesFromTheBook,
  type Loaders,
  makeNetwork,
  makeOptimizer,
  type TrainingConfig,
} from "./training_config.ts";

export interface ConfiguredRun {
  readonly config: TrainingConfig;
  /** The test loader may be left out: then nothing is measured on the test set. */
  readonly loaders: Omit<Loaders, "testLoader"> & { readonly testLoader: Loaders["testLoader"] | null };
  readonly folder: RunFolder;
  readonly resume: boolean;
  readonly report: TrainOutput;
  readonly checkpointSeconds: number;
  readonly signal: AbortSignal;
}

/** Begins the training or goes on with it, and tells `report` of it. */
export async function trainConfigured(run: ConfiguredRun): Promise<FitResult> {
  const { config, loaders, folder, resume, report, checkpointSeconds, signal } = run;
  const { trainLoader, testLoader, classes } = loaders;
  const net = makeNetwork(config);
  const optimizer = makeOptimizer(config, net);
  const { precision } = await usablePrecision(config.precision);
  report.begin(resume, precision);
  const result = await fitInFolder(
    net,
    {
      trainLoader,
      testLoader,
      optimizer,
      epochs: config.epochs,
      precision: config.precision,
      microBatch: config.microBatch,
      checkpointSeconds,
      signal,
      callbacks: report.callbacks(),
    },
    folder,
    resume,
    {
      model: config.model,
      dataset: config.data === "mnist" ? "MNIST" : "Fashion-MNIST",
      classNames: classes,
      settings: { ...config },
      differences: differencesFromTheBook(config),
      command: commandLine(config),
    },
  );
  report.end(result);
  return result;
}
