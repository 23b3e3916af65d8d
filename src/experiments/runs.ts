/** The runs in a folder, by any caller: looked at, removed. */
import { existsSync, readdirSync, rmdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { isError } from "../base/builtin_kinds.ts";
import { FileError } from "../base/errors.ts";
import { parseJson } from "../base/json_text.ts";
import { fileErrorOf } from "../io/file_errors.ts";
import { MOST_JSON_BYTES, readTextSync } from "../io/regular_file.ts";
import { type FinalMetrics, finalMetrics, type MetricsPoint, parseMetrics } from "../records/run_record.ts";
import { endsWithOthers } from "../train/finetune/whole_phase.ts";
import { RUN_FILES, readRunConfig } from "../train/runs/run_folder.ts";
import { isInUse, releaseLock, takeLock } from "../train/runs/run_lock.ts";
import { isPhotosRun, PHOTOS_FORMAT, type PhotosConfig, readPhotosRecord } from "./photos/photo_config.ts";
import { FAILURE } from "./series_run.ts";

/** How far a run came. */
export type RunState = "training" | "finished" | "unfinished" | "failed" | "damaged";

/** What a run's folder contains. */
export interface RunInfo {
  readonly folder: string;
  readonly model: string;
  readonly startedAt: string;
  readonly state: RunState;
  /** Epochs that were asked for; null when the settings do not say. */
  readonly epochs: number | null;
  /** At its last point; null when it has none. `testAccuracy` is that of the images which judged the epochs. */
  readonly metrics: FinalMetrics | null;
  /**
   * At the end of the epoch whose weights are kept as `best.safetensors`, which predictions use; null if none was tested.
   * Of a training under way the best epoch so far; of one that ended with averaged or interpolated weights what these have.
   */
  readonly best: MetricsPoint | null;
  /** Whether `best` is an epoch's, and not that of averaged or interpolated weights. */
  readonly bestIsEpoch: boolean;
  /** What those images are. */
  readonly heldOut: "test" | "validation";
  readonly points: readonly MetricsPoint[];
  /** As `config.json` has them. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly environment: Readonly<Record<string, unknown>>;
  readonly command: string | null;
  /** What is wrong with its files, or why the training failed; null when nothing is. */
  readonly problem: string | null;
}

/**
 * The runs in a folder, in the order of their names; folders that are not runs are passed over.
 *
 * @throws FileError when the folder cannot be read.
 * @example
 * ```ts no-run
 * import * as experiments from "convoyant/experiments";
 * experiments.listRuns("runs").map(({ folder, state }) => [folder, state]);
 * ```
 */
export function listRuns(parent: string): RunInfo[] {
  if (!existsSync(parent)) return [];
  try {
    const names = readdirSync(parent).sort();
    return names
      .map((name) => join(parent, name))
      .filter(isRun)
      .map(describe);
  } catch (error) {
    throw fileErrorOf(error, parent, "read");
  }
}

/**
 * Reads what a run's folder contains.
 *
 * @throws FileError when there is no run.
 * @example
 * ```ts no-run
 * import * as experiments from "convoyant/experiments";
 * experiments.readRun("runs/first").metrics?.testAccuracy;
 * ```
 */
export function readRun(folder: string): RunInfo {
  storedConfig(folder);
  return describe(folder);
}

/**
 * Removes the files of a run, and its folder when nothing else lies in it.
 *
 * @returns names of the files that stayed, since they are not the run's.
 * @throws FileError when there is no run; TrainingError when it is being trained.
 * @example
 * ```ts no-run
 * import * as experiments from "convoyant/experiments";
 * experiments.removeRun("runs/first"); // []
 * ```
 */
export function removeRun(folder: string): string[] {
  if (!isRun(folder)) readRunConfig(folder);
  const lock = join(folder, RUN_FILES.lock);
  takeLock(lock, folder);
  try {
    removeFiles(folder);
    // Parts of a run on photographs: the head alone, and what it was before its images changed.
    for (const part of readdirSync(folder).filter((name) => /^(frozen|earlier-\d+)$/.test(name)))
      removeFolder(join(folder, part));
    const left = readdirSync(folder).sort();
    if (left.length === 0) rmdirSync(folder);
    return left;
  } catch (error) {
    throw fileErrorOf(error, folder, "write");
  } finally {
    releaseLock(lock);
  }
}

function removeFiles(folder: string): void {
  for (const name of [...Object.values(RUN_FILES), FAILURE, "timing.jsonl", "test.json"])
    rmSync(join(folder, name), { force: true });
}

/** The files of a part of a run, and its folder if nothing else lies in it. */
function removeFolder(folder: string): void {
  const inner = join(folder, "frozen");
  if (existsSync(inner)) removeFolder(inner);
  removeFiles(folder);
  if (readdirSync(folder).length === 0) rmdirSync(folder);
}

function isRun(folder: string): boolean {
  return (
    statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true &&
    [RUN_FILES.config, RUN_FILES.photos].some((name) => existsSync(join(folder, name)))
  );
}

/** `config.json`; of a run on photographs that was interrupted before the whole network was trained, what it began with. */
function storedConfig(folder: string): Record<string, unknown> {
  if (existsSync(join(folder, RUN_FILES.config)) || !isPhotosRun(folder)) return readRunConfig(folder);
  const { config } = readPhotosRecord(folder);
  return { model: config.model ?? "network", config, outcome: "interrupted" };
}

function describe(folder: string): RunInfo {
  const base = {
    folder,
    model: "",
    startedAt: "",
    epochs: null,
    metrics: null,
    best: null,
    bestIsEpoch: true,
    heldOut: "test" as const,
    points: [],
    settings: {},
    environment: {},
    command: null,
  };
  try {
    const stored = storedConfig(folder);
    const settings = recordOr(stored.config);
    const points = pointsIn(folder);
    const metrics = finalMetrics(points) ?? null;
    const epochs = epochsOf(settings);
    const between = betweenEpochs(folder, points, settings);
    const failed = stored.outcome === "failed" ? String(stored.problem ?? "it failed") : null;
    const problem = failureIn(folder) ?? failed;
    return {
      folder,
      model: String(stored.model ?? settings.model ?? ""),
      startedAt: String(stored.startedAt ?? ""),
      state: stateOf(folder, stored.outcome, problem, metrics?.epochs ?? 0, epochs),
      epochs,
      metrics,
      best: between ?? bestOf(points, stored.bestEpoch, settings),
      bestIsEpoch: between === null,
      heldOut: heldOutOf(settings),
      points,
      settings,
      environment: recordOr(stored.environment),
      command: typeof stored.command === "string" ? stored.command : null,
      problem,
    };
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return { ...base, state: "damaged", problem: error.message };
  }
}

/** Of weights that belong to none of the epochs: what was counted with them in the end; null of others, and before. */
function betweenEpochs(
  folder: string,
  points: readonly MetricsPoint[],
  settings: Record<string, unknown>,
): MetricsPoint | null {
  const { format, epochs, ema, interpolate } = settings as Partial<PhotosConfig>;
  const path = join(folder, RUN_FILES.results);
  const last = points.at(-1);
  if (format !== PHOTOS_FORMAT || last === undefined || !existsSync(path)) return null;
  if (!endsWithOthers({ epochs: epochs ?? 0, ema, interpolate })) return null;
  const { accuracy: testAccuracy, loss: testLoss } = recordOr(recordOr(jsonIn(path)).val);
  if (typeof testAccuracy !== "number" || typeof testLoss !== "number") return null;
  return { ...last, testAccuracy, testLoss };
}

function jsonIn(path: string): unknown {
  const text = readTextSync(path, MOST_JSON_BYTES);
  try {
    return parseJson(text);
  } catch (error) {
    throw new FileError(`${path} is damaged: it is not JSON`, { cause: error });
  }
}

/** The point of the best epoch: the one that the training noted when it ended, else by what judges such trainings. */
function bestOf(
  points: readonly MetricsPoint[],
  noted: unknown,
  { format }: Record<string, unknown>,
): MetricsPoint | null {
  const tested = points.filter(({ testAccuracy }) => testAccuracy !== undefined);
  const found = tested.find(({ epoch }) => epoch === noted);
  if (found !== undefined) return found;
  const merit = ({ testLoss = Number.NaN, testAccuracy = Number.NaN }: MetricsPoint) =>
    format === PHOTOS_FORMAT ? -testLoss : testAccuracy;
  // Of equal ones the first, as the training keeps them.
  const best = Math.max(...tested.map(merit).filter(Number.isFinite));
  return tested.find((point) => merit(point) === best) ?? null;
}

/** A part of the training images that was split off, and of photographs every one that is not trained on. */
function heldOutOf({ format, valSplit }: Record<string, unknown>): RunInfo["heldOut"] {
  return format === PHOTOS_FORMAT || (typeof valSplit === "number" && valSplit > 0) ? "validation" : "test";
}

/** Of a head that was trained alone, its own. */
function epochsOf({ format, epochs, freezeEpochs }: Record<string, unknown>): number | null {
  const asked = format === PHOTOS_FORMAT && epochs === 0 ? freezeEpochs : epochs;
  return typeof asked === "number" ? asked : null;
}

/** What the training noted at its end; runs of earlier versions noted nothing. */
function stateOf(
  folder: string,
  outcome: unknown,
  problem: string | null,
  done: number,
  epochs: number | null,
): RunState {
  if (isInUse(join(folder, RUN_FILES.lock))) return "training";
  if (problem !== null) return "failed";
  if (outcome === "finished" || outcome === "stopped early") return "finished";
  return outcome === undefined && epochs !== null && done >= epochs ? "finished" : "unfinished";
}

function pointsIn(folder: string): MetricsPoint[] {
  const path = join(folder, RUN_FILES.metrics);
  if (!existsSync(path)) return [];
  try {
    return parseMetrics(readTextSync(path)).points;
  } catch (error) {
    if (!isError(error) || error.name !== "SyntaxError") throw error;
    throw new FileError(`${path} is damaged: ${error.message}`, { cause: error });
  }
}

function failureIn(folder: string): string | null {
  const path = join(folder, FAILURE);
  if (!existsSync(path)) return null;
  try {
    return String(recordOr(parseJson(readTextSync(path, MOST_JSON_BYTES))).message ?? "it failed");
  } catch {
    return `${path} is damaged`;
  }
}

function recordOr(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
