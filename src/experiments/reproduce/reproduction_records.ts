/**
 * What has been reproduced so far, on whichever machine: a file of JSON lines beside the document. A network that takes
 * a night is trained if there is a night's time; what others trained before stays in the document.
 */

import { existsSync } from "node:fs";
import * as v from "valibot";
import { FileError } from "../../base/errors.ts";
import { parseJson } from "../../base/json_text.ts";
import { readTextSync } from "../../io/regular_file.ts";
import { finalMetrics, isMetricsPoint, type MetricsPoint } from "../../records/run_record.ts";
import { precisionOf, type TrainedRun } from "../series_run.ts";
import { CHANGEABLE_IN_SERIES } from "../train_series.ts";
import { parseConfig, type TrainingConfig } from "../training_config.ts";
import { machineText } from "./reproduction_machine.ts";
import { type PytorchRecord, pytorchRecord } from "./reproduction_pytorch.ts";

export interface Records {
  readonly runs: readonly TrainedRun[];
  /** Trainings of a few steps, to see how many of them fail. */
  readonly starts: readonly TrainedRun[];
  readonly pytorch: readonly PytorchRecord[];
}

/** `docs/reproduction.jsonl` beside `docs/reproduction.md`. */
export function recordsPath(document: string): string {
  return `${document.replace(/\.[^./\\]+$/, "")}.jsonl`;
}

const trained = v.object({
  kind: v.picklist(["run", "start"]),
  startedAt: v.string(),
  failure: v.nullable(v.string()),
  environment: v.record(v.string(), v.unknown()),
  config: v.unknown(),
  points: v.array(v.custom<MetricsPoint>(isMetricsPoint)),
});

/**
 * @returns nothing if there is no file.
 * @throws FileError that names the line which is not a record.
 */
export function readRecords(path: string): Records {
  const records = { runs: [] as TrainedRun[], starts: [] as TrainedRun[], pytorch: [] as PytorchRecord[] };
  if (!existsSync(path)) return records;
  const lines = readTextSync(path).split("\n");
  lines.forEach((line, i) => {
    if (line.trim() === "") return;
    const place = `${path}: line ${i + 1}`;
    const value = parsed(line, place);
    if ((value as { kind?: unknown }).kind === "pytorch") {
      records.pytorch.push(pytorchRecord(value, place, line));
      return;
    }
    const { output, success } = v.safeParse(trained, value);
    if (!success) throw new FileError(`${place} is not a record of a training: ${line.slice(0, 80)}`);
    const { kind, startedAt, failure, environment, points } = output;
    const config = parseConfig(output.config, place);
    const run = { config, points, metrics: finalMetrics(points), failure, startedAt, environment };
    (kind === "run" ? records.runs : records.starts).push(run);
  });
  return records;
}

function parsed(line: string, place: string): object {
  try {
    const value: unknown = parseJson(line);
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // Reported below, together with what parses but is not an object.
  }
  throw new FileError(`${place} is not a JSON object: ${line.slice(0, 80)}`);
}

/**
 * Known records and those found now, but for trainings that got nowhere yet. Of two of the same training the longer
 * counts, of equally long ones the newer.
 */
export function mergeRecords(known: Records, found: Records): Records {
  return {
    runs: merged([...known.runs, ...found.runs.filter(hasBegun)], trainingKey, outlasts),
    starts: merged([...known.starts, ...found.starts.filter(hasBegun)], trainingKey, outlasts),
    pytorch: merged([...known.pytorch, ...found.pytorch], pytorchKey, () => true),
  };
}

function hasBegun({ points, failure }: TrainedRun): boolean {
  return points.length > 0 || failure !== null;
}

function merged<T>(all: readonly T[], keyOf: (one: T) => string, replaces: (one: T, other: T) => boolean) {
  const kept = new Map<string, T>();
  for (const one of all) {
    const other = kept.get(keyOf(one));
    if (other === undefined || replaces(one, other)) kept.set(keyOf(one), one);
  }
  return [...kept.values()];
}

/** Everything but what may change between two parts of one training. */
function trainingKey({ config, environment }: TrainedRun): string {
  const fixed = Object.entries(config).filter(([name]) => !CHANGEABLE_IN_SERIES.includes(name));
  // What was asked for in bf16 and computed in f32 is another training than that in bf16.
  return JSON.stringify([Object.fromEntries(fixed), precisionOf({ environment })]);
}

function pytorchKey({ net, seed, precision, lr, epoch, steps, machine }: PytorchRecord): string {
  return JSON.stringify([net, seed, precision, lr, epoch, steps, machine]);
}

function outlasts(one: TrainedRun, other: TrainedRun): boolean {
  const [mine, its] = [lengthOf(one), lengthOf(other)];
  return mine > its || (mine === its && one.startedAt >= other.startedAt);
}

function lengthOf({ failure, config, metrics }: TrainedRun): number {
  return failure !== null ? config.epochs : (metrics?.epochs ?? 0);
}

/** The file's text: trainings with the points at the ends of epochs and the last two, without this machine's paths. */
export function recordsText({ runs, starts, pytorch }: Records): string {
  const line = (record: object) => `${JSON.stringify(record)}\n`;
  const trainedLine = (kind: string, run: TrainedRun) =>
    line({
      kind,
      startedAt: run.startedAt,
      failure: run.failure,
      environment: withoutFolders(run.environment),
      config: { ...run.config, dataDir: null } satisfies TrainingConfig,
      points: run.points.filter(({ epoch }, i) => Number.isInteger(epoch) || i >= run.points.length - 2),
    });
  return [
    ...runs.map((run) => trainedLine("run", run)),
    ...starts.map((run) => trainedLine("start", run)),
    ...pytorch.map((record) => line({ kind: "pytorch", ...record })),
  ].join("");
}

/** A library in a user's folder is identified by its file's name. */
function withoutFolders(environment: TrainedRun["environment"]): Record<string, unknown> {
  const short = (value: unknown) =>
    typeof value === "string" ? value.replace(/(^|\s)\/\S*\//g, "$1") : value;
  return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, short(value)]));
}

/** PyTorch's results of this machine; the program that writes them does not know what we call it. */
export function onMachine(
  records: readonly PytorchRecord[],
  machine: Readonly<Record<string, unknown>>,
): PytorchRecord[] {
  return records.map((record) => ({ ...record, machine: record.machine ?? machineText(machine) }));
}
