/** `convoyant classic compare`: pipelines and networks beside each other. */

import { compareClassic, compareEntry } from "../../experiments/classic/classic_compare.ts";
import { USUAL_SIDE } from "../../experiments/classic/classic_settings.ts";
import { compareSvg, crossingSentence, crossings } from "../../experiments/classic/compare_crossings.ts";
import type { ComparePoint } from "../../experiments/classic/compare_entries.ts";
import { refuseUnusedOfData } from "../../experiments/classic/unused_settings.ts";
import { writeFileAtomicSync } from "../../io/atomic_file.ts";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatMetric,
  formatRate,
} from "../../report/number_text.ts";
import { renderTable } from "../../report/terminal/table.ts";
import { INTERRUPTED } from "../console/interruption.ts";
import type { Output } from "../console/output.ts";
import { withPhases } from "./phase_progress.ts";

/** Options of the command. */
export interface ClassicCompareCommand {
  readonly sizes: readonly number[];
  readonly epochs: number;
  readonly data: string;
  readonly dataDir?: string;
  readonly side?: number;
  readonly seed: number;
  readonly output: string;
  readonly engine?: string;
  readonly threads?: number;
}

export async function classicCompareCommand(
  texts: readonly string[],
  command: ClassicCompareCommand,
  output: Output,
): Promise<number> {
  const entries = texts.map(compareEntry);
  refuseUnusedOfData(command);
  const { engine, threads, output: file } = command;
  const points: ComparePoint[] = [];
  const finished = await withPhases(output, { engine, threads }, (watch) =>
    compareClassic(
      entries,
      {
        ...command,
        side: command.side ?? USUAL_SIDE,
        onNote: (text) => output.note(text),
        onPoint: (point) => {
          watch.stopProgress();
          points.push(point);
          output.event({ event: "point", ...numbersOf(point) });
          output.line(
            `${point.name}, ${formatCount(point.size)} images: ${formatMetric(point.testAccuracy)}`,
          );
        },
      },
      watch,
    ),
  );
  if (finished === null) output.note("Interrupted.");
  if (points.length > 0) {
    writeFileAtomicSync(file, compareSvg(points, `Test accuracy on ${command.data}`));
    show(points, file, output);
  }
  return finished === null ? INTERRUPTED : 0;
}

/** The fields of a point alone: a result carries its model, too. */
function numbersOf({
  name,
  learned,
  size,
  testAccuracy,
  trainSeconds,
  predictPerSecond,
  modelBytes,
}: ComparePoint) {
  return { name, learned, size, testAccuracy, trainSeconds, predictPerSecond, modelBytes };
}

function show(points: readonly ComparePoint[], file: string, output: Output): void {
  const known = (value: number, format: (value: number) => string) =>
    Number.isNaN(value) ? "–" : format(value);
  const right = (title: string) => ({ title, align: "right" as const });
  output.line();
  output.lines(
    renderTable(
      [
        { title: "pipeline or network" },
        ...["images", "test accuracy", "training", "predictions/s", "model"].map(right),
      ],
      points.map((point) => [
        point.name,
        formatCount(point.size),
        formatMetric(point.testAccuracy),
        known(point.trainSeconds, formatDuration),
        known(point.predictPerSecond, formatRate),
        known(point.modelBytes, formatBytes),
      ]),
      output.style,
    ),
  );
  const found = crossings(points);
  for (const crossing of found) output.line(crossingSentence(crossing));
  output.line(`drawing: ${file}`);
  output.event({ event: "end", points: points.map(numbersOf), crossings: found, drawing: file });
}
