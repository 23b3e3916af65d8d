/** `convoyant reproduce`: the chapter's networks beside the authors' figures. */
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { INTERRUPTED, interruption } from "../experiments/console/interruption.ts";
import type { Output } from "../experiments/console/output.ts";
import { trainPeers } from "../experiments/reproduce/reproduction_peer.ts";
import {
  DEFAULT_NETWORKS,
  parseNetwork,
  planStarts,
  planTrainings,
  START,
} from "../experiments/reproduce/reproduction_plan.ts";
import { readPytorchRecords } from "../experiments/reproduce/reproduction_pytorch.ts";
import {
  mergeRecords,
  onMachine,
  readRecords,
  recordsPath,
  recordsText,
} from "../experiments/reproduce/reproduction_records.ts";
import { judge, reproductionDocument } from "../experiments/reproduce/reproduction_report.ts";
import {
  type PlannedRun,
  precisionOf,
  readSeriesRun,
  type SeriesRun,
  type TrainedRun,
  trainSeries,
} from "../experiments/run_series.ts";
import { type GivenSettings, oneOf } from "../experiments/training_config.ts";
import { writeFileAtomicSync } from "../io/atomic_file.ts";
import { fileErrorOf } from "../io/file_errors.ts";
import { makeFolderSync } from "../io/make_folder.ts";
import { names } from "../models/index.ts";
import { formatFigure } from "../report/number_text.ts";
import { renderTable } from "../report/terminal/table.ts";
import { machineNow } from "../train/runs/environment.ts";

export interface ReproduceCommand {
  /** `<network>[:<seeds>[:<epochs>[:<precision>]]]`; the usual list where there is none. */
  readonly networks: readonly string[];
  readonly given: GivenSettings;
  /** Holds a folder for each run. */
  readonly out: string;
  /** The document; its records lie beside it. */
  readonly write: string;
  readonly starts: { readonly model: string; readonly count: number; readonly steps: number };
  readonly checkpointSeconds: number;
  /** Who is to go through the same epochs afterwards: nobody, or PyTorch. */
  readonly against: readonly string[];
}

/** Returns the exit code. */
export async function reproduceCommand(command: ReproduceCommand, output: Output): Promise<number> {
  const { given, out, starts } = command;
  for (const name of command.against) oneOf("library to reproduce with", name, ["pytorch"]);
  const list = command.networks.length === 0 && starts.count === 0 ? DEFAULT_NETWORKS : command.networks;
  const planned = [
    ...planTrainings(list.map(parseNetwork), given, out),
    ...planStarts(starts.model, starts.count, starts.steps, given, out),
  ];
  const ownFinished = await trainSeries(planned, output, {
    checkpointSeconds: command.checkpointSeconds,
    onDone: (run) => {
      announce(run, output);
      writeDocument(command);
    },
  });
  const finished =
    ownFinished && (command.against.length === 0 || (await trainPytorch(command, planned, output)));
  const runs = writeDocument(command);
  output.line();
  output.lines(closingTable(runs, output));
  output.line(`\ndocument: ${command.write}`);
  if (!finished) {
    output.line("Interrupted; everything is saved. Go on with the same command.");
    output.event({ event: "interrupted", out });
    return INTERRUPTED;
  }
  output.event({ event: "end", runs: runs.length, document: command.write });
  return 0;
}

/** @returns false where it was interrupted. */
async function trainPytorch(
  command: ReproduceCommand,
  planned: readonly PlannedRun[],
  output: Output,
): Promise<boolean> {
  const all = planned.flatMap(({ folder }) => readSeriesRun(folder) ?? []);
  const [starts, trainings] = [true, false].map((start) => all.filter((run) => isStart(run) === start));
  const interrupt = interruption(() => output.note("Stopping PyTorch."));
  try {
    await trainPeers({ trainings, starts }, command.out, {
      signal: interrupt.signal,
      note: (text) => output.note(text),
      onRecord: () => writeDocument(command),
    });
    return true;
  } catch (error) {
    if (interrupt.signal.aborted) return false;
    throw error;
  } finally {
    interrupt.release();
  }
}

function isStart({ folder }: SeriesRun): boolean {
  return folder.includes(START);
}

function announce(run: SeriesRun, output: Output): void {
  const { model, seed, epochs } = run.config;
  const { trainLoss, trainAccuracy, testAccuracy, examplesPerSecond, seconds } = run.figures ?? {};
  output.event({
    event: "run",
    model,
    seed,
    precision: precisionOf(run),
    epochs: run.figures?.epochs ?? 0,
    of: epochs,
    trainLoss: trainLoss ?? null,
    trainAccuracy: trainAccuracy ?? null,
    testAccuracy: testAccuracy ?? null,
    examplesPerSecond: examplesPerSecond ?? null,
    seconds: seconds ?? null,
    verdict: isStart(run) ? null : judge(run).verdict,
    run: run.folder,
  });
}

/**
 * Writes the document and its records: what was known, and all runs in the folder, in the order of the chapter.
 * Returns the runs in the folder.
 */
function writeDocument(command: ReproduceCommand): SeriesRun[] {
  const found = namesIn(command.out).map((name) => join(command.out, name));
  const all = found.flatMap((folder) => readSeriesRun(folder) ?? []);
  const [starts, runs] = [true, false].map((start) =>
    all.filter((run) => isStart(run) === start).sort(inOrder),
  );
  const path = recordsPath(command.write);
  const pytorch = onMachine(readPytorchRecords(join(command.out, "pytorch.jsonl")), machineNow());
  const merged = mergeRecords(readRecords(path), { runs, starts, pytorch });
  const records = {
    runs: merged.runs.toSorted(inOrder),
    starts: merged.starts.toSorted(inOrder),
    pytorch: merged.pytorch,
  };
  const text = reproductionDocument({ records, now: new Date(), command: "npx convoyant reproduce" });
  makeFolderSync(dirname(command.write));
  writeFileAtomicSync(path, recordsText(records));
  writeFileAtomicSync(command.write, text);
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

function closingTable(runs: readonly SeriesRun[], output: Output): string[] {
  const figure = (value: number | undefined) => (value === undefined ? "" : formatFigure(value));
  return renderTable(
    [
      { title: "network", rank: 0 },
      { title: "precision", rank: 6 },
      { title: "seed", align: "right", rank: 1 },
      { title: "epochs", align: "right", rank: 5 },
      { title: "training loss", short: "loss", align: "right", rank: 4 },
      { title: "training accuracy", short: "train acc", align: "right", rank: 3 },
      { title: "test accuracy", short: "test acc", align: "right", rank: 7 },
      { title: "beside the book's band", short: "band", flexible: true, rank: 2 },
    ],
    runs.map((run) => [
      run.config.model,
      precisionOf(run),
      `${run.config.seed}`,
      `${Number((run.figures?.epochs ?? 0).toFixed(2))}`,
      figure(run.figures?.trainLoss),
      figure(run.figures?.trainAccuracy),
      figure(run.figures?.testAccuracy),
      judge(run).verdict,
    ]),
    output.style,
  );
}
