/** Feature maps, layer by layer. */
import { formatShape } from "../../base/shape.ts";
import type { HeatMap } from "../heat_map.ts";
import { viridis } from "../image/colour_maps.ts";
import { colourize, colourRange } from "../image/overlay.ts";
import type { LayerActivations } from "../layers/activations.ts";
import type { DrawnFigure } from "./figure.ts";
import { Sheet, shortNumber } from "./sheet.ts";
import { type FigureOptions, widthOf, wordsIn } from "./words.ts";

/** Of numbers; the rest is left out. */
const MOST_ROWS = 12;

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
    const count = shape.length === 3 ? words.mapCount(maps.length, shape[0]) : words.unitCount(all.length);
    const ends = `${shortNumber(range[0])} … ${shortNumber(range[1])}`;
    sheet.skip(4).text(`${layer === "" ? kind : `${layer} ${kind}`} ${formatShape(shape)}`, "text");
    sheet.text(`${count} · ${ends}`);
    if (maps[0].height === 1) row(sheet, maps[0], range);
    else {
      const cell = Math.max(28, Math.min(64, maps[0].width * 4));
      sheet.panels(
        maps.map((map) => ({ image: colourize(map, { range }) })),
        cell,
        4,
      );
    }
  }
  return sheet.figure(words.activations);
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
