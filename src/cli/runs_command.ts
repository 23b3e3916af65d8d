/** `convoyant runs`: the runs in a folder. */
import { listRuns, type RunInfo, readRun, removeRun } from "../experiments/runs.ts";
import { trainingCurves } from "../report/curves.ts";
import { formatMetric } from "../report/number_text.ts";
import { renderTable } from "../report/terminal/table.ts";
import { renderPlot } from "../report/terminal/terminal_plot.ts";
import type { Output } from "./console/output.ts";

export function runsCommand(parent: string, output: Output): number {
  const runs = listRuns(parent);
  for (const run of runs) output.event({ event: "run", ...eventOf(run) });
  output.event({ event: "end", folder: parent, runs: runs.length });
  if (runs.length === 0) {
    output.line(`no runs in ${parent}: \`convoyant train lenet\` makes one`);
    return 0;
  }
  const isJudgedBy = (heldOut: RunInfo["heldOut"]) => runs.some((run) => run.heldOut === heldOut);
  const shown = (["validation", "test"] as const).filter(isJudgedBy);
  const columns = [
    { title: "run", flexible: true, rank: 0 },
    { title: "model", rank: 2 },
    { title: "state", rank: 1 },
    { title: "epochs", align: "right", rank: 3 },
    { title: "training loss", short: "loss", align: "right", rank: 5 },
    { title: "training accuracy", short: "train acc", align: "right", rank: 6 },
    ...shown.map((name) => ({
      title: `best ${name} accuracy`,
      short: name === "test" ? "best test" : "best val",
      align: "right" as const,
      rank: 4,
    })),
  ] as const;
  const rows = runs.map((run) => cells(run, shown));
  output.lines(renderTable(columns, rows, output.style));
  if (shown.length > 0)
    output.line(
      `training: the last epoch; best ${shown.join(" and ")} accuracy: of the weights that are kept (best.safetensors)`,
    );
  return 0;
}

export function runsShowCommand(folder: string, output: Output): number {
  const run = readRun(folder);
  output.event({ event: "run", ...eventOf(run), settings: run.settings, environment: run.environment });
  for (const point of run.points) output.event({ event: "point", ...point });
  output.event({ event: "end", run: folder });
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
  output.lines(
    renderTable(
      [{ title: "about" }, { title: "", flexible: true }],
      facts.filter(([, value]) => value !== ""),
      output.style,
    ),
  );
  if (run.points.length > 1) {
    const { colour, unicode } = output.style;
    const width = Math.min(output.terminal.columns - 1, 100);
    const plot = { width, height: 16, colour, unicode, xLabel: "epoch" };
    output.lines(["", ...renderPlot(trainingCurves(run.points, { heldOut: run.heldOut }), plot)]);
  }
  return 0;
}

export function runsRemoveCommand(folders: readonly string[], output: Output): number {
  for (const folder of folders) {
    const left = removeRun(folder);
    const stayed = left.length === 0 ? "" : `; these files are not the run's and stay: ${left.join(", ")}`;
    output.line(`removed ${folder}${stayed}`);
    output.event({ event: "removed", run: folder, left });
  }
  output.event({ event: "end", runs: folders.length });
  return 0;
}

function eventOf({ folder, model, startedAt, state, epochs, metrics, best, heldOut, problem }: RunInfo) {
  const counted = metrics ?? { epochs: 0 };
  const kept = best && { epoch: best.epoch, testLoss: best.testLoss, testAccuracy: best.testAccuracy };
  return { run: folder, model, startedAt, state, ofEpochs: epochs, ...counted, best: kept, heldOut, problem };
}

function cells(run: RunInfo, shown: readonly RunInfo["heldOut"][]): string[] {
  const { folder, model, state, metrics, best } = run;
  const metric = (value: number | undefined) => (value === undefined ? "" : formatMetric(value));
  return [
    folder,
    model,
    state,
    epochsOf(run),
    metric(metrics?.trainLoss),
    metric(metrics?.trainAccuracy),
    ...shown.map((heldOut) => (heldOut === run.heldOut ? metric(best?.testAccuracy) : "")),
  ];
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
