/** Trainings as their settings describe them, each kept in the folder of a run. */

import { join } from "node:path";
import { ArgumentError } from "../base/errors.ts";
import type { ListenedSignal } from "../base/web_types.ts";
import { preprocessingOfDataset } from "../classifier/run_facts.ts";
import { datasetEntry } from "../data/dataset_registry.ts";
import { writeFileAtomicSync } from "../io/atomic_file.ts";
import { load } from "../io/state_dict_bytes.ts";
import type { Module } from "../nn/index.ts";
import type { ClassName } from "../records/class_names.ts";
import { keepPreprocessing } from "../records/preprocessing.ts";
import { useEngine } from "../tensor/index.ts";
import type { Callbacks, FitResult } from "../train/loop/fit_options.ts";
import { type Precision, usablePrecision } from "../train/loop/precision.ts";
import { evaluate } from "../train/metrics/evaluate.ts";
import { fitInFolder } from "../train/runs/recorded_fit.ts";
import { RunFolder } from "../train/runs/run_folder.ts";
import { precisionNamed } from "./available_precision.ts";
import { commandLine, differencesFromTheBook } from "./config_text.ts";
import {
  CHANGEABLE,
  engineOptions,
  type GivenSettings,
  readConfig,
  type TrainingConfig,
} from "./training_config.ts";
import { fitSettings, type Loaders, makeLoaders, makeNetwork, makeOptimizer } from "./training_parts.ts";
import { loadWeightsInto } from "./weights.ts";

/** A training that is about to begin, or to go on. */
export interface StartingRun {
  readonly config: TrainingConfig;
  /** The run's folder. */
  readonly folder: string;
  readonly resumed: boolean;
  readonly stepsPerEpoch: number;
  readonly classes: readonly ClassName[];
  /** What is computed in, which need not be what the settings ask for. */
  readonly precision: Precision;
}

/** How a training ended. */
export interface TrainedResult extends FitResult {
  readonly config: TrainingConfig;
  readonly folder: string;
  /** Of the best weights on the test set, when epochs were judged by a part of the training set. */
  readonly testOfBest: { readonly loss: number; readonly accuracy: number } | null;
}

/** What a training reports, and what can end it. */
export interface TrainOptions {
  /** Seconds between checkpoints within an epoch. Default 30. */
  readonly checkpointSeconds?: number;
  /** Ends the training after the step under way, with everything saved. */
  readonly signal?: ListenedSignal;
  /** Called when the training begins or goes on; returns callbacks for the rest. */
  readonly onStart?: (run: StartingRun) => Callbacks | readonly Callbacks[];
  /** Called with what is being fetched, and what is not as it was asked for. */
  readonly onNote?: (text: string) => void;
}

/**
 * Trains a network as its settings say and keeps the run: what `convoyant train` does. The engine that they name is
 * used from then on.
 *
 * @param options - `out`: the folder; default `runs/<time>-<model>`.
 * @throws TrainingError when the folder holds a run already, or the loss becomes NaN.
 * @example
 * ```ts no-run
 * import * as experiments from "convoyant/experiments";
 * const config = experiments.configure("lenet", { epochs: 1 });
 * const { folder, points } = await experiments.train(config, { out: "runs/first" });
 * ```
 */
export async function train(
  config: TrainingConfig,
  options: TrainOptions & { readonly out?: string | null } = {},
): Promise<TrainedResult> {
  const { out = null } = options;
  const open = () => (out === null ? RunFolder.createIn("runs", config.model) : RunFolder.create(out));
  return trainIn(open, config, false, options);
}

/**
 * Goes on with a run from its last checkpoint: what `convoyant train --resume` does.
 *
 * @param changes - settings that become others: epochs, engine, threads, precision, dataDir, batchSize, microBatch.
 * @throws FileError when there is no run; ArgumentError for a setting that a run keeps.
 * @example
 * ```ts no-run
 * import * as experiments from "convoyant/experiments";
 * await experiments.resume("runs/first", { epochs: 20 });
 * ```
 */
export async function resume(
  folder: string,
  changes: GivenSettings = {},
  options: TrainOptions = {},
): Promise<TrainedResult> {
  const config = resumedConfig(folder, changes);
  return trainIn(() => RunFolder.open(folder), config, true, options);
}

/**
 * The settings of a run that is resumed.
 *
 * @throws ArgumentError for a setting that a run keeps.
 */
