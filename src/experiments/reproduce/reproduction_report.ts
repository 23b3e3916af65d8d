/** docs/reproduction.md: our results compared with the authors' bands, and with PyTorch's if they were measured. */
import { type BookComparison, compareWithBook, formatBand } from "../../report/book_comparison.ts";
import { formatDuration, formatMetric, formatRate } from "../../report/number_text.ts";
import { median } from "../bench/bench_lines.ts";
import { differencesFromTheBook } from "../config_text.ts";
import { markdownTable } from "../markdown_table.ts";
import { precisionOf, type TrainedRun } from "../series_run.ts";
import { configure } from "../training_config.ts";
import { machineText } from "./reproduction_machine.ts";
import { pytorchSection } from "./reproduction_pytorch.ts";
import type { Records } from "./reproduction_records.ts";
import { isStuck, startsSection } from "./reproduction_starts.ts";

/** Everything that is in the document. */
export interface Reproduction {
  readonly records: Records;
  readonly now: Date;
  /** The command that makes it. */
  readonly command: string;
}

/** One of our runs compared with the book's band. */
export interface JudgedRun {
  readonly run: TrainedRun;
  readonly comparison: BookComparison | undefined;
  /** "inside", or why not. */
  readonly verdict: string;
  /** Whether it counts in the share of runs that are inside. */
  readonly isJudged: boolean;
}

/** Judges a run by training loss and training accuracy. */
export function judge(run: TrainedRun): JudgedRun {
  const { metrics, config } = run;
  const open = { run, comparison: undefined, isJudged: false };
  if (run.failure !== null) return { ...open, verdict: `failed: ${run.failure}`, isJudged: true };
  if (metrics === undefined) return { ...open, verdict: "no metrics yet" };
  const comparison = compareWithBook(config.model, metrics, { differences: differencesFromTheBook(config) });
  if (comparison === undefined) return { ...open, verdict: "the book has no band" };
  const outside = comparison.rows
    .filter((row) => row.judged && row.verdict !== "inside")
    .map((row) =>
      `${row.quantity} ${row.verdict} ${row.band === undefined ? "" : formatBand(row.band)}`.trim(),
    );
  if (comparison.parity === undefined)
    return { ...open, comparison, verdict: `not judged: ${reasons(run, metrics.epochs)}` };
  const judged = { run, comparison, isJudged: true };
  if (isStuck(metrics.trainLoss)) return { ...judged, verdict: "failed: stuck at 2.30" };
  return { ...judged, verdict: outside.length === 0 ? "inside" : outside.join("; ") };
}

function reasons(run: TrainedRun, epochs: number): string {
  const list = differencesFromTheBook(run.config);
  const whole = configure(run.config.model, {}).epochs;
  if (epochs !== whole) list.unshift(`${Number(epochs.toFixed(2))} of ${whole} epochs`);
  return list.join("; ");
}

