/** `convoyant compare`: variants of a network over seeds, one picture and one table. */
import { join } from "node:path";
import {
  COMPARISON_COLUMNS,
  type ComparedVariant,
  comparisonDocument,
  comparisonRow,
  comparisonSvg,
  figuresOfVariant,
} from "../experiments/compare/compare_report.ts";
import { configOfVariant, type Variant, variantsOf } from "../experiments/compare/compare_variants.ts";
import { INTERRUPTED } from "../experiments/console/interruption.ts";
import type { Output } from "../experiments/console/output.ts";
import { readSeriesRun, trainSeries } from "../experiments/run_series.ts";
import type { GivenSettings } from "../experiments/training_config.ts";
import { writeFileAtomicSync } from "../io/atomic_file.ts";
import { makeFolderSync } from "../io/make_folder.ts";
import { renderTable } from "../report/terminal/table.ts";
import { runName } from "../train/runs/run_folder.ts";

export interface CompareCommand {
  readonly model: string;
  /** `name=value,value` each. */
  readonly sets: readonly string[];
  readonly seeds: number;
  readonly given: GivenSettings;
  /** The folder of the comparison; gone on with where it exists. */
  readonly out: string | null;
  readonly checkpointSeconds: number;
}

/** Returns the exit code. */
export async function compareCommand(command: CompareCommand, output: Output): Promise<number> {
  const { model, given, seeds } = command;
  const variants = variantsOf(model, command.sets);
  const out = command.out ?? join("runs", runName(`compare-${model}`));
  const planned = variants.flatMap((variant) =>
    Array.from({ length: seeds }, (_, seed) => ({
      folder: folderOf(out, variant, seed),
      config: configOfVariant(model, variant, { ...given, seed: (given.seed ?? 0) + seed }),
    })),
  );
  const epochs = Math.max(...planned.map(({ config }) => config.epochs));
  const collect = (): ComparedVariant[] =>
    variants.map((variant) => ({
      variant,
      runs: Array.from(
        { length: seeds },
        (_, seed) => readSeriesRun(folderOf(out, variant, seed)) ?? [],
      ).flat(),
    }));
  const write = () => {
    const compared = collect();
    makeFolderSync(out);
    writeFileAtomicSync(join(out, "compare.svg"), comparisonSvg(`${model} compared`, compared, epochs));
    writeFileAtomicSync(join(out, "compare.md"), comparisonDocument(`${model} compared`, compared));
  };
  const finished = await trainSeries(planned, output, {
    checkpointSeconds: command.checkpointSeconds,
    onDone: write,
  });
  write();
  const figures = collect().map(figuresOfVariant);
  output.line();
  output.lines(renderTable(COMPARISON_COLUMNS, figures.map(comparisonRow), output.style));
  for (const each of figures) output.event({ event: "variant", ...each });
  if (!finished) {
    output.line(`\nInterrupted; everything is saved. Go on with the same command and --out ${out}`);
    output.event({ event: "interrupted", out });
    return INTERRUPTED;
  }
  output.line(`\npicture: ${out}/compare.svg   table: ${out}/compare.md`);
  output.event({ event: "end", model, variants: variants.length, seeds, out });
  return 0;
}

/** "activation=relu dropout=0.5" as a folder's name. */
function folderOf(out: string, variant: Variant, seed: number): string {
  return join(out, `${variant.name.replace(/[^\w.=+-]+/g, "_")}-seed${seed}`);
}
