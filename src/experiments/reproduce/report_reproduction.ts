/** What is told of a reproduction: each training as it ends, and a table of all. Node only. */
import { formatMetric } from "../../report/number_text.ts";
import type { Reporter } from "../../report/reporter.ts";
import { type RowColumn, renderRows } from "../../report/terminal/table.ts";
import { precisionOf, type SeriesRun } from "../series_run.ts";
import type { Reproduced } from "./reproduce.ts";
import { isStart } from "./reproduction_plan.ts";
import { judge } from "./reproduction_report.ts";

const metric = (value: number | undefined) => (value === undefined ? "" : formatMetric(value));

const COLUMNS: readonly RowColumn<SeriesRun>[] = [
  ["network", ({ config }) => config.model, { rank: 0 }],
  ["precision", precisionOf, { rank: 6 }],
  ["seed", ({ config }) => `${config.seed}`, { align: "right", rank: 1 }],
  ["epochs", ({ metrics }) => `${Number((metrics?.epochs ?? 0).toFixed(2))}`, { align: "right", rank: 5 }],
  ["training loss", ({ metrics }) => metric(metrics?.trainLoss), { short: "loss", align: "right", rank: 4 }],
  [
    "training accuracy",
    ({ metrics }) => metric(metrics?.trainAccuracy),
    { short: "train acc", align: "right", rank: 3 },
  ],
  [
    "test accuracy",
    ({ metrics }) => metric(metrics?.testAccuracy),
    { short: "test acc", align: "right", rank: 7 },
  ],
  ["against the book's band", (run) => judge(run).verdict, { short: "band", flexible: true, rank: 2 }],
];

/**
 * Reports a reproduction that has ended, or was interrupted.
 *
 * @param document - the file that it wrote.
 * @example
 * ```ts no-run
 * import * as experiments from "convoyant/experiments";
 * import { CollectingReporter } from "convoyant/report";
 * const document = "docs/reproduction.md";
 * const found = await experiments.reproduce({ networks: ["lenet:5"], document });
 * experiments.reportReproduction(found, document, new CollectingReporter());
 * ```
 */
export function reportReproduction(
  { runs, finished }: Reproduced,
  document: string,
  reporter: Reporter,
): void {
  reporter.lines(["", ...renderRows(COLUMNS, runs, reporter.style)]);
  reporter.line(`\ndocument: ${document}`);
  if (finished) reporter.event({ event: "end", runs: runs.length, document });
  else reporter.line("Interrupted; everything is saved. Go on with the same command.");
}

/**
 * Reports to machines a training that has ended.
 *
 * @example
 * ```ts no-run
 * import * as experiments from "convoyant/experiments";
 * import { CollectingReporter } from "convoyant/report";
 * const told = new CollectingReporter();
 * await experiments.reproduce({ onDone: (run) => experiments.reportReproducedRun(run, told) });
 * ```
 */
export function reportReproducedRun(run: SeriesRun, reporter: Reporter): void {
  const { model, seed, epochs } = run.config;
  const { trainLoss, trainAccuracy, testAccuracy, examplesPerSecond, seconds } = run.metrics ?? {};
  reporter.event({
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
