/** `convoyant train`: trains a network and keeps the run. */
import { relative } from "node:path";
import { ArgumentError } from "../base/errors.ts";
import { entry } from "../models/index.ts";
import { compareWithBook, renderComparison, renderFigures } from "../report/book_comparison.ts";
import { TrainingDisplay } from "../report/training_display.ts";
import { engineInfo, useEngine } from "../tensor/index.ts";
import type { Callbacks, FitOptions, FitResult } from "../train/fit_options.ts";
import { figuresOf, fitInFolder, type RunDescription } from "../train/recorded_fit.ts";
import { RunFolder, readRunConfig } from "../train/run_folder.ts";
import { INTERRUPTED, interruption } from "./interruption.ts";
import type { Output } from "./output.ts";
import {
  configFor,
  differencesFromTheBook,
  type GivenSettings,
  type Loaders,
  makeLoaders,
  makeNetwork,
  makeOptimizer,
  parseConfig,
  type TrainingConfig,
} from "./training_config.ts";

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
  const interrupt = interruption(() =>
    output.note("\nFinishing the step and saving; press Ctrl-C again to stop at once."),
  );
  try {
    // Names are checked and the engine starts before anything is written.
    entry(config.model);
    await useEngine(config.engine, config.threads === null ? {} : { threads: config.threads });
    const loaders = await makeLoaders(config, (text) => output.note(text));
    if (interrupt.signal.aborted) return INTERRUPTED;
    const folder = openFolder(command, config);
    try {
      return await trainIn(folder, command, config, loaders, interrupt.signal, output);
    } finally {
      folder.close();
    }
  } finally {
    interrupt.release();
  }
}

function configOf(command: TrainCommand): TrainingConfig {
  if (command.resume === null) {
    if (command.model === null)
      throw new ArgumentError(
        "train: name a model (`convoyant train lenet`) or a run to go on with (--resume RUN)",
      );
    return configFor(command.model, command.given);
  }
  const stored = parseConfig(pickConfig(readRunConfig(command.resume)), `${command.resume}/config.json`);
  if (command.model !== null && command.model !== stored.model) {
    throw new ArgumentError(`train: ${command.resume} trains ${stored.model}, not ${command.model}`);
  }
  const changeable = ["epochs", "engine", "threads", "dataDir"] as const;
  for (const name of Object.keys(command.given) as (keyof GivenSettings)[]) {
    const fixed = !(changeable as readonly string[]).includes(name);
    if (fixed && command.given[name] !== undefined && command.given[name] !== stored[name]) {
      throw new ArgumentError(
        `train: a resumed run keeps its ${name} (${String(stored[name])}); only ${changeable.join(", ")} can change. Start a new run for another ${name}`,
      );
    }
  }
  const changed = Object.fromEntries(
    changeable.filter((n) => command.given[n] !== undefined).map((n) => [n, command.given[n]]),
  );
  return { ...stored, ...changed };
}

function pickConfig(stored: Record<string, unknown>): unknown {
  return stored.config ?? stored;
}

function openFolder(command: TrainCommand, config: TrainingConfig): RunFolder {
  return command.resume !== null
    ? RunFolder.open(command.resume)
    : command.out !== null
      ? RunFolder.create(command.out)
      : RunFolder.createIn("runs", config.model);
}

