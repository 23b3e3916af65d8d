/** What is told of pipelines of hand-made features, alone and compared. Node only. */
import { join } from "node:path";
import { writeFileAtomicSync } from "../../io/atomic_file.ts";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatMetric,
  formatRate,
} from "../../report/number_text.ts";
import type { Reporter } from "../../report/reporter.ts";
import { RIGHT, type RowColumn, renderRows } from "../../report/terminal/table.ts";
import { compareSvg, crossingSentence, crossings } from "./compare_crossings.ts";
import type { ComparePoint } from "./compare_entries.ts";
import { CLASSIC_FILES } from "./saved_classic.ts";
import type { TrainedClassic } from "./train_classic.ts";

type Costs = Pick<ComparePoint, "testAccuracy" | "trainSeconds" | "predictPerSecond" | "modelBytes">;

const known = (value: number, format: (value: number) => string) =>
  Number.isNaN(value) ? "–" : format(value);

/** What a pipeline comes to, and what it takes. */
const COSTS: readonly RowColumn<Costs>[] = [
  ["test accuracy", ({ testAccuracy }) => formatMetric(testAccuracy), RIGHT],
  ["training", ({ trainSeconds }) => known(trainSeconds, formatDuration), RIGHT],
  ["predictions/s", ({ predictPerSecond }) => known(predictPerSecond, formatRate), RIGHT],
  ["model", ({ modelBytes }) => known(modelBytes, formatBytes), RIGHT],
];

/**
 * Reports a pipeline that was trained: a table, or an `end` event.
 *
 * @example
 * ```ts no-run
 * import * as experiments from "convoyant/experiments";
 * import { CollectingReporter } from "convoyant/report";
 * const told = new CollectingReporter();
 * experiments.reportClassic(await experiments.trainClassic({ features: "hog" }), told);
 * told.text.join("\n");
 * ```
 */
export function reportClassic(trained: TrainedClassic, reporter: Reporter): void {
  const { settings, folder, leftOut, columns, modelBytes } = trained;
  const { testAccuracy, trainSeconds, trainProcessorSeconds, featureSeconds, predictPerSecond } = trained;
  const { features, classifier } = settings;
  const name: RowColumn<TrainedClassic> = ["pipeline", () => `${features}, ${classifier}`];
  reporter.lines(renderRows([name, ...COSTS], [trained], reporter.style));
  reporter.line(`report: ${join(folder, CLASSIC_FILES.report)}`);
  const unreadable = leftOut.length;
  if (unreadable > 0)
    reporter.note(
      unreadable === 1
        ? "1 file could not be read, and was left out."
        : `${formatCount(unreadable)} files could not be read, and were left out.`,
    );
  const times = { trainSeconds, trainProcessorSeconds, featureSeconds, predictPerSecond };
  const facts = { features, classifier, columns, modelBytes, ...(unreadable > 0 && { unreadable }) };
  reporter.event({ event: "end", testAccuracy, ...times, ...facts, run: folder });
}

/**
 * Draws a comparison into a file, and reports it: a table, and where networks overtake pipelines.
 *
 * @param drawing - the file of the drawing (SVG).
 * @param data - the data set, for the title.
 * @throws FileError if the file cannot be written.
 * @example
 * ```ts no-run
 * import * as experiments from "convoyant/experiments";
 * import { CollectingReporter } from "convoyant/report";
 * const points = await experiments.compareClassic(["hog:linear-svm", "lenet"]);
 * experiments.reportClassicComparison(points, "compare.svg", "fashion-mnist", new CollectingReporter());
 * ```
 */
export function reportClassicComparison(
  points: readonly ComparePoint[],
  drawing: string,
  data: string,
  reporter: Reporter,
): void {
  const columns: readonly RowColumn<ComparePoint>[] = [
    ["pipeline or network", ({ name }) => name],
    ["images", ({ size }) => formatCount(size), RIGHT],
    ...COSTS,
  ];
  writeFileAtomicSync(drawing, compareSvg(points, `Test accuracy on ${data}`));
  reporter.lines(["", ...renderRows(columns, points, reporter.style)]);
  const found = crossings(points);
  for (const crossing of found) reporter.line(crossingSentence(crossing));
  reporter.line(`drawing: ${drawing}`);
  reporter.event({ event: "end", points: points.map(numbersOf), crossings: found, drawing });
}

/** The fields of a point alone: a result carries its model, too. */
export function numbersOf({ name, learned, size, ...of }: ComparePoint) {
  const { testAccuracy, trainSeconds, predictPerSecond, modelBytes } = of;
  return { name, learned, size, testAccuracy, trainSeconds, predictPerSecond, modelBytes };
}
