/** `convoyant reproduce`: the chapter's networks beside the authors' figures. */
import { existsSync, readdirSync } from "node:fs";
import { totalmem } from "node:os";
import { dirname, join } from "node:path";
import { writeFileAtomicSync } from "../io/atomic_file.ts";
import { makeFolderSync } from "../io/make_folder.ts";
import { names } from "../models/index.ts";
import { formatFigure } from "../report/number_text.ts";
import { renderTable } from "../report/table.ts";
import { INTERRUPTED } from "./interruption.ts";
import type { Output } from "./output.ts";
import { DEFAULT_NETWORKS, parseNetwork, planStarts, planTrainings, START } from "./reproduction_plan.ts";
import { readPytorchRecords } from "./reproduction_pytorch.ts";
import { judge, reproductionDocument } from "./reproduction_report.ts";
import { precisionOf, readSeriesRun, type SeriesRun, trainSeries } from "./run_series.ts";
import type { GivenSettings } from "./training_config.ts";

export interface ReproduceCommand {
  /** `<network>[:<seeds>[:<epochs>[:<precision>]]]`; the usual list where there is none. */
  readonly networks: readonly string[];
  readonly given: GivenSettings;
  /** Holds a folder for each run. */
  readonly out: string;
  /** The document. */
  readonly write: string;
  readonly starts: { readonly model: string; readonly count: number; readonly steps: number };
  readonly checkpointSeconds: number;
}

/** Returns the exit code. */
export async function reproduceCommand(command: ReproduceCommand, output: Output): Promise<number> {
  const { given, out, starts } = command;
  const list = command.networks.length === 0 && starts.count === 0 ? DEFAULT_NETWORKS : command.networks;
  const planned = [
    ...planTrainings(list.map(parseNetwork), given, out),
    ...planStarts(starts.model, starts.count, starts.steps, given, out),
  ];
  const finished = await trainSeries(planned, output, {
    checkpointSeconds: command.checkpointSeconds,
    onDone: (run) => {
      announce(run, output);
      writeDocument(command);
    },
  });
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
    verdict: run.folder.includes(START) ? null : judge(run).verdict,
    run: run.folder,
  });
}

/** Writes the document from all runs in the folder, in the order of the chapter; returns them. */
function writeDocument(command: ReproduceCommand): SeriesRun[] {
  const found = existsSync(command.out)
    ? readdirSync(command.out).map((name) => join(command.out, name))
    : [];
  const all = found.flatMap((folder) => readSeriesRun(folder) ?? []);
  const place = ({ config }: SeriesRun) =>
    names().indexOf(config.model) * 1e6 + (config.precision === "f32" ? 0 : 5e5) + config.seed;
  all.sort((a, b) => place(a) - place(b));
  const runs = all.filter((run) => !run.folder.includes(START));
  const text = reproductionDocument({
    runs,
    starts: all.filter((run) => run.folder.includes(START)),
    pytorch: readPytorchRecords(join(command.out, "pytorch.jsonl")),
    now: new Date(),
    memoryGib: totalmem() / 2 ** 30,
    command: "npx convoyant reproduce",
  });
  makeFolderSync(dirname(command.write));
  writeFileAtomicSync(command.write, text);
  return runs;
}

function closingTable(runs: readonly SeriesRun[], output: Output): string[] {
  const figure = (value: number | undefined) => (value === undefined ? "" : formatFigure(value));
  return renderTable(
    [
      { title: "network" },
      { title: "precision" },
      { title: "seed", align: "right" },
      { title: "epochs", align: "right" },
      { title: "training loss", align: "right" },
      { title: "training accuracy", align: "right" },
      { title: "test accuracy", align: "right" },
      { title: "beside the book's band", flexible: true },
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
