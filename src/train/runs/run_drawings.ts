/** The drawings of a network in the report of its run. Node only. */
import { loadedModule } from "../../base/open_files.ts";
import type { Module } from "../../nn/index.ts";
import type { ReportData } from "../../report/html/report_data.ts";

/** At most this number of boxes: a report is read, not searched. */
const MOST_BOXES = 60;
/** A drawing that is wider than this would be scaled down on a telephone. */
const NARROW = 360;

/**
 * The network with its blocks opened, and for narrow screens with its blocks closed if they are too wide. Nothing if it cannot
 * be drawn: a training ends well without.
 *
 * @param batchShape - of a batch that it was trained with, if there was one.
 */
export async function runDrawings(
  net: Module,
  batchShape: readonly number[] | null,
  title: string,
): Promise<ReportData["drawings"]> {
  if (batchShape === null) return undefined;
  try {
    const { draw } = await loadedModule(import("../../draw/draw.ts"));
    const options = { input: batchShape.slice(1), title, boxes: MOST_BOXES };
    const wide = draw(net, options);
    const narrow = wide.width <= NARROW ? wide : draw(net, { ...options, depth: 0 });
    return { wide: wide.toSvg(), narrow: narrow.toSvg() };
  } catch {
    return undefined;
  }
}
