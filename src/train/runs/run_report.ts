/** curves.svg and report.html of a run. Node only. */
import { numbersOf } from "../../base/dtype.ts";
import { writeFileAtomicSync } from "../../io/atomic_file.ts";
import type { MetricsPoint } from "../../records/run_record.ts";
import { trainingCurves } from "../../report/curves.ts";
import type { Picture } from "../../report/html/picture.ts";
import type { Mistake, ReportData } from "../../report/html/report_data.ts";
import { renderReport } from "../../report/html/report_html.ts";
import { renderCurvesSvg } from "../../report/svg/curves_svg.ts";
import { executor } from "../../runtime/runtime.ts";
import type { Loader } from "../loop/fit_options.ts";
import type { ClassificationMetrics } from "../metrics/classification_metrics.ts";
import type { RunFolder } from "./run_folder.ts";

/** Writes both files, each whole or not at all. */
export function writeRunReport(folder: RunFolder, data: ReportData): void {
  writeRunCurves(folder, data.title ?? data.model, data.points, data.epochs);
  writeFileAtomicSync(folder.file("report"), renderReport(data));
}

/** Writes the curves so far. */
export function writeRunCurves(
  folder: RunFolder,
  title: string,
  points: readonly MetricsPoint[],
  epochs: number,
): void {
  const svg = renderCurvesSvg(trainingCurves(points), { title, xLabel: "epoch", xRange: [0, epochs] });
  writeFileAtomicSync(folder.file("curves"), svg);
}

/**
 * The pictures that the network was surest about and wrong, taken from the loader that it was tested on; none
 * where the inputs are no pictures.
 */
export async function picturesOfMistakes(
  metrics: ClassificationMetrics,
  loader: Loader,
  seed: number | null,
): Promise<Mistake[]> {
  const wanted = new Map(metrics.mistakes.map((m) => [m.index, m]));
  const found: Mistake[] = [];
  let first = 0;
  for await (const [x] of loader.iterate({ epoch: 0, seed })) {
    if (x.ndim !== 4) return [];
    const count = x.size(0);
    const here = [...wanted.keys()].filter((i) => i >= first && i < first + count);
    if (here.length > 0) {
      const data = numbersOf(x.dtype, await executor().fetch(x.value));
      const [channels, height, width] = x.shape.slice(1);
      for (const index of here) {
        const mistake = wanted.get(index) as (typeof metrics.mistakes)[number];
        const at = (index - first) * channels * height * width;
        found.push({ ...mistake, picture: greyPicture(data, at, width, height) });
      }
    }
    first += count;
    if (found.length === wanted.size) break;
  }
  return found.sort((a, b) => b.probability - a.probability);
}

/** One plane of values in 0..1 as grey. */
export function greyPicture(data: ArrayLike<number>, at: number, width: number, height: number): Picture {
  const grey = new Uint8Array(width * height);
  for (let i = 0; i < grey.length; i++) grey[i] = Math.max(0, Math.min(255, Math.round(255 * data[at + i])));
  return { width, height, data: grey };
}
