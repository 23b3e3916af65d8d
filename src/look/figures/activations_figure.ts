/** Feature maps, layer by layer. */
import { formatShape } from "../../base/shape.ts";
import { significant } from "../../report/number_text.ts";
import type { HeatMap } from "../heat_map.ts";
import { viridis } from "../image/colour_maps.ts";
import { colourize, colourRange } from "../image/overlay.ts";
import type { LayerActivations } from "../layers/activations.ts";
import type { DrawnFigure } from "./figure.ts";
import { Sheet } from "./sheet.ts";
import { type FigureOptions, widthOf, wordsIn } from "./words.ts";

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
    const ends = `${significant(range[0], 3)} … ${significant(range[1], 3)}`;
    sheet.skip(4).text(`${layer === "" ? kind : `${layer} ${kind}`} ${formatShape(shape)}`, "text");
    sheet.text(`${count} · ${ends}`);
    const images = maps.map(folded).map((map) => ({ image: colourize(map, { range }) }));
    const [{ image }] = images;
    const cell = Math.max(28, Math.min(64, image.width * 4));
    sheet.panels(images, image.height === 1 ? Math.min(sheet.inner, 8 * image.width) : cell, 4);
  }
  return sheet.figure(words.activations);
}

/** Many numbers in a row become rows that fill a rectangle. */
function folded(map: HeatMap): HeatMap {
  if (map.height > 1 || map.width <= 64) return map;
  const width = 64;
  const height = Math.ceil(map.width / width);
  const values = new Float32Array(width * height).fill(Number.NaN);
  values.set(map.values);
  return { width, height, values };
}
