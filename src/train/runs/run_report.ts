/** curves.svg and report.html of a run. Node only. */
import { numbersOf } from "../../base/dtype.ts";
import { numel } from "../../base/shape.ts";
import { writeFileAtomicSync } from "../../io/atomic_file.ts";
import type { MetricsPoint } from "../../records/run_record.ts";
import { mostConfused } from "../../report/confusion.ts";
import { trainingCurves } from "../../report/curves.ts";
import type { ConfusedPair, Mistake, ReportData } from "../../report/html/report_data.ts";
import { renderReport } from "../../report/html/report_html.ts";
import { renderCurvesSvg } from "../../report/svg/curves_svg.ts";
import { defaultSession } from "../../runtime/runtime.ts";
import type { Loader } from "../loop/fit_options.ts";
import type { ClassificationMetrics, Misclassified } from "../metrics/classification_metrics.ts";
import type { RunFolder } from "./run_folder.ts";
import { normalizationOf, type Planes, shownImages } from "./shown_images.ts";

/** Writes both files, each whole or not at all. */
export function writeRunReport(folder: RunFolder, data: ReportData): void {
  const { points, epochs, judgedBy = data.heldOut } = data;
  writeRunCurves(folder, data.title ?? data.model, points, epochs, judgedBy);
  writeFileAtomicSync(folder.file("report"), renderReport(data));
}

/** Writes the curves so far. */
export function writeRunCurves(
  folder: RunFolder,
  title: string,
  points: readonly MetricsPoint[],
  epochs: number,
  heldOut: "test" | "validation" = "test",
): void {
  const curves = trainingCurves(points, { heldOut });
  const svg = renderCurvesSvg(curves, { title, xLabel: "epoch", xRange: [0, epochs] });
  writeFileAtomicSync(folder.file("curves"), svg);
}

/** Pairs of classes that the report shows with images. */
const MOST_PAIRS = 5;

/** Mistakes for the report, and in words how their images are shown. */
export interface ShownMistakes {
  readonly mistakes: Mistake[];
  /** The pairs of classes that were confused most. */
  readonly pairs: readonly ConfusedPair[];
  readonly note: string | undefined;
}

/**
 * The images that the network was surest about and wrong, taken from the loader that it was tested on; none when
 * the inputs are not images.
 */
export async function imagesOfMistakes(
  metrics: ClassificationMetrics,
  loader: Loader,
  seed: number | null,
  heldOut: "test" | "validation" = "test",
): Promise<ShownMistakes> {
  const pairs = mostConfused(metrics.confusion, MOST_PAIRS);
  const ofPairs = pairs.map(({ truth, predicted }) => metrics.mistakesOf(truth, predicted));
  const wanted = new Map([...metrics.mistakes, ...ofPairs.flat()].map((m) => [m.index, m]));
  const found: { mistake: (typeof metrics.mistakes)[number]; planes: Planes }[] = [];
  let first = 0;
  for await (const [x] of loader.iterate({ epoch: 0, seed })) {
    if (x.ndim !== 4) return { mistakes: [], pairs: [], note: undefined };
    const count = x.size(0);
    const here = [...wanted.values()].filter(({ index }) => index >= first && index < first + count);
    if (here.length > 0) {
      const data = numbersOf(x.dtype, await defaultSession().fetch(x.value));
      const shape = x.shape.slice(1) as [number, number, number];
      for (const mistake of here) {
        const at = (mistake.index - first) * numel(shape);
        // A copy of the example: the batch is large and goes.
        found.push({ mistake, planes: { data: data.slice(at, at + numel(shape)), at: 0, shape } });
      }
    }
    first += count;
    if (found.length === wanted.size) break;
  }
  const { images, note } = shownImages(
    found.map(({ planes }) => planes),
    normalizationOf(loader),
  );
  const shown = new Map(found.map(({ mistake }, i) => [mistake.index, images[i]]));
  const withImages = (list: readonly Misclassified[]) =>
    list.flatMap((mistake) => {
      const image = shown.get(mistake.index);
      return image === undefined ? [] : [{ ...mistake, image }];
    });
  return {
    mistakes: withImages(metrics.mistakes),
    pairs: pairs.map((pair, i) => ({
      ...pair,
      images: withImages(ofPairs[i]).map(({ image, index }) => ({ image, name: `${heldOut}:${index}` })),
    })),
    note,
  };
}
