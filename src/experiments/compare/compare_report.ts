/** What a comparison leaves behind: one chart of the curves and one table. */
import { type Curve, curveStyle } from "../../report/curves.ts";
import { formatMetric, formatRate } from "../../report/number_text.ts";
import { renderCurvesSvg, svgDocument } from "../../report/svg/curves_svg.ts";
import type { TableColumn } from "../../report/terminal/table.ts";
import { median } from "../bench/bench_lines.ts";
import { markdownTable } from "../markdown_table.ts";
import { isStuck } from "../reproduce/reproduction_starts.ts";
import { precisionOf, type SeriesRun } from "../series_run.ts";
import { curveOver, type SettingsVariant, type Spread, spreadOf } from "./compare_variants.ts";

/** A variant and its runs, one for each seed. */
export interface ComparedVariant {
  readonly variant: SettingsVariant;
  readonly runs: readonly SeriesRun[];
}

/** The metrics of a variant at the end of its runs. */
export interface VariantMetrics {
  readonly name: string;
  readonly seeds: number;
  /** Runs that became NaN, or still give every class the same probability. */
  readonly failed: number;
  readonly trainLoss: Spread | undefined;
  readonly trainAccuracy: Spread | undefined;
  readonly testAccuracy: Spread | undefined;
  readonly examplesPerSecond: number | undefined;
}

export function metricsOfVariant({ variant, runs }: ComparedVariant): VariantMetrics {
  const whole = runs.filter((run) => run.failure === null);
  const metrics = whole.flatMap((run) => run.metrics ?? []);
  const rates = metrics.flatMap(({ examplesPerSecond }) => examplesPerSecond ?? []);
  const fallback = runs.find((run) => precisionOf(run) !== run.config.precision);
  return {
    name: fallback === undefined ? variant.name : `${variant.name} (computed in ${precisionOf(fallback)})`,
    seeds: runs.length,
    failed: runs.filter(
      (run) => run.failure !== null || (run.metrics !== undefined && isStuck(run.metrics.trainLoss)),
    ).length,
    trainLoss: spreadOf(metrics.map(({ trainLoss }) => trainLoss)),
    trainAccuracy: spreadOf(metrics.map(({ trainAccuracy }) => trainAccuracy)),
    testAccuracy: spreadOf(metrics.flatMap(({ testAccuracy }) => testAccuracy ?? [])),
    examplesPerSecond: rates.length === 0 ? undefined : median(rates),
  };
}

const right = "right" as const;

export const COMPARISON_COLUMNS: readonly TableColumn[] = [
  { title: "variant", flexible: true, rank: 0 },
  { title: "seeds", align: right, rank: 5 },
  { title: "training loss", short: "loss", align: right, rank: 4 },
  { title: "training accuracy", short: "train acc", align: right, rank: 2 },
  { title: "test accuracy", short: "test acc", align: right, rank: 1 },
  { title: "examples/s", align: right, rank: 6 },
  { title: "failed", align: right, rank: 3 },
];

/** The cells of a variant's row: means, with the least and the largest over the seeds. */
export function comparisonRow(metrics: VariantMetrics): string[] {
  const { trainLoss, trainAccuracy, testAccuracy, examplesPerSecond } = metrics;
  return [
    metrics.name,
    `${metrics.seeds}`,
    ...[trainLoss, trainAccuracy, testAccuracy].map(spreadText),
    examplesPerSecond === undefined ? "" : formatRate(examplesPerSecond),
    `${metrics.failed}`,
  ];
}

function spreadText(spread: Spread | undefined): string {
  if (spread === undefined) return "";
  const { mean, low, high } = spread;
  return low === high
    ? formatMetric(mean)
    : `${formatMetric(mean)} (${formatMetric(low)}–${formatMetric(high)})`;
}

/** The table as a document. */
export function comparisonDocument(title: string, compared: readonly ComparedVariant[]): string {
  const rows = compared.map((each) => comparisonRow(metricsOfVariant(each)));
  const note = "Metrics after the last epoch: the mean over the seeds, and the least and the largest.";
  return `# ${title}\n\n${note}\n\n${markdownTable(
    COMPARISON_COLUMNS.map(({ title }) => title),
    rows,
  )}\n\n![Curves](compare.svg)\n`;
}

const PANELS = [
  { key: "trainLoss", label: "training loss" },
  { key: "trainAccuracy", label: "training accuracy" },
  { key: "testAccuracy", label: "test accuracy" },
] as const;

/** The chart: training loss, training accuracy, test accuracy, a curve for each variant, its band over the seeds. */
export function comparisonSvg(title: string, compared: readonly ComparedVariant[], epochs: number): string {
  const [width, height] = [760, 400];
  const panels = PANELS.map(({ key, label }, i) => {
    const curves: Curve[] = compared.map(({ variant, runs }, at) => ({
      name: variant.name,
      points: curveOver(
        runs.filter((run) => run.failure === null),
        key,
      ),
      ...curveStyle({ name: variant.name, points: [] }, at),
    }));
    const drawn = renderCurvesSvg(curves, {
      ...{ width, height, inline: true, yLabel: label, xRange: [0, epochs] as const },
      title: i === 0 ? title : undefined,
      label: `${title}: ${label}`,
    });
    return `<g transform="translate(0 ${i * height})">${drawn}</g>`;
  });
  return svgDocument(panels.join("\n"), {
    width,
    height: PANELS.length * height,
    label: title,
    inline: false,
  });
}