async function trainIn(
  folder: RunFolder,
  command: TrainCommand,
  config: TrainingConfig,
  loaders: Loaders,
  signal: AbortSignal,
  output: Output,
): Promise<number> {
  const net = makeNetwork(config);
  const optimizer = makeOptimizer(config, net);
  const { trainLoader, testLoader } = loaders;
  const run = relative(process.cwd(), folder.path) || folder.path;
  output.event({ event: "start", run, ...config });
  output.line(
    `${config.model} on ${config.data}: ${config.epochs} epochs, batch ${config.batchSize}, ${config.optimizer} lr ${config.lr}, ${engineInfo()}`,
  );
  output.line(`run: ${run}`);
  const display = output.json
    ? null
    : new TrainingDisplay(output.terminal, { epochs: config.epochs, stepsPerEpoch: trainLoader.length ?? 0 });
  let result: FitResult;
  try {
    const options: FitOptions = {
      trainLoader,
      testLoader,
      optimizer,
      epochs: config.epochs,
      checkpointSeconds: command.checkpointSeconds,
      signal,
      callbacks: [output.json ? jsonCallbacks(output) : displayCallbacks(display as TrainingDisplay)],
    };
    result = await fitInFolder(net, options, folder, command.resume !== null, describe(config, loaders));
  } finally {
    display?.stop();
  }
  closing(output, config, result, run);
  return result.outcome === "interrupted" ? INTERRUPTED : 0;
}

function describe(config: TrainingConfig, loaders: Loaders): RunDescription {
  return {
    model: config.model,
    dataset: config.data === "mnist" ? "MNIST" : "Fashion-MNIST",
    classNames: loaders.classes,
    settings: { ...config },
    differences: differencesFromTheBook(config),
    command: commandLine(config),
  };
}

function displayCallbacks(display: TrainingDisplay): Callbacks {
  let loss: number | undefined;
  let accuracy: number | undefined;
  return {
    onStep: ({ epoch, step, examplesPerSecond }) =>
      display.step({ epoch, step, loss, accuracy, examplesPerSecond }),
    onPoint: (point) => {
      loss = point.trainLoss;
      accuracy = point.trainAccuracy;
      display.point(point);
    },
    onPhase: (name) => display.phase(name),
  };
}

function jsonCallbacks(output: Output): Callbacks {
  return {
    onPoint: (point) => output.event({ event: "point", ...point }),
    onCheckpoint: ({ epoch, batch }) => output.event({ event: "checkpoint", epoch, batch }),
  };
}

function closing(output: Output, config: TrainingConfig, result: FitResult, run: string): void {
  const figures = figuresOf(result);
  if (result.outcome === "interrupted") {
    output.event({
      event: "interrupted",
      run,
      epoch: figures.epochs,
      resume: `npx convoyant train --resume ${run}`,
    });
    output.line(`Interrupted; everything is saved. Go on with: npx convoyant train --resume ${run}`);
    return;
  }
  const comparison =
    result.points.length === 0
      ? undefined
      : compareWithBook(config.model, figures, { differences: differencesFromTheBook(config) });
  output.line();
  output.lines(
    comparison
      ? renderComparison(comparison, output.style)
      : renderFigures(config.model, figures, output.style),
  );
  output.line();
  output.line(`report: ${run}/report.html   weights: ${run}/best.safetensors, last.safetensors`);
  output.event({
    event: "end",
    model: config.model,
    engine: config.engine,
    epochs: result.points.length === 0 ? 0 : figures.epochs,
    trainLoss: figures.trainLoss,
    trainAccuracy: figures.trainAccuracy,
    testAccuracy: figures.testAccuracy ?? null,
    examplesPerSecond: figures.examplesPerSecond,
    seconds: figures.seconds,
    outcome: result.outcome,
    run,
  });
}

/** The command that repeats a run. */
function commandLine(config: TrainingConfig): string {
  const parts = ["npx convoyant train", config.model];
  const flag = (name: string, value: unknown) => {
    if (value !== null) parts.push(`--${name} ${String(value)}`);
  };
  flag("data", config.data);
  flag("epochs", config.epochs);
  flag("batch-size", config.batchSize);
  flag("optimizer", config.optimizer);
  flag("lr", config.lr);
  if (config.momentum !== 0) flag("momentum", config.momentum);
  if (config.weightDecay !== 0) flag("weight-decay", config.weightDecay);
  flag("resize", config.resize);
  flag("seed", config.seed);
  flag("engine", config.engine);
  flag("limit-batches", config.limitBatches);
  return parts.join(" ");
}
