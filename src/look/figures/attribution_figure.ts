/** An image, what mattered in it, and both. */
import type { Image } from "../../records/image.ts";
import { type HeatMap, resizeHeatMap } from "../heat_map.ts";
import { berlin, viridis } from "../image/colour_maps.ts";
import { colourize, colourRange, overlay } from "../image/overlay.ts";
import type { DrawnFigure } from "./figure.ts";
import { Sheet } from "./sheet.ts";
import { type AttributionName, type FigureOptions, widthOf, wordsIn } from "./words.ts";

/** What `attributionFigure` takes beside the image and the map. */
export interface AttributionFigureOptions extends FigureOptions {
  /** Which map it is. */
  readonly what: AttributionName;
  /** What the class is called. */
  readonly className: string;
  /** The layer that the map comes from, if it comes from one. */
  readonly layer?: string;
}

/**
 * An image, a map of what mattered in it, and the map laid over the image. Maps with numbers below 0 (occlusion) are in
 * colours that have 0 in their middle.
 *
 * @param image - as the network sees it: `shownInput`.
 * @example
 * ```ts
 * import { attributionFigure, saliency, shownInput } from "convoyant/look";
 * const input = rand(1, 1, 28, 28);
 * const map = await saliency(models.lenet(), input);
 * const figure = attributionFigure(await shownInput(input), map, { what: "saliency", className: "bag" });
 * figure.label; // "Saliency, class: bag"
 * ```
 */
export function attributionFigure(
  image: Image,
  map: HeatMap,
  options: AttributionFigureOptions,
): DrawnFigure {
  const words = wordsIn(options.lang);
  const { what, className, layer } = options;
  const sheet = new Sheet(widthOf(options)).text(words.attribution(what), "title");
  const about = [words.explains(className), ...(layer ? [words.ofLayer(layer)] : [])].join(" · ");
  sheet.text(about);
  const colourMap = map.values.some((value) => value < 0) ? berlin : viridis;
  const range = colourRange(map.values, { colourMap });
  const colours = { colourMap, range };
  const large = resizeHeatMap(map, image.width, image.height);
  const cell = Math.min(220, Math.floor((sheet.inner - 20) / 3));
  sheet.panels(
    [
      { image, title: words.image },
      { image: colourize(large, colours), title: words.map },
      { image: overlay(image, map, colours), title: words.overlay },
    ],
    Math.max(cell, 96),
  );
  sheet.scale(colourMap, range[0], range[1], words.scaleOf(what));
  return sheet.figure(`${words.attribution(what)}, ${about}`);
}
