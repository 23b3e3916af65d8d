/** Runs of the command line that open in the Lab. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { zipSync } from "fflate";
import { listRuns, type RunInfo, readRun } from "../experiments/runs.ts";
import { RUN_FILES } from "../train/runs/run_folder.ts";

/** What the page knows of a run before it opens it. */
export interface ListedRun {
  readonly name: string;
  readonly title: string;
  readonly model: string;
  readonly epochs: number | null;
  /** On the test set, after the last epoch. */
  readonly accuracy: number | null;
}

/** The files of a run that the Lab reads. */
const FILES = [RUN_FILES.config, RUN_FILES.metrics, RUN_FILES.best, RUN_FILES.last] as const;

/**
 * Runs with weights by their names, found again at each call: a training may just have made one.
 *
 * @param folders - folders in which runs lie, or runs themselves.
 */
export function runsIn(folders: readonly string[]): ReadonlyMap<string, RunInfo> {
  const runs = new Map<string, RunInfo>();
  for (const folder of folders) {
    const found = isRunFolder(folder) ? [readRun(folder)] : listRuns(folder);
    for (const run of found) if (hasWeights(run.folder)) runs.set(basename(resolve(run.folder)), run);
  }
  return runs;
}

/** Whether a folder is a run. */
export const isRunFolder = (folder: string): boolean => existsSync(join(folder, RUN_FILES.config));

/** Whether runs lie in a folder. */
export const holdsRuns = (folder: string): boolean =>
  statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true && listRuns(folder).length > 0;

const hasWeights = (folder: string): boolean =>
  [RUN_FILES.best, RUN_FILES.last].some((name) => existsSync(join(folder, name)));

export function listedRuns(runs: ReadonlyMap<string, RunInfo>): ListedRun[] {
  return [...runs].map(([name, { model, metrics, startedAt }]) => ({
    name,
    title: startedAt === "" ? name : `${model}, ${startedAt.slice(0, 16).replace("T", " ")}`,
    model,
    epochs: metrics?.epochs ?? null,
    accuracy: metrics?.testAccuracy ?? null,
  }));
}

/** A run as a zip: the folder with what the Lab reads of it. Weights are as large packed. */
export function runZip(name: string, { folder }: RunInfo): Uint8Array {
  const files = FILES.filter((file) => existsSync(join(folder, file)));
  const entries = files.map((file) => [`${name}/${file}`, new Uint8Array(readFileSync(join(folder, file)))]);
  return zipSync(Object.fromEntries(entries), { level: 0 });
}
