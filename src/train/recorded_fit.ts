/** Trains inside a run's folder and leaves the report there. Node only. */
import { cpus } from "node:os";
import { VERSION } from "../base/version.ts";
import type { Module } from "../nn/index.ts";
import type { ClassName } from "../report/class_names.ts";
import type { Mistake } from "../report/report_data.ts";
import type { FinalFigures } from "../report/run_record.ts";
import { engineInfo } from "../tensor/runtime.ts";
import { fit } from "./fit.ts";
import type { FitOptions, FitResult, Loader } from "./fit_options.ts";
import { layerSummary } from "./layer_summary.ts";
import type { RunFolder } from "./run_folder.ts";
import { picturesOfMistakes, writeRunReport } from "./run_report.ts";
import { runStore } from "./run_store.ts";

/** What the report tells of a run besides its figures. */
export interface RunDescription {
  readonly model: string;
  readonly dataset?: string;
  readonly classNames?: readonly ClassName[];
  /** Everything needed to repeat the run; goes into `config.json`. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** In what the run differs from the book's. */
  readonly differences?: readonly string[];
  /** The command that repeats it. */
  readonly command?: string;
}

/** `fit` with its run kept in `folder`, which the caller has opened and closes. */
export async function fitInFolder(
  net: Module,
  options: FitOptions,
  folder: RunFolder,
  resume: boolean,
  description: RunDescription,
): Promise<FitResult> {
  const startedAt = resume ? folder.readConfig().startedAt : new Date().toISOString();
  const environment = environmentNow();
  folder.writeConfig({ startedAt, config: description.settings, command: description.command, environment });
  const shape = new ShapeWatch(options.trainLoader);
  const run = runStore(folder, { resume, metadata: { model: description.model } });
  const result = await fit(net, { ...options, trainLoader: shape, run });
  writeRunReport(folder, {
    model: description.model,
    run: folder.path.split(/[\\/]/).at(-1),
    startedAt: String(startedAt).slice(0, 16).replace("T", " "),
    dataset: description.dataset,
    outcome: outcomeText(result, options.epochs),
    points: result.points,
    epochs: options.epochs,
    figures: figuresOf(result),
    differences: description.differences,
    classNames: description.classNames,
    confusion: result.test?.confusion,
    mistakes: await mistakesOf(result, options.testLoader ?? null),
    layers: shape.seen === null ? undefined : layerSummary(net, [1, ...shape.seen.slice(1)]),
    settings: description.settings,
    environment,
    command: description.command,
  });
  return result;
}

/** The figures a run ends with, as the book prints them. */
export function figuresOf(result: FitResult): FinalFigures {
  const last = result.points.at(-1);
  const { test } = result;
  return {
    epochs: last?.epoch ?? 0,
    trainLoss: last?.trainLoss ?? Number.NaN,
    trainAccuracy: last?.trainAccuracy ?? Number.NaN,
    ...(test !== null && { testLoss: test.loss, testAccuracy: test.accuracy }),
    examplesPerSecond: result.examplesPerSecond,
    seconds: result.seconds,
  };
}

async function mistakesOf(result: FitResult, loader: Loader | null): Promise<Mistake[] | undefined> {
  return result.test === null || loader === null ? undefined : picturesOfMistakes(result.test, loader);
}

function outcomeText(result: FitResult, epochs: number): string | undefined {
  if (result.outcome === "finished") return undefined;
  const done = result.points.at(-1)?.epoch ?? 0;
  return `${result.outcome} after ${Number(done.toFixed(2))} of ${epochs} epochs`;
}

function environmentNow(): Record<string, unknown> {
  return {
    convoyant: VERSION,
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    processor: cpus()[0]?.model.trim() ?? "unknown",
    processors: cpus().length,
    engine: engineInfo(),
  };
}

/** Passes batches on and remembers what shape they have. */
class ShapeWatch implements Loader {
  seen: readonly number[] | null = null;
  private readonly loader: Loader;

  constructor(loader: Loader) {
    this.loader = loader;
  }

  get length(): number {
    return this.loader.length;
  }

  async *iterate(options: { epoch: number; fromBatch?: number }): ReturnType<Loader["iterate"]> extends AsyncIterable<infer B> ? AsyncGenerator<B> : never {
    for await (const batch of this.loader.iterate(options)) {
      this.seen ??= batch[0].shape;
      yield batch;
    }
  }
}
