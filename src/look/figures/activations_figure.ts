/** Feature maps, layer by layer. */
import { formatShape } from "../../base/shape.ts";
import type { Image } from "../../records/image.ts";
import { resample } from "../../report/image.ts";
import type { HeatMap } from "../heat_map.ts";
import { viridis } from "../image/colour_maps.ts";
import { colourize, colourRange } from "../image/overlay.ts";
import type { LayerActivations } from "../layers/activations.ts";
import type { DrawnFigure } from "./figure.ts";
import { Sheet, shortNumber } from "./sheet.ts";
import { type FigureOptions, widthOf, wordsIn } from "./words.ts";

/** Between maps. */
const GAP = 4;

/** Of numbers; the rest is left out. */
const MOST_ROWS = 12;

/** Of more layers than this the maps of one row are shown each. */
const MANY_LAYERS = 40;

/**
 * What each layer gave, its maps beside each other; the colours of a layer go from 0, or its lowest number, to its highest.
 *
 * @example
 * ```ts
 * import { activations, activationsFigure } from "convoyant/look";
 * const figure = activationsFigure(await activations(models.lenet(), rand(1, 1, 28, 28)), { width: 400 });
 * figure.width; // 400
 * ```
 */
export function activationsFigure(
  layers: readonly LayerActivations[],
  options: FigureOptions = {},
): DrawnFigure {
  const words = wordsIn(options.lang);
  const sheet = new Sheet(widthOf(options)).text(words.activations, "title");
  sheet.scale(viridis, "0", "max", words.eachLayerScale);
  for (const { layer, kind, shape, maps } of layers) {
    if (maps.length === 0) continue;
    const all = maps.flatMap(({ values }) => [...values]);
    const range = colourRange(all);
    const cell = Math.max(28, Math.min(64, maps[0].width * 4));
    const inRow = Math.max(1, Math.floor((sheet.inner + GAP) / (cell + GAP)));
    const shown = layers.length > MANY_LAYERS ? maps.slice(0, inRow) : maps;
    const count = shape.length === 3 ? words.mapCount(shown.length, shape[0]) : words.unitCount(all.length);
    const ends = `${shortNumber(range[0])} … ${shortNumber(range[1])}`;
    sheet.skip(4).text(`${layer === "" ? kind : `${layer} ${kind}`} ${formatShape(shape)}`, "text");
    sheet.text(`${count} · ${ends}`);
    if (maps[0].height === 1) row(sheet, maps[0], range);
    else {
      sheet.panels(
        shown.map((map) => ({ image: shrunk(colourize(map, { range }), cell) })),
        cell,
        { gap: GAP },
      );
    }
  }
  return sheet.figure(words.activations);
}

/** An image of at most a number of pixels across: networks of photographs have hundreds of maps. */
function shrunk(image: Image, widest: number): Image {
  const share = widest / image.width;
  return share < 1 ? resample(image, widest, Math.max(1, Math.round(image.height * share))) : image;
}

/** Numbers in a row, or in several if there are many. */
function row(sheet: Sheet, { values }: HeatMap, range: readonly [number, number]): void {
  const side = 8;
  const columns = Math.floor(sheet.inner / side);
  for (let first = 0; first < Math.min(values.length, MOST_ROWS * columns); first += columns) {
    const here = values.slice(first, first + columns);
    const image = colourize({ width: here.length, height: 1, values: here }, { range });
    sheet.add({ kind: "image", x: sheet.left, y: sheet.top, width: side * here.length, height: side, image });
    sheet.skip(side + 1);
  }
  sheet.skip(6);
}
