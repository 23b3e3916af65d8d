/** Trainings of a series, each in a folder of its own: begun, resumed, or left as they are when they are done. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ArgumentError, DivergenceError } from "../base/errors.ts";
import { writeFileAtomicSync } from "../io/atomic_file.ts";
import { useEngine } from "../tensor/index.ts";
import { RUN_FILES, RunFolder } from "../train/runs/run_folder.ts";
import { FAILURE, isDone, readSeriesRun, type SeriesRun } from "./series_run.ts";
import { firstNetwork, type TrainOptions, trainInFolder } from "./train.ts";
import { engineOptions, type TrainingConfig } from "./training_config.ts";
import { makeLoaders } from "./training_parts.ts";

/** A training that is to be done. */
export interface RunToTrain {
  readonly folder: string;
  readonly config: TrainingConfig;
  /** Whether the test set is looked at after each epoch; default true. */
  readonly tests?: boolean;
}

/** How a series is trained, and its callbacks. */
export interface SeriesOptions extends TrainOptions {
  /** Called for each training when it is done, also of those that were done before. */
  readonly onDone?: (run: SeriesRun) => void;
}

/**
 * Does what is left of the trainings, one after the other.
 *
 * @returns whether it came to the end; false when it was interrupted, with everything saved.
 */
export async function trainSeries(planned: readonly RunToTrain[], options: SeriesOptions): Promise<boolean> {
  const engines = new EngineInUse();
  for (const plan of planned) {
    const before = readSeriesRun(plan.folder);
    if (before !== null) checkSame(before, plan.config);
    if (!isDone(before, plan.config.epochs)) {
      if (options.signal?.aborted) return false;
      if (before !== null && before.config.engine !== plan.config.engine) {
        options.onNote?.(
          `${plan.folder}: goes on with ${plan.config.engine}, was begun with ${before.config.engine}`,
        );
      }
      await engines.use(plan.config);
      if (!(await trainOne(plan, options))) return false;
    }
    options.onDone?.(readSeriesRun(plan.folder) as SeriesRun);
  }
  return true;
}

/** What may differ between two parts of one training; the rest is what a series compares. */
export const CHANGEABLE_IN_SERIES: readonly string[] = ["epochs", "engine", "threads", "dataDir"];

/** A folder is resumed only when it holds this very training. */
function checkSame({ config, folder }: SeriesRun, planned: TrainingConfig): void {
  const names = Object.keys(planned) as (keyof TrainingConfig)[];
  for (const name of names.filter((each) => !CHANGEABLE_IN_SERIES.includes(each))) {
    const [stored, wanted] = [JSON.stringify(config[name]), JSON.stringify(planned[name])];
    if (stored === wanted) continue;
    throw new ArgumentError(
      `${folder} holds another training (${name} ${stored}, not ${wanted}): choose another folder`,
    );
  }
}

/** Starts an engine only when it is another than the one before. */
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

/** @returns false when it was interrupted. */
async function trainOne(
  { folder: path, config, tests = true }: RunToTrain,
  options: SeriesOptions,
): Promise<boolean> {
  const resumed = existsSync(join(path, RUN_FILES.config));
  const loaders = await makeLoaders(config, options.onNote);
  const net = await firstNetwork(config, resumed);
  const folder = resumed ? RunFolder.open(path) : RunFolder.create(path);
  try {
    const { outcome } = await trainInFolder({ net, config, loaders, folder, resumed, tests }, options);
    return outcome !== "interrupted";
  } catch (error) {
    if (!(error instanceof DivergenceError)) throw error;
    // A training that diverges would diverge again: it is noted, and the series goes on.
    options.onNote?.(`${path}: ${error.message}`);
    writeFileAtomicSync(join(path, FAILURE), `${JSON.stringify({ message: error.problem })}\n`);
    return true;
  } finally {
    folder.close();
  }
}