/** The whole document. */
export function reproductionDocument(reproduction: Reproduction): string {
  const { starts, ...records } = reproduction.records;
  // PyTorch's at another learning rate than the chapter's are kept, not compared.
  const pytorch = records.pytorch.filter(({ lr }) => lr === undefined);
  // A run within its first epoch has no results yet.
  const runs = records.runs.filter(({ metrics, failure }) => failure !== null || (metrics?.epochs ?? 0) >= 1);
  const judged = runs.map(judge);
  const sections = [
    "# The book's numbers, reproduced",
    introduction(runs),
    "## Networks",
    networksTable(judged),
    "## Runs",
    runsTable(judged),
    pytorchSection(runs, pytorch),
    startsSection(starts, pytorch),
    "## Where it ran",
    whereTable(runs.concat(starts)),
    `Written on ${reproduction.now.toISOString().slice(0, 10)} by \`${reproduction.command}\`.`,
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

function introduction(runs: readonly TrainedRun[]): string {
  const seeds = new Set(runs.map((run) => run.config.seed)).size;
  return [
    `The chapter's networks, trained on Fashion-MNIST with the chapter's settings (${runs.length} runs, ${seeds} seeds),`,
    "compared with the median and the 10th to 90th percentile of the authors' published runs. Parity is judged on training",
    "loss and training accuracy, the running means over the last epoch: the test accuracy of LeNet and BN-LeNet jumps",
    "between epochs, in the book as here. A fifth of the authors' own runs lie outside of their band, from one seed to",
    "the next: of our seeds as many may, on either side of it, while their median must not. A run of fewer epochs than",
    "the book's is shown, not judged. In bf16 convolutions and products are computed in bfloat16; weights, losses and",
    "batch-norm statistics are 32-bit floats. Examples per second and times are as they came, on a machine that may have",
    "done other things too; `convoyant bench` measures speed. What a machine trains is added to what others trained",
    "before, by way of the records that are next to this document (`.jsonl`).",
  ].join("\n");
}

function networksTable(judged: readonly JudgedRun[]): string {
  const kindOf = ({ run }: JudgedRun) => `${run.config.model} ${precisionOf(run)}`;
  const rows = [...new Set(judged.map(kindOf))].map((kind) => {
    const own = judged.filter((each) => kindOf(each) === kind);
    const [{ run: first }] = own;
    const metrics = own.flatMap(({ run }) =>
      run.metrics === undefined || run.failure !== null ? [] : [run.metrics],
    );
    const book = own.find(({ comparison }) => comparison)?.comparison?.book;
    const judgedRuns = own.filter(({ isJudged }) => isJudged);
    const inside = own.filter(({ verdict }) => verdict === "inside").length;
    return [
      book?.title ?? first.config.model,
      precisionOf(first),
      `${own.length}`,
      epochsOf(metrics.map(({ epochs }) => epochs)),
      spread(metrics.map(({ trainLoss }) => trainLoss)),
      book === undefined ? "" : bandText(book.trainLoss),
      spread(metrics.map(({ trainAccuracy }) => trainAccuracy)),
      book === undefined ? "" : bandText(book.trainAccuracy),
      spread(metrics.flatMap(({ testAccuracy }) => testAccuracy ?? [])),
      book === undefined ? "" : bandText(book.testAccuracy),
      judgedRuns.length === 0 ? "not judged" : `${inside} of ${judgedRuns.length}`,
    ];
  });
  const titles = [
    "network",
    "precision",
    "seeds",
    "epochs",
    "training loss",
    "the book's",
    "training accuracy",
    "the book's",
  ];
  return markdownTable([...titles, "test accuracy", "the book's", "runs in the band"], rows);
}

function runsTable(judged: readonly JudgedRun[]): string {
  const rows = judged.map(({ run, verdict }) => {
    const { config, metrics } = run;
    const metric = (value: number | undefined) => (value === undefined ? "" : formatMetric(value));
    return [
      config.model,
      `${config.seed}`,
      metrics === undefined ? "0" : `${Number(metrics.epochs.toFixed(2))}`,
      metric(metrics?.trainLoss),
      metric(metrics?.trainAccuracy),
      metric(metrics?.testAccuracy),
      metrics?.examplesPerSecond === undefined ? "" : formatRate(metrics.examplesPerSecond),
      metrics?.seconds === undefined ? "" : formatDuration(metrics.seconds),
      config.engine,
      precisionOf(run),
      verdict,
    ];
  });
  const titles = [
    "network",
    "seed",
    "epochs",
    "training loss",
    "training accuracy",
    "test accuracy",
    "examples/s",
    "time",
  ];
  return markdownTable([...titles, "engine", "precision", "against the band"], rows);
}

function whereTable(runs: readonly TrainedRun[]): string {
  const seen = new Map<string, { days: Set<string>; cells: string[] }>();
  for (const { environment, startedAt } of runs) {
    const { node, convoyant, engine } = environment;
    const cells = [machineText(environment), `${convoyant}`, `${node}`, `${engine}`];
    const known = seen.get(cells.join()) ?? { days: new Set<string>(), cells };
    known.days.add(startedAt.slice(0, 10));
    seen.set(cells.join(), known);
  }
  const rows = [...seen.values()].map(({ days, cells }) => [[...days].sort().join(", "), ...cells]);
  return markdownTable(["begun on", "machine", "Convoyant", "Node.js", "engine"], rows);
}

/** The median, with the least and the largest if there are several. */
function spread(values: readonly number[]): string {
  if (values.length === 0) return "";
  const middle = formatMetric(median(values));
  return values.length === 1
    ? middle
    : `${middle} (${formatMetric(Math.min(...values))}–${formatMetric(Math.max(...values))})`;
}

function bandText(band: { median: number; low: number; high: number }): string {
  return `${formatMetric(band.median)} (${formatBand(band)})`;
}

function epochsOf(values: readonly number[]): string {
  const texts = values.map((value) => Number(value.toFixed(2)));
  if (texts.length === 0) return "0";
  const [least, most] = [Math.min(...texts), Math.max(...texts)];
  return least === most ? `${least}` : `${least}–${most}`;
}
