/** Trainings of a series, each in a folder of its own: begun, gone on with, or read where they are done. */

import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { isError } from "../base/builtin_kinds.ts";
import { ArgumentError, FileError, TrainingError } from "../base/errors.ts";
import { parseJson } from "../base/json_text.ts";
import { writeFileAtomicSync } from "../io/atomic_file.ts";
import { MOST_JSON_BYTES, readTextSync } from "../io/regular_file.ts";
import { type FinalFigures, finalFigures, type MetricsPoint, parseMetrics } from "../records/run_record.ts";
import { useEngine } from "../tensor/index.ts";
import { RUN_FILES, RunFolder, readRunConfig } from "../train/runs/run_folder.ts";
import { trainConfigured } from "./configured_run.ts";
import { interruption } from "./console/interruption.ts";
import type { Output } from "./console/output.ts";
import { TrainOutput } from "./console/train_output.ts";
import { engineOptions, makeLoaders, parseConfig, type TrainingConfig } from "./training_config.ts";

/** A training that is to be done. */
export interface PlannedRun {
  readonly folder: string;
  readonly config: TrainingConfig;
  /** Whether the test set is looked at after each epoch; default true. */
  readonly tests?: boolean;
}

/** What is known of a training, also of one whose folder lies on another machine. */
export interface TrainedRun {
  readonly config: TrainingConfig;
  readonly points: readonly MetricsPoint[];
  /** At its last point; undefined where it has none yet. */
  readonly figures: FinalFigures | undefined;
  /** Why it could not go on (the loss became NaN), else null. */
  readonly failure: string | null;
  readonly startedAt: string;
  /** Machine, versions and engine, by name. */
  readonly environment: Readonly<Record<string, unknown>>;
}

/** What a folder tells of a training. */
export interface SeriesRun extends TrainedRun {
  readonly folder: string;
}

/** Holds what stopped a training for good. */
const FAILURE = "failure.json";

/**
 * @returns null where there is no training yet.
 * @throws FileError that names the file, and the line, which is damaged.
 */
export function readSeriesRun(folder: string): SeriesRun | null {
  if (!existsSync(join(folder, RUN_FILES.config))) return null;
  const stored = readRunConfig(folder);
  const config = parseConfig(stored.config, join(folder, RUN_FILES.config));
  const points = readPoints(join(folder, RUN_FILES.metrics), join(folder, RUN_FILES.timing));
  const environment = isRecord(stored.environment) ? stored.environment : {};
  return {
    folder,
    config,
    points,
    figures: finalFigures(points),
    failure: readFailure(join(folder, FAILURE)),
    startedAt: String(stored.startedAt ?? ""),
    environment,
  };
}

/** What a training was computed in: f32 also where bf16 was asked for and the engine had none. */
export function precisionOf({ environment }: TrainedRun): string {
  return String(environment.precision ?? "f32").split(" ")[0];
}

