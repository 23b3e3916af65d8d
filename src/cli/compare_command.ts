/** `convoyant compare`: variants of a network over seeds, one chart and one table. */
import { ArgumentError } from "../base/errors.ts";
import { compare } from "../experiments/compare/compare.ts";
import { COMPARISON_COLUMNS, comparisonRow } from "../experiments/compare/compare_report.ts";
import { isPhotosRun } from "../experiments/photos/photo_config.ts";
import { namesPhotos } from "../experiments/photos/photo_source.ts";
import { shellWord } from "../experiments/shell_text.ts";
import type { GivenSettings } from "../experiments/training_config.ts";
import { names } from "../models/index.ts";
import { renderTable } from "../report/terminal/table.ts";
import { INTERRUPTED } from "./console/interruption.ts";
import type { Output } from "./console/output.ts";
import { seriesShown } from "./train/series_output.ts";

export interface CompareCommand {
  readonly model: string;
  /** `name=value,value` each. */
  readonly sets: readonly string[];
  readonly seeds: number;
  readonly given: GivenSettings;
  /** The folder of the comparison; resumed when it exists. */
  readonly out?: string;
  readonly checkpointSeconds: number;
}

/** Returns the exit code. */
export async function compareCommand(command: CompareCommand, output: Output): Promise<number> {
  const { model, sets, seeds, given, out, checkpointSeconds } = command;
  if (!names().includes(model) && (namesPhotos(model) || isPhotosRun(model)))
    throw new ArgumentError(
      `compare trains networks of the chapter by their names, and ${model} is not one; to compare trainings on photographs, train ` +
        "each with --seed and its settings (`convoyant train`), and list them with `convoyant runs`",
    );
  const { metrics, folder, finished } = await seriesShown(output, (told) =>
    compare(model, { sets, seeds, settings: given, out: out ?? null, checkpointSeconds, ...told }),
  );
  output.line();
  output.lines(renderTable(COMPARISON_COLUMNS, metrics.map(comparisonRow), output.style));
  for (const each of metrics) output.event({ event: "variant", ...each });
  if (!finished) {
    output.line(
      `\nInterrupted; everything is saved. Go on with the same command and --out ${shellWord(folder)}`,
    );
    output.event({ event: "interrupted", out: folder });
    return INTERRUPTED;
  }
  output.line(`\nchart: ${folder}/compare.svg   table: ${folder}/compare.md`);
  output.event({ event: "end", model, variants: metrics.length, seeds, out: folder });
  return 0;
}
