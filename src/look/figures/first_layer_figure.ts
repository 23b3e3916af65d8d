/** The chapter's figure 7.1: what a network's first layer learned, beside what was made by hand. */
import { type Filters, farthest, filterImages } from "../../report/filter_images.ts";
import { gaborBank } from "../image/gabor.ts";
import type { DrawnFigure } from "./figure.ts";
import { Sheet } from "./sheet.ts";
import { type FigureOptions, widthOf, wordsIn } from "./words.ts";

/** What `firstLayerFigure` takes beside the filters. */
export interface FirstLayerFigureOptions extends FigureOptions {
  /** How the network was trained, in words: "AlexNet, Fashion-MNIST, 1 epoch". */
  readonly trained: string;
  /** The filters before training: then the figure shows, too, what training has changed. */
  readonly before?: Filters;
}

/** SIFT's descriptor: cells a side, and directions in each. */
const CELLS = 4;
const DIRECTIONS = 8;

/**
 * Filters of a first layer, a Gabor bank and SIFT's gradient bins beside each other.
 *
 * @example
 * ```ts
 * import { filters, firstLayerFigure } from "convoyant/look";
 * const figure = firstLayerFigure(await filters(models.lenet()), { trained: "LeNet, not trained" });
 * figure.width; // 720
 * ```
 */
export function firstLayerFigure(given: Filters, options: FirstLayerFigureOptions): DrawnFigure {
  const words = wordsIn(options.lang);
  const sheet = new Sheet(widthOf(options)).text(words.firstLayers, "title");
  const cell = Math.max(20, Math.min(48, Math.floor((sheet.inner + 4) / 16) - 4));
  const grid = (filters: Filters) =>
    sheet.panels(
      filterImages(filters)
        .slice(0, 96)
        .map((image) => ({ image })),
      cell,
      { gap: 4 },
    );
  sheet.text(words.learned(given.layer), "text").text(options.trained);
  grid(given).scale("grey", words.lowest, words.highest, words.eachScale);
  const change = options.before === undefined ? null : changed(options.before, given);
  if (change !== null) {
    sheet.skip(8).text(words.changed, "text").text(words.changedAbout(change.shape[0]));
    grid(change);
  }
  sheet.skip(8).text(words.gabor, "text").text(words.gaborAbout);
  grid(gaborBank());
  sheet.skip(8).text(words.sift, "text").text(words.siftAbout);
  siftBins(sheet, Math.min(240, sheet.inner));
  return sheet.figure(`${words.firstLayers}: ${options.trained}`);
}

/** What training has added to the first filters; null if they are not of one size. */
function changed(before: Filters, after: Filters): Filters | null {
  const same = [1, 2, 3].every((d) => before.shape[d] === after.shape[d]);
  if (!same || before.shape[0] > after.shape[0]) return null;
  const data = Float32Array.from(before.data, (weight, i) => after.data[i] - weight);
  const size = data.length / before.shape[0];
  // A run notes weights in this many steps: smaller ones say nothing.
  const step = farthest(before.data) / 127;
  for (let first = 0; first < data.length; first += size) {
    const own = data.subarray(first, first + size);
    if (farthest(own) <= step) own.fill(0);
  }
  return { ...before, data };
}

/** Cells with a ray for each direction, as long as the bell lets it count there. */
function siftBins(sheet: Sheet, side: number): void {
  const cell = side / CELLS;
  for (let i = 0; i <= CELLS; i++) {
    const [x, y] = [sheet.left + i * cell, sheet.top + i * cell];
    sheet.add(
      { kind: "line", x1: x, y1: sheet.top, x2: x, y2: sheet.top + side, look: "grid" },
      { kind: "line", x1: sheet.left, y1: y, x2: sheet.left + side, y2: y, look: "grid" },
    );
  }
  for (let row = 0; row < CELLS; row++)
    for (let column = 0; column < CELLS; column++) {
      const [x, y] = [sheet.left + (column + 0.5) * cell, sheet.top + (row + 0.5) * cell];
      // The bell's standard deviation is half the width of the descriptor.
      const away = ((row - 1.5) ** 2 + (column - 1.5) ** 2) / (2 * (CELLS / 2) ** 2);
      const ray = 0.46 * cell * Math.exp(-away);
      for (let i = 0; i < DIRECTIONS; i++) {
        const angle = (2 * Math.PI * i) / DIRECTIONS;
        const [x2, y2] = [x + ray * Math.cos(angle), y - ray * Math.sin(angle)];
        sheet.add(
          { kind: "line", x1: x, y1: y, x2, y2, look: "axis" },
          { kind: "circle", x: x2, y: y2, r: 2, fill: "blue" },
        );
      }
    }
  sheet.skip(side + 8);
}