/** Whether nothing is left to do: all epochs trained, or failed for good. */
export function isDone(run: SeriesRun | null, epochs: number): boolean {
  return run !== null && (run.failure !== null || (run.figures?.epochs ?? 0) >= epochs);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function textOf(path: string): string {
  return existsSync(path) ? readTextSync(path) : "";
}

function readFailure(path: string): string | null {
  if (!existsSync(path)) return null;
  try {
    const failure: unknown = parseJson(readTextSync(path, MOST_JSON_BYTES));
    if (isRecord(failure) && typeof failure.message === "string") return failure.message;
  } catch (error) {
    if (error instanceof FileError) throw error;
    // Reported below, together with what parses but tells nothing.
  }
  throw new FileError(`${path} is damaged: expected why the training failed; remove it to train again`);
}

/** Times lie in a file of their own. */
function readPoints(metrics: string, timing: string): MetricsPoint[] {
  const times = readTimes(timing);
  try {
    return parseMetrics(textOf(metrics)).points.map((point) => ({ ...point, ...times.get(point.epoch) }));
  } catch (error) {
    if (!isError(error) || error.name !== "SyntaxError") throw error;
    throw new FileError(`${metrics} is damaged: ${error.message}; remove the run's folder to train again`, {
      cause: error,
    });
  }
}

function readTimes(path: string): Map<number, Partial<MetricsPoint>> {
  // What follows the last line's end is a line that was being written when the process was killed.
  const lines = textOf(path).split("\n").slice(0, -1);
  return new Map(
    lines.map((line, i) => {
      const { epoch, seconds, examplesPerSecond } = timesIn(line) ?? {};
      if (typeof epoch === "number")
        return [epoch, { seconds: numberOr(seconds), examplesPerSecond: numberOr(examplesPerSecond) }];
      throw new FileError(
        `${path} is damaged: line ${i + 1} tells no times: ${line.slice(0, 80)}; remove the file to go on without`,
      );
    }),
  );
}

function timesIn(line: string): Record<string, unknown> | undefined {
  try {
    const times: unknown = parseJson(line);
    return isRecord(times) ? times : undefined;
  } catch {
    return undefined;
  }
}

function numberOr(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

/**
 * Does what is left of the trainings, one after the other.
 *
 * @param onDone - told of each when it is done, also of those that were done before.
 * @returns whether it came to the end; false where it was interrupted, with everything saved.
 */
export async function trainSeries(
  planned: readonly PlannedRun[],
  output: Output,
  options: { checkpointSeconds: number; onDone(run: SeriesRun): void },
): Promise<boolean> {
  let current: TrainOutput | null = null;
  const engines = new EngineInUse();
  const interrupt = interruption(() => current?.interrupted());
  try {
    for (const plan of planned) {
      const before = readSeriesRun(plan.folder);
      if (before !== null) checkSame(before, plan.config);
      if (!isDone(before, plan.config.epochs)) {
        if (interrupt.signal.aborted) return false;
        if (before !== null && before.config.engine !== plan.config.engine) {
          output.note(
            `${plan.folder}: goes on with ${plan.config.engine}, was begun with ${before.config.engine}`,
          );
        }
        const onOutput = (each: TrainOutput) => {
          current = each;
        };
        const finished = await trainOne(plan, output, {
          ...options,
          signal: interrupt.signal,
          engines,
          onOutput,
        });
        current = null;
        if (!finished) return false;
      }
      options.onDone(readSeriesRun(plan.folder) as SeriesRun);
    }
    return true;
  } finally {
    interrupt.release();
  }
}

/** What may differ between two parts of one training. */
export const CHANGEABLE: readonly string[] = ["epochs", "engine", "threads", "dataDir"];

/** A folder is gone on with only where it holds this very training. */
function checkSame({ config, folder }: SeriesRun, planned: TrainingConfig): void {
  const names = Object.keys(planned) as (keyof TrainingConfig)[];
  for (const name of names.filter((each) => !CHANGEABLE.includes(each))) {
    const [stored, wanted] = [JSON.stringify(config[name]), JSON.stringify(planned[name])];
    if (stored === wanted) continue;
    throw new ArgumentError(
      `${folder} holds another training (${name} ${stored}, not ${wanted}): choose another folder with --out`,
    );
  }
}

/** Starts an engine only where it is another than the one before. */
class EngineInUse {
  #key = "";

  async use(config: TrainingConfig): Promise<void> {
    const options = engineOptions(config);
    const key = `${config.engine} ${JSON.stringify(options)}`;
    if (key === this.#key) return;
    await useEngine(config.engine, options);
    this.#key = key;
  }
}

/** @returns false where it was interrupted. */
async function trainOne(
  { folder: path, config, tests = true }: PlannedRun,
  output: Output,
  options: {
    checkpointSeconds: number;
    signal: AbortSignal;
    engines: EngineInUse;
    onOutput(output: TrainOutput): void;
  },
): Promise<boolean> {
  const resume = existsSync(join(path, RUN_FILES.config));
  await options.engines.use(config);
  const loaders = await makeLoaders(config, (text) => output.note(text));
  const folder = resume ? RunFolder.open(path) : RunFolder.create(path);
  const report = new TrainOutput(
    output,
    config,
    relative(process.cwd(), path) || path,
    loaders.trainLoader.length ?? 0,
    true,
  );
  options.onOutput(report);
  try {
    const result = await trainConfigured({
      config,
      loaders: tests ? loaders : { ...loaders, testLoader: null },
      folder,
      resume,
      report,
      checkpointSeconds: options.checkpointSeconds,
      signal: options.signal,
    });
    return result.outcome !== "interrupted";
  } catch (error) {
    if (!(error instanceof TrainingError && error.message.includes("NaN or infinite"))) throw error;
    // A training that diverges would diverge again: it is noted, and the series goes on.
    report.stop();
    output.note(`${relative(process.cwd(), path)}: ${error.message}`);
    writeFileAtomicSync(join(path, FAILURE), `${JSON.stringify({ message: error.message })}\n`);
    return true;
  } finally {
    report.stop();
    folder.close();
  }
}
