/** Trainings of a series, each in a folder of its own: begun, gone on with, or read where they are done. */
import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { ArgumentError, TrainingError } from "../base/errors.ts";
import { writeFileAtomicSync } from "../io/atomic_file.ts";
import { type FinalFigures, finalFigures, type MetricsPoint, parseMetrics } from "../report/run_record.ts";
import { useEngine } from "../tensor/index.ts";
import { RUN_FILES, RunFolder, readRunConfig } from "../train/run_folder.ts";
import { trainConfigured } from "./configured_run.ts";
import { interruption } from "./interruption.ts";
import type { Output } from "./output.ts";
import { TrainOutput } from "./train_output.ts";
import { makeLoaders, parseConfig, type TrainingConfig } from "./training_config.ts";

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

/** @returns null where there is no training yet. */
export function readSeriesRun(folder: string): SeriesRun | null {
  if (!existsSync(join(folder, RUN_FILES.config))) return null;
  const stored = readRunConfig(folder);
  const config = parseConfig(stored.config, join(folder, RUN_FILES.config));
  const points = withTimes(linesOf(join(folder, RUN_FILES.metrics)), linesOf(join(folder, RUN_FILES.timing)));
  const failed = join(folder, FAILURE);
  const failure = existsSync(failed) ? String(JSON.parse(readFileSync(failed, "utf8")).message) : null;
  const environment = (stored.environment ?? {}) as Record<string, unknown>;
  return {
    folder,
    config,
    points,
    figures: finalFigures(points),
    failure,
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

function linesOf(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

/** Times lie in a file of their own. */
function withTimes(metrics: string, timing: string): MetricsPoint[] {
  const times = new Map<number, Partial<MetricsPoint>>();
  for (const line of timing.split("\n").slice(0, -1)) {
    const { epoch, seconds, examplesPerSecond } = JSON.parse(line) as MetricsPoint;
    times.set(epoch, { seconds, examplesPerSecond });
  }
  return parseMetrics(metrics).points.map((point) => ({ ...point, ...times.get(point.epoch) }));
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

  async use({ engine, threads }: TrainingConfig): Promise<void> {
    const key = `${engine} ${threads}`;
    if (key === this.#key) return;
    await useEngine(engine, threads === null ? {} : { threads });
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
