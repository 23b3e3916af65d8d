/** What is told of runs: how far each came, its settings and curves. */
import { trainingCurves } from "../../report/curves.ts";
import { formatMetric } from "../../report/number_text.ts";
import type { Reporter } from "../../report/reporter.ts";
import { type RowColumn, renderRows, renderTable } from "../../report/terminal/table.ts";
import { renderPlot } from "../../report/terminal/terminal_plot.ts";
import { listRuns, type RunInfo, readRun } from "../runs.ts";

/**
 * Reports how far each run in a folder came, and its metrics: what `convoyant runs` does.
 *
 * @throws FileError when the folder cannot be read.
 * @example
 * ```ts no-run
 * import * as experiments from "convoyant/experiments";
 * import { CollectingReporter } from "convoyant/report";
 * const told = new CollectingReporter({ width: 100 });
 * experiments.reportRuns("runs", told);
 * told.text.join("\n");
 * ```
 */
export function reportRuns(parent: string, reporter: Reporter): void {
  const runs = listRuns(parent);
  for (const run of runs) reporter.event({ event: "run", ...eventOf(run) });
  reporter.event({ event: "end", folder: parent, runs: runs.length });
  if (runs.length === 0) {
    reporter.line(`no runs in ${parent}: \`convoyant train lenet\` makes one`);
    return;
  }
  const isJudgedBy = (heldOut: RunInfo["heldOut"]) => runs.some((run) => run.heldOut === heldOut);
  const shown = (["validation", "test"] as const).filter(isJudgedBy);
  const metric = (value: number | undefined) => (value === undefined ? "" : formatMetric(value));
  const columns: readonly RowColumn<RunInfo>[] = [
    ["run", ({ folder }) => folder, { flexible: true, rank: 0 }],
    ["model", ({ model }) => model, { rank: 2 }],
    ["state", ({ state }) => state, { rank: 1 }],
    ["epochs", epochsOf, { align: "right", rank: 3 }],
    [
      "training loss",
      ({ metrics }) => metric(metrics?.trainLoss),
      { short: "loss", align: "right", rank: 5 },
    ],
    [
      "training accuracy",
      ({ metrics }) => metric(metrics?.trainAccuracy),
      { short: "train acc", align: "right", rank: 6 },
    ],
    ...shown.map(
      (name): RowColumn<RunInfo> => [
        `best ${name} accuracy`,
        ({ heldOut, best }) => (heldOut === name ? metric(best?.testAccuracy) : ""),
        { short: name === "test" ? "best test" : "best val", align: "right", rank: 4 },
      ],
    ),
  ];
  reporter.lines(renderRows(columns, runs, reporter.style));
  if (shown.length > 0)
    reporter.line(
      `training: the last epoch; best ${shown.join(" and ")} accuracy: of the weights that are kept (best.safetensors)`,
    );
}

/**
 * Reports a run's settings, state and curves: what `convoyant runs show` does.
 *
 * @throws FileError when there is no run.
 * @example
 * ```ts no-run
 * import * as experiments from "convoyant/experiments";
 * import { CollectingReporter } from "convoyant/report";
 * experiments.reportRun("runs/first", new CollectingReporter());
 * ```
 */
export function reportRun(folder: string, reporter: Reporter): void {
  const run = readRun(folder);
  reporter.event({ event: "run", ...eventOf(run), settings: run.settings, environment: run.environment });
  for (const point of run.points) reporter.event({ event: "point", ...point });
  reporter.event({ event: "end", run: folder });
  const facts = [
    ["run", run.folder],
    ["model", run.model],
    ["state", run.problem === null ? run.state : `${run.state}: ${run.problem}`],
    ["started", run.startedAt],
    ["epochs", epochsOf(run)],
    ...metricRows(run),
    ...Object.entries(run.settings).map(([name, value]) => [name, textOf(value)]),
    ...Object.entries(run.environment).map(([name, value]) => [name, textOf(value)]),
    ["command", run.command ?? ""],
  ];
  const { style, terminal } = reporter;
  const known = facts.filter(([, value]) => value !== "");
  reporter.lines(renderTable([{ title: "about" }, { title: "", flexible: true }], known, style));
  if (run.points.length < 2) return;
  const plot = { ...style, width: Math.min(terminal.columns - 1, 100), height: 16, xLabel: "epoch" };
  reporter.lines(["", ...renderPlot(trainingCurves(run.points, { heldOut: run.heldOut }), plot)]);
}

function eventOf({ folder, model, startedAt, state, epochs, metrics, best, heldOut, problem }: RunInfo) {
  const counted = metrics ?? { epochs: 0 };
  const kept = best && { epoch: best.epoch, testLoss: best.testLoss, testAccuracy: best.testAccuracy };
  return { run: folder, model, startedAt, state, ofEpochs: epochs, ...counted, best: kept, heldOut, problem };
}

function epochsOf({ metrics, epochs }: RunInfo): string {
  const done = String(Number((metrics?.epochs ?? 0).toFixed(2)));
  return epochs === null ? done : `${done}/${epochs}`;
}

function metricRows({ metrics, best, bestIsEpoch, heldOut }: RunInfo): string[][] {
  if (metrics === null) return [];
  const { epochs, trainLoss, trainAccuracy, testAccuracy } = metrics;
  const rows = [
    ["training loss", formatMetric(trainLoss)],
    ["training accuracy", formatMetric(trainAccuracy)],
  ];
  if (testAccuracy === undefined) return rows;
  const accuracy = (of: number, epoch: number, why: string) => [
    `${heldOut} accuracy`,
    `${formatMetric(of)} (epoch ${Number(epoch.toFixed(2))}${why})`,
  ];
  if (best?.testAccuracy === undefined) return [...rows, accuracy(testAccuracy, epochs, ", the last")];
  const last = accuracy(testAccuracy, epochs, ", the last");
  if (!bestIsEpoch)
    return [
      ...rows,
      last,
      [
        `${heldOut} accuracy`,
        `${formatMetric(best.testAccuracy)} (averaged or interpolated weights, which are kept: best.safetensors)`,
      ],
    ];
  const kept = accuracy(best.testAccuracy, best.epoch, ", whose weights are kept: best.safetensors");
  return best.epoch === epochs ? [...rows, kept] : [...rows, last, kept];
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
