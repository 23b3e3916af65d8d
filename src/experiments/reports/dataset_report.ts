/** Data sets as they are fetched, and their images, told. */
import { IndexError } from "../../base/errors.ts";
import { datasetEntry } from "../../data/dataset_registry.ts";
import { openDataset } from "../../data/index.ts";
import { className, shortClassName } from "../../records/class_names.ts";
import type { Reporter } from "../../report/reporter.ts";
import { imageTiles, tilesPerRow } from "../../report/terminal/image_tiles.ts";

/** Which images `reportImages` shows. */
export interface ReportImagesOptions {
  readonly dataDir?: string;
  /** @default "train" */
  readonly split?: "train" | "test";
  /** The first. @default 0 */
  readonly from?: number;
  /** @default 6 */
  readonly count?: number;
}

/**
 * Fetches a data set, and tells how many images its parts have: what `convoyant data fetch` does.
 *
 * @throws ArgumentError for an unknown name; FileError if it cannot be fetched.
 * @example
 * ```ts no-run
 * import * as experiments from "convoyant/experiments";
 * import { CollectingReporter } from "convoyant/report";
 * await experiments.reportDataset("fashion-mnist", new CollectingReporter());
 * ```
 */
export async function reportDataset(
  name: string,
  reporter: Reporter,
  { dataDir }: Pick<ReportImagesOptions, "dataDir"> = {},
): Promise<void> {
  datasetEntry(name);
  for (const split of ["train", "test"] as const) {
    const { length, folder } = await open(name, split, dataDir, reporter);
    reporter.line(`${name} ${split === "train" ? "training" : "test"} set: ${length} images, from ${folder}`);
    reporter.event({ event: "data", data: name, split, images: length, folder });
  }
  reporter.event({ event: "end", data: name });
}

/**
 * Reports images of a data set, which people see: what `convoyant data show` does.
 *
 * @throws ArgumentError for an unknown name; IndexError if there is no image `from`.
 * @example
 * ```ts no-run
 * import * as experiments from "convoyant/experiments";
 * import { CollectingReporter } from "convoyant/report";
 * const told = new CollectingReporter({ colour: 24 });
 * await experiments.reportImages("fashion-mnist", told, { split: "test", count: 2 });
 * ```
 */
export async function reportImages(
  name: string,
  reporter: Reporter,
  { dataDir, split = "train", from = 0, count = 6 }: ReportImagesOptions = {},
): Promise<void> {
  const { classes } = datasetEntry(name);
  const dataset = await open(name, split, dataDir, reporter);
  if (from >= dataset.length)
    throw new IndexError(
      `data show: there is no image ${from}: the ${split} set has images 0 to ${dataset.length - 1}`,
    );
  const last = Math.min(dataset.length, from + count);
  const perRow = tilesPerRow(reporter.terminal.columns);
  // Row by row: a whole data set may be asked for.
  for (let first = from; first < last; first += perRow) {
    const tiles = Array.from({ length: Math.min(perRow, last - first) }, (_, i) => {
      const { label, ...image } = dataset.image(first + i);
      reporter.event({ event: "image", index: first + i, label, name: shortClassName(classes, label) });
      return { image, caption: `${split}:${first + i} ${className(classes, label)}` };
    });
    if (!reporter.json) reporter.lines([...imageTiles(tiles, reporter.style), ""]);
  }
  reporter.event({ event: "end", data: name, split, images: dataset.length });
}

function open(name: string, split: "train" | "test", dataDir: string | undefined, reporter: Reporter) {
  const onProgress = (text: string) => reporter.note(text);
  return openDataset(name, { train: split === "train", dataDir, onProgress });
}
