/**
 * PyTorch through the same epochs and starts as ours, after them: by the program in bench/baselines, whose lines go to
 * `pytorch.jsonl` beside the runs. What that file holds already is not trained again; an interrupted training goes on
 * from its last checkpoint.
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ListenedSignal } from "../../base/web_types.ts";
import { openDataset } from "../../data/index.ts";
import { writeFileAtomicSync } from "../../io/atomic_file.ts";
import { readTextSync } from "../../io/regular_file.ts";
import { type BaselineProgram, lastWords, runBaseline } from "../bench/baseline_process.ts";
import { type BaselinePlaces, baselinePlaces, missingPart } from "../bench/baselines.ts";
import { differencesFromTheBook } from "../config_text.ts";
import { precisionOf, type SeriesRun } from "../series_run.ts";
import { type PytorchRecord, readPytorchRecords } from "./reproduction_pytorch.ts";

const PROGRAM = "pytorch_epochs.py";
/** Networks that the program has. */
const NETS: readonly string[] = ["lenet", "bn-lenet", "alexnet", "vgg11", "nin", "googlenet"];

/** What PyTorch is to do too: a training, a start (its first steps), or a training whose start is reported as well. */
export interface BaselineTask {
  readonly net: string;
  readonly precision: string;
  readonly seed: number;
  /** Whole epochs; 0 if there is a start alone. */
  readonly epochs: number;
  /** Steps of the start; 0 if there is none. */
  readonly steps: number;
}

/** What ours have been through with the chapter's settings and the records do not hold, in the order of the runs. */
export function baselineTasks(
  runs: readonly SeriesRun[],
  starts: readonly SeriesRun[],
  records: readonly PytorchRecord[],
): BaselineTask[] {
  const likeTheBook = ({ config }: SeriesRun, limitBatches: number | null) =>
    differencesFromTheBook({ ...config, limitBatches }).length === 0;
  const trainings = runs
    .filter((run) => likeTheBook(run, run.config.limitBatches))
    .map((run) => ({ ...taskOf(run), epochs: Math.floor(run.metrics?.epochs ?? 0), steps: 0 }));
  const begun = starts
    .filter((run) => likeTheBook(run, null))
    .map((run) => ({ ...taskOf(run), epochs: 0, steps: run.config.limitBatches ?? 0 }));
  const left = [...trainings, ...begun].filter(
    (task) => NETS.includes(task.net) && !records.some((record) => isDone(task, record)),
  );
  const tasks = new Map<string, BaselineTask>();
  for (const { epochs, steps, ...which } of left) {
    const key = JSON.stringify(which);
    const other = tasks.get(key) ?? { epochs: 0, steps: 0 };
    const task = { ...which, epochs: Math.max(epochs, other.epochs), steps: Math.max(steps, other.steps) };
    if (task.epochs > 0 || task.steps > 0) tasks.set(key, task);
  }
  return [...tasks.values()];
}

function taskOf(run: SeriesRun) {
  return { net: run.config.model, precision: precisionOf(run), seed: run.config.seed };
}

function isDone(task: BaselineTask, record: PytorchRecord): boolean {
  const { net, precision, seed, lr, epoch = 0, steps } = record;
  const same = net === task.net && precision === task.precision && seed === task.seed && lr === undefined;
  return same && (task.steps > 0 ? steps === task.steps : epoch >= task.epochs);
}

/** How the program is called for a task. */
export function baselineProgram(
  task: BaselineTask,
  out: string,
  data: string,
  places: BaselinePlaces,
): BaselineProgram {
  const { net, precision, seed, epochs, steps } = task;
  const which = ["--net", net, "--precision", precision, "--first-seed", `${seed}`];
  const length = ["--epochs", `${epochs}`, "--steps", `${steps}`];
  const kept = ["--checkpoint", join(out, `pytorch-${net}-${precision}`)];
  return {
    command: places.python,
    args: [join(places.programs, PROGRAM), "--data", data, ...which, ...length, ...kept],
  };
}

/**
 * Does what is left for PyTorch, a task after the other; one that fails is reported and left out.
 *
 * @throws the signal's reason if it is aborted.
 */
export async function trainBaselines(
  runs: { readonly trainings: readonly SeriesRun[]; readonly starts: readonly SeriesRun[] },
  out: string,
  options: { signal: ListenedSignal; note(text: string): void; onRecord(): void },
): Promise<void> {
  const places = baselinePlaces();
  const file = join(out, "pytorch.jsonl");
  const tasks = baselineTasks(runs.trainings, runs.starts, readPytorchRecords(file));
  if (tasks.length === 0) return;
  const missing = missingPart(places, PROGRAM, []);
  if (missing !== undefined) {
    options.note(`pytorch: left out, ${missing}`);
    return;
  }
  const { dataDir } = (runs.trainings[0] ?? runs.starts[0]).config;
  const { folder } = await openDataset("fashion-mnist", {
    train: true,
    ...(dataDir !== null && { dataDir }),
  });
  for (const task of tasks) {
    const { net, precision, seed, epochs, steps } = task;
    const length = [epochs > 0 && `${epochs} epochs`, steps > 0 && `the first ${steps} steps`].filter(
      Boolean,
    );
    options.note(`pytorch: ${net}, ${precision}, seed ${seed}, ${length.join(", ")}`);
    const onLine = (line: string) => {
      if (line.startsWith("step ")) options.note(`pytorch: ${line}`);
      if (!line.startsWith("{")) return;
      append(file, line);
      options.note(`pytorch: ${line}`);
      options.onRecord();
    };
    const { signal } = options;
    const failed = await runBaseline(baselineProgram(task, out, folder, places), { onLine, signal }).then(
      ({ code, errors }) => (code === 0 ? null : lastWords(errors)),
      (error: Error) => {
        signal.throwIfAborted();
        return error.message;
      },
    );
    if (failed !== null) options.note(`pytorch: ${net} was left out: ${failed}`);
  }
}

/** Whole: a program that is killed leaves no half line behind. */
function append(file: string, line: string): void {
  const before = existsSync(file) ? readTextSync(file) : "";
  writeFileAtomicSync(file, `${before}${before === "" || before.endsWith("\n") ? "" : "\n"}${line}\n`);
}
