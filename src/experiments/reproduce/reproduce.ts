/** The chapter's networks over seeds, compared with the authors' results. */
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { writeFileAtomicSync } from "../../io/atomic_file.ts";
import { fileErrorOf } from "../../io/file_errors.ts";
import { makeFolderSync } from "../../io/make_folder.ts";
import { names } from "../../models/index.ts";
import { machineNow } from "../../train/runs/environment.ts";
import { oneOf } from "../one_of.ts";
import { readSeriesRun, type SeriesRun, type TrainedRun } from "../series_run.ts";
import { type RunToTrain, type SeriesOptions, trainSeries } from "../train_series.ts";
import type { GivenSettings } from "../training_config.ts";
import { trainBaselines } from "./reproduction_baseline.ts";
import { DEFAULT_NETWORKS, isStart, parseNetwork, planStarts, planTrainings } from "./reproduction_plan.ts";
import { readPytorchRecords } from "./reproduction_pytorch.ts";
import { mergeRecords, onMachine, readRecords, recordsPath, recordsText } from "./reproduction_records.ts";
import { reproductionDocument } from "./reproduction_report.ts";

/** The libraries that can go through the same epochs. */
export const REPRODUCTION_BASELINES = ["pytorch"] as const;

export interface ReproduceOptions extends SeriesOptions {
  /** `<network>[:<seeds>[:<epochs>[:<precision>]]]` each; by default those of the chapter. */
  readonly networks?: readonly string[];
  /** Settings of all trainings. */
  readonly settings?: GivenSettings;
  /** Holds a folder for each run. Default "runs/reproduction". */
  readonly out?: string;
  /** The document; its records lie beside it. Default "docs/reproduction.md". */
  readonly document?: string;
  /** First steps of a network from a number of seeds, to see how many fail. */
  readonly starts?: { readonly model: string; readonly count: number; readonly steps: number };
  /** Who is to go through the same epochs afterwards: "pytorch", or nothing. */
  readonly against?: readonly string[];
}

export interface Reproduced {
  readonly runs: readonly SeriesRun[];
  readonly finished: boolean;
}

type Places = Required<Pick<ReproduceOptions, "out" | "document">>;

/**
 * Trains the chapter's networks and compares them with the authors' results: what `convoyant reproduce` does.
 *
 * @throws ArgumentError for an unknown network or library.
 * @example
 * ```ts no-run
 * import * as experiments from "convoyant/experiments";
 * const { runs } = await experiments.reproduce({ networks: ["lenet:5"] });
 * runs.length; // 5
 * ```
 */
export async function reproduce(options: ReproduceOptions = {}): Promise<Reproduced> {
  const { settings = {}, out = "runs/reproduction", document = "docs/reproduction.md" } = options;
  const { networks = [], starts = { model: "nin", count: 0, steps: 1 }, against = [], ...series } = options;
  for (const name of against) oneOf("library to reproduce with", name, REPRODUCTION_BASELINES);
  const wanted = networks.length === 0 && starts.count === 0 ? DEFAULT_NETWORKS : networks;
  const planned = [
    ...planTrainings(wanted.map(parseNetwork), settings, out),
    ...planStarts(starts.model, starts.count, starts.steps, settings, out),
  ];
  const places = { out, document };
  const onDone: SeriesOptions["onDone"] = (run) => {
    options.onDone?.(run);
    writeDocument(places);
  };
  const ownFinished = await trainSeries(planned, { ...series, onDone });
  const finished = ownFinished && (against.length === 0 || (await trainPytorch(places, planned, options)));
  return { runs: writeDocument(places), finished };
}

/** @returns false when it was interrupted. */
async function trainPytorch(
  places: Places,
  planned: readonly RunToTrain[],
  { signal = new AbortController().signal, onNote = () => {} }: SeriesOptions,
): Promise<boolean> {
  const all = planned.flatMap(({ folder }) => readSeriesRun(folder) ?? []);
  const [starts, trainings] = [true, false].map((start) => all.filter((run) => isStart(run) === start));
  try {
    await trainBaselines({ trainings, starts }, places.out, {
      signal,
      note: onNote,
      onRecord: () => writeDocument(places),
    });
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}

/**
 * Writes the document and its records: what was known, and all runs in the folder, in the order of the chapter.
 * Returns the runs in the folder.
 */
function writeDocument({ out, document }: Places): SeriesRun[] {
  const found = namesIn(out).map((name) => join(out, name));
  const all = found.flatMap((folder) => readSeriesRun(folder) ?? []);
  const [starts, runs] = [true, false].map((start) =>
    all.filter((run) => isStart(run) === start).sort(inOrder),
  );
  const path = recordsPath(document);
  const pytorch = onMachine(readPytorchRecords(join(out, "pytorch.jsonl")), machineNow());
  const merged = mergeRecords(readRecords(path), { runs, starts, pytorch });
  const records = {
    runs: merged.runs.toSorted(inOrder),
    starts: merged.starts.toSorted(inOrder),
    pytorch: merged.pytorch,
  };
  const text = reproductionDocument({ records, now: new Date(), command: "npx convoyant reproduce" });
  makeFolderSync(dirname(document));
  writeFileAtomicSync(path, recordsText(records));
  writeFileAtomicSync(document, text);
  return runs;
}

function inOrder(a: TrainedRun, b: TrainedRun): number {
  const place = ({ config }: TrainedRun) =>
    names().indexOf(config.model) * 1e6 + (config.precision === "f32" ? 0 : 5e5) + config.seed;
  return place(a) - place(b);
}

function namesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  try {
    return readdirSync(folder);
  } catch (error) {
    throw fileErrorOf(error, folder, "read");
  }
}
