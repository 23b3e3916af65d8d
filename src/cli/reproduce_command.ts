/** `convoyant reproduce`: the chapter's networks compared with the authors' results. */
import { type ReproduceOptions, reproduce } from "../experiments/reproduce/reproduce.ts";
import { isStart } from "../experiments/reproduce/reproduction_plan.ts";
import { judge } from "../experiments/reproduce/reproduction_report.ts";
import { precisionOf, type SeriesRun } from "../experiments/series_run.ts";
import { formatMetric } from "../report/number_text.ts";
import { renderTable } from "../report/terminal/table.ts";
import { INTERRUPTED } from "./console/interruption.ts";
import type { Output } from "./console/output.ts";
import { seriesShown } from "./train/series_output.ts";

export type ReproduceCommand = Required<
  Pick<
    ReproduceOptions,
    "networks" | "settings" | "out" | "document" | "starts" | "against" | "checkpointSeconds"
  >
>;

/** Returns the exit code. */
export async function reproduceCommand(command: ReproduceCommand, output: Output): Promise<number> {
  const { runs, finished } = await seriesShown(output, (told) =>
    reproduce({
      ...command,
      ...told,
      onDone: (run) => {
        told.onDone?.(run);
        announce(run, output);
      },
    }),
  );
  output.line();
  output.lines(closingTable(runs, output));
  output.line(`\ndocument: ${command.document}`);
  if (!finished) {
    output.line("Interrupted; everything is saved. Go on with the same command.");
    output.event({ event: "interrupted", out: command.out });
    return INTERRUPTED;
  }
  output.event({ event: "end", runs: runs.length, document: command.document });
  return 0;
}

function announce(run: SeriesRun, output: Output): void {
  const { model, seed, epochs } = run.config;
  const { trainLoss, trainAccuracy, testAccuracy, examplesPerSecond, seconds } = run.metrics ?? {};
  output.event({
    event: "run",
    model,
    seed,
    precision: precisionOf(run),
    epochs: run.metrics?.epochs ?? 0,
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

function closingTable(runs: readonly SeriesRun[], output: Output): string[] {
  const metric = (value: number | undefined) => (value === undefined ? "" : formatMetric(value));
  return renderTable(
    [
      { title: "network", rank: 0 },
      { title: "precision", rank: 6 },
      { title: "seed", align: "right", rank: 1 },
      { title: "epochs", align: "right", rank: 5 },
      { title: "training loss", short: "loss", align: "right", rank: 4 },
      { title: "training accuracy", short: "train acc", align: "right", rank: 3 },
      { title: "test accuracy", short: "test acc", align: "right", rank: 7 },
      { title: "against the book's band", short: "band", flexible: true, rank: 2 },
    ],
    runs.map((run) => [
      run.config.model,
      precisionOf(run),
      `${run.config.seed}`,
      `${Number((run.metrics?.epochs ?? 0).toFixed(2))}`,
      metric(run.metrics?.trainLoss),
      metric(run.metrics?.trainAccuracy),
      metric(run.metrics?.testAccuracy),
      judge(run).verdict,
    ]),
    output.style,
  );
}