export function resumedConfig(folder: string, changes: GivenSettings): TrainingConfig {
  const stored = readConfig(folder);
  if (changes.precision !== undefined) precisionNamed(changes.precision);
  const given = Object.entries(changes).filter(([, value]) => value !== undefined);
  for (const [name, value] of given) {
    const before = stored[name as keyof TrainingConfig];
    if ((CHANGEABLE as readonly string[]).includes(name) || isSame(value, before)) continue;
    throw new ArgumentError(
      `a resumed run keeps its ${name} (${JSON.stringify(before)}); only ${CHANGEABLE.join(", ")} can change. ` +
        `Start a new run for another ${name}`,
    );
  }
  return { ...stored, ...Object.fromEntries(given.filter(([name]) => isChangeable(name))) };
}

function isChangeable(name: string): boolean {
  return (CHANGEABLE as readonly string[]).includes(name);
}

/** What is given of a scheduler may be a part of what was completed when the run began. */
function isSame(given: unknown, stored: unknown): boolean {
  if (typeof given !== "object" || given === null) return given === stored;
  if (typeof stored !== "object" || stored === null) return false;
  return Object.entries(given).every(([key, value]) =>
    isSame(value, (stored as Record<string, unknown>)[key]),
  );
}

/** The engine starts and the data are found before anything is written. */
async function trainIn(
  open: () => RunFolder,
  config: TrainingConfig,
  resumed: boolean,
  options: TrainOptions,
): Promise<TrainedResult> {
  await useEngine(config.engine, engineOptions(config));
  const loaders = await makeLoaders(config, options.onNote);
  // The weights that it starts from are read before there is a folder.
  const net = await firstNetwork(config, resumed);
  const folder = open();
  try {
    return await trainInFolder({ net, config, loaders, folder, resumed, tests: true }, options);
  } finally {
    folder.close();
  }
}

/** A run that goes on finds its weights in the checkpoint. */
export async function firstNetwork(config: TrainingConfig, resumed: boolean): Promise<Module> {
  const net = makeNetwork(config);
  if (config.weights !== null && !resumed) await loadWeightsInto(net, config.weights, config.model);
  return net;
}

/** What a training needs; its folder is open. */
export interface PreparedRun {
  readonly net: Module;
  readonly config: TrainingConfig;
  readonly loaders: Loaders;
  readonly folder: RunFolder;
  readonly resumed: boolean;
  /** Whether epochs are judged on other images than those that it trains on. */
  readonly tests: boolean;
}

/** Begins a training or goes on with it. */
export async function trainInFolder(run: PreparedRun, options: TrainOptions): Promise<TrainedResult> {
  const { net, config, loaders, folder, resumed } = run;
  const { trainLoader, valLoader, testLoader, classes } = loaders;
  keepPreprocessing(net, preprocessingOfDataset(config.data, config.resize));
  const optimizer = makeOptimizer(config, net);
  const stepsPerEpoch = trainLoader.length ?? 0;
  const { precision } = await usablePrecision(config.precision);
  const callbacks = options.onStart?.({
    config,
    folder: folder.path,
    resumed,
    stepsPerEpoch,
    classes,
    precision,
  });
  const result = await fitInFolder(
    net,
    {
      trainLoader,
      testLoader: run.tests ? (valLoader ?? testLoader) : null,
      optimizer,
      epochs: config.epochs,
      precision: config.precision,
      microBatch: config.microBatch,
      ...fitSettings(config, optimizer, stepsPerEpoch),
      ...(options.checkpointSeconds !== undefined && { checkpointSeconds: options.checkpointSeconds }),
      signal: options.signal ?? null,
      progress: false,
      callbacks: callbacks ?? [],
    },
    folder,
    resumed,
    {
      model: config.model,
      dataset: datasetEntry(config.data).title,
      classNames: classes,
      settings: { ...config },
      differences: differencesFromTheBook(config),
      command: commandLine(config),
      ...(valLoader !== null && { heldOut: "validation" as const }),
    },
  );
  const tested = run.tests && valLoader !== null && result.outcome !== "interrupted";
  const testOfBest = tested ? await testBest(net, folder, testLoader, precision) : null;
  return { ...result, config, folder: folder.path, testOfBest };
}

/** The test set is looked at once, with the weights that the validation part chose. */
async function testBest(
  net: Module,
  folder: RunFolder,
  loader: Loaders["testLoader"],
  precision: Precision,
): Promise<{ loss: number; accuracy: number }> {
  if (folder.has("best")) net.loadStateDict(await load(folder.file("best")));
  const { loss, accuracy } = await evaluate(net, loader, { precision });
  writeFileAtomicSync(
    join(folder.path, "test.json"),
    `${JSON.stringify({ weights: "best", loss, accuracy })}\n`,
  );
  return { loss, accuracy };
}
