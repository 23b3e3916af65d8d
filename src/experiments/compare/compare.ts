/** Variants of a network over seeds: the curves in one chart, the metrics in one table. */
import { join } from "node:path";
import { writeFileAtomicSync } from "../../io/atomic_file.ts";
import { makeFolderSync } from "../../io/make_folder.ts";
import type { Reporter } from "../../report/reporter.ts";
import { renderTable } from "../../report/terminal/table.ts";
import { runName } from "../../train/runs/run_folder.ts";
import { readSeriesRun } from "../series_run.ts";
import { shellWord } from "../shell_text.ts";
import { type SeriesOptions, trainSeries } from "../train_series.ts";
import type { GivenSettings } from "../training_config.ts";
import {
  COMPARISON_COLUMNS,
  type ComparedVariant,
  comparisonDocument,
  comparisonRow,
  comparisonSvg,
  metricsOfVariant,
  type VariantMetrics,
} from "./compare_report.ts";
import { configOfVariant, type SettingsVariant, variantsOf } from "./compare_variants.ts";

export interface CompareOptions extends SeriesOptions {
  /** Values to compare, each `name=value,value`: every combination is trained. */
  readonly sets?: readonly string[];
  /** Trainings of each variant. Default 3. */
  readonly seeds?: number;
  /** Settings of all trainings; `seed` is the first of the seeds. */
  readonly settings?: GivenSettings;
  /** The folder of the comparison, resumed when it exists. Default `runs/<time>-compare-<model>`. */
  readonly out?: string | null;
}

export interface Comparison {
  readonly model: string;
  /** Trainings of each variant. */
  readonly seeds: number;
  /** Of each variant, in the order of the values. */
  readonly metrics: readonly VariantMetrics[];
  /** Holds a folder for each run, `compare.svg` and `compare.md`. */
  readonly folder: string;
  /** Whether every training came to its end. */
  readonly finished: boolean;
}

/**
 * Trains variants of a network over several seeds: what `convoyant compare` does.
 *
 * @throws ArgumentError for a setting that neither the network nor its training has.
 * @example
 * ```ts no-run
 * import * as experiments from "convoyant/experiments";
 * const { metrics } = await experiments.compare("lenet", { sets: ["activation=sigmoid,relu"], seeds: 3 });
 * metrics.map(({ name, testAccuracy }) => [name, testAccuracy?.mean]);
 * ```
 */
export async function compare(model: string, options: CompareOptions = {}): Promise<Comparison> {
  const { sets = [], seeds = 3, settings = {}, ...series } = options;
  const variants = variantsOf(model, sets);
  const folder = options.out ?? join("runs", runName(`compare-${model}`));
  const planned = variants.flatMap((variant) =>
    Array.from({ length: seeds }, (_, seed) => ({
      folder: folderOf(folder, variant, seed),
      config: configOfVariant(model, variant, { ...settings, seed: (settings.seed ?? 0) + seed }),
    })),
  );
  const epochs = planned.reduce((most, { config }) => Math.max(most, config.epochs), 0);
  const collect = (): ComparedVariant[] =>
    variants.map((variant) => ({
      variant,
      runs: Array.from(
        { length: seeds },
        (_, seed) => readSeriesRun(folderOf(folder, variant, seed)) ?? [],
      ).flat(),
    }));
  const write = () => {
    const compared = collect();
    makeFolderSync(folder);
    writeFileAtomicSync(join(folder, "compare.svg"), comparisonSvg(`${model} compared`, compared, epochs));
    writeFileAtomicSync(join(folder, "compare.md"), comparisonDocument(`${model} compared`, compared));
  };
  const onDone: SeriesOptions["onDone"] = (run) => {
    options.onDone?.(run);
    write();
  };
  const finished = await trainSeries(planned, { ...series, onDone });
  write();
  return { model, seeds, metrics: collect().map(metricsOfVariant), folder, finished };
}

/** "activation=relu dropout=0.5" as a folder's name. */
function folderOf(out: string, variant: SettingsVariant, seed: number): string {
  return join(out, `${variant.name.replace(/[^\w.=+-]+/g, "_")}-seed${seed}`);
}

/**
 * Reports a comparison that has ended, or was interrupted: a table, or an event for each variant.
 *
 * @example
 * ```ts no-run
 * import * as experiments from "convoyant/experiments";
 * import { CollectingReporter } from "convoyant/report";
 * const told = new CollectingReporter();
 * experiments.reportComparison(await experiments.compare("lenet", { sets: ["lr=0.1,0.5"] }), told);
 * told.text.join("\n");
 * ```
 */
export function reportComparison(
  { model, seeds, metrics, folder, finished }: Comparison,
  reporter: Reporter,
): void {
  reporter.lines(["", ...renderTable(COMPARISON_COLUMNS, metrics.map(comparisonRow), reporter.style)]);
  for (const each of metrics) reporter.event({ event: "variant", ...each });
  reporter.line(
    finished
      ? `\nchart: ${folder}/compare.svg   table: ${folder}/compare.md`
      : `\nInterrupted; everything is saved. Go on with the same command and --out ${shellWord(folder)}`,
  );
  if (finished) reporter.event({ event: "end", model, variants: metrics.length, seeds, out: folder });
  else reporter.event({ event: "interrupted", out: folder });
}
