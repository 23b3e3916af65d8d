/** Filters in rows, and over the epochs of a run. */
import { ArgumentError } from "../../base/errors.ts";
import { type FilterImageOptions, type Filters, farthest, filterImages } from "../../report/filter_images.ts";
import type { DrawnFigure } from "./figure.ts";
import { Sheet } from "./sheet.ts";
import { type FigureOptions, type Words, widthOf, wordsIn } from "./words.ts";

/** What figures of filters take. */
export interface FiltersFigureOptions extends FigureOptions, FilterImageOptions {}

/** More images than this are left out, and the figure says so. */
const MOST_IMAGES = 256;

/**
 * The filters of a layer in rows: in colours if they have three channels, else each channel of each filter in grey.
 *
 * @example
 * ```ts
 * import { filters, filtersFigure } from "convoyant/look";
 * const figure = filtersFigure(await filters(models.lenet()), { scale: "all" });
 * figure.label; // "Filters of 0"
 * ```
 */
export function filtersFigure(given: Filters, options: FiltersFigureOptions = {}): DrawnFigure {
  const words = wordsIn(options.lang);
  const images = filterImages(given, options);
  const [, , height, width] = given.shape;
  const shown = images.slice(0, MOST_IMAGES);
  const sheet = new Sheet(widthOf(options)).text(words.filters(given.layer), "title");
  sheet.text(words.filterCount(shown.length, images.length, height, width));
  // Rows of eight, as there are often 64 of them.
  const cell = Math.max(24, Math.min(72, 8 * width, Math.floor((sheet.inner + 4) / 8) - 4));
  sheet.panels(
    shown.map((image) => ({ image })),
    cell,
    { gap: 4 },
  );
  return scaleOf(sheet.skip(6), given, options, words).figure(words.filters(given.layer));
}

/**
 * Filters over the epochs of a run: a row for each filter, a column for each epoch.
 *
 * @param snapshots - of one layer, in the order of training.
 * @throws ArgumentError if there are none.
 * @example
 * ```ts
 * import { filmstripFigure, filters } from "convoyant/look";
 * const net = models.lenet();
 * const figure = filmstripFigure([{ ...(await filters(net)), epoch: 0 }, { ...(await filters(net)), epoch: 1 }]);
 * figure.width; // 720
 * ```
 */
export function filmstripFigure(
  snapshots: readonly (Filters & { readonly epoch: number })[],
  options: FiltersFigureOptions = {},
): DrawnFigure {
  const [first] = snapshots;
  if (first === undefined)
    throw new ArgumentError("filmstripFigure: expected snapshots of filters, got none");
  const words = wordsIn(options.lang);
  const sheet = new Sheet(widthOf(options)).text(words.overEpochs(first.layer), "title");
  sheet.text(words.epochsAcross);
  const room = Math.max(2, Math.floor(sheet.inner / 52));
  const shown = thinned(snapshots, room);
  const strips = shown.map((snapshot) => filterImages(snapshot, options).slice(0, 24));
  const wide = Math.min(64, Math.floor(sheet.inner / shown.length) - 4);
  const tall = (wide * first.shape[2]) / first.shape[3];
  shown.forEach(({ epoch }, column) => {
    const x = sheet.left + column * (wide + 4);
    sheet.write(words.epoch(epoch), x + wide / 2, "muted", "middle");
    strips[column].forEach((image, row) => {
      const y = sheet.top + 20 + row * (tall + 4);
      sheet.add({ kind: "image", x, y, width: wide, height: tall, image });
    });
  });
  sheet.skip(20 + strips[0].length * (tall + 4) + 6);
  const all = { ...first, data: shown.flatMap(({ data }) => [farthest(data)]) };
  return scaleOf(sheet, all, options, words).figure(words.overEpochs(first.layer));
}

/** The first, the last, and of the others as many as there is room for. */
function thinned<T>(list: readonly T[], most: number): T[] {
  if (list.length <= most) return [...list];
  return Array.from({ length: most }, (_, i) => list[Math.round((i * (list.length - 1)) / (most - 1))]);
}

function scaleOf(
  sheet: Sheet,
  { data }: Filters,
  { scale = "each" }: FilterImageOptions,
  words: Words,
): Sheet {
  const far = farthest(data);
  return scale === "all"
    ? sheet.scale("grey", -far, far, words.allScale)
    : sheet.scale("grey", words.lowest, words.highest, words.eachScale);
}
