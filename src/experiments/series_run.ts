/** What the folder of a training contains: its settings, its points, why it failed. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { isError } from "../base/builtin_kinds.ts";
import { FileError } from "../base/errors.ts";
import { parseJson } from "../base/json_text.ts";
import { MOST_JSON_BYTES, readTextSync } from "../io/regular_file.ts";
import { type FinalMetrics, finalMetrics, type MetricsPoint, parseMetrics } from "../records/run_record.ts";
import type { Precision } from "../train/loop/precision.ts";
import { RUN_FILES, readRunConfig } from "../train/runs/run_folder.ts";
import { parseConfig, type TrainingConfig } from "./training_config.ts";

/** What is known of a training, also of one whose folder lies on another machine. */
export interface TrainedRun {
  readonly config: TrainingConfig;
  readonly points: readonly MetricsPoint[];
  /** At its last point; undefined if it has none yet. */
  readonly metrics: FinalMetrics | undefined;
  /** Why it could not go on (the loss became NaN), else null. */
  readonly failure: string | null;
  readonly startedAt: string;
  /** Machine, versions and engine, by name. */
  readonly environment: Readonly<Record<string, unknown>>;
}

/** What a folder contains of a training. */
export interface SeriesRun extends TrainedRun {
  readonly folder: string;
}

/** Holds what stopped a training for good. */
export const FAILURE = "failure.json";

/**
 * @returns null if there is no training yet.
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
    metrics: finalMetrics(points),
    failure: readFailure(join(folder, FAILURE)),
    startedAt: String(stored.startedAt ?? ""),
    environment,
  };
}

/** What a training was computed in: f32 also if bf16 was asked for and the engine had none. */
export function precisionOf({ environment }: Pick<TrainedRun, "environment">): Precision {
  return environment.precision === "bf16" ? "bf16" : "f32";
}

/** Whether nothing is left to do: all epochs trained, or failed for good. */
export function isDone(run: SeriesRun | null, epochs: number): boolean {
  return run !== null && (run.failure !== null || (run.metrics?.epochs ?? 0) >= epochs);
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
    // Reported below, together with what parses but has no times.
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
        `${path} is damaged: line ${i + 1} has no times: ${line.slice(0, 80)}; remove the file to go on without`,
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
