/** Images that make units active. */

import { ArgumentError } from "../../base/errors.ts";
import type { Image } from "../../records/image.ts";
import type { Preprocessing } from "../../records/preprocessing.ts";
import { fromTypedArray } from "../../tensor/tensor.ts";
import { shownInput } from "../image/shown_input.ts";
import type { Maximised } from "../layers/maximise.ts";
import type { DrawnFigure } from "./figure.ts";
import { Sheet, shortNumber } from "./sheet.ts";
import { type FigureOptions, widthOf, wordsIn } from "./words.ts";

/** What `maximiseFigure` takes beside what was found. */
export interface MaximiseFigureOptions extends FigureOptions {
  /** `maximisedImage` of each. */
  readonly images: readonly Image[];
  /** What each unit is called: classes by their names. Default: its number. */
  readonly names?: readonly string[];
}

/**
 * What was found as an image to look at.
 *
 * @param preprocessing - `models.preprocessingOf(net)`: how numbers of the input become colours.
 * @example
 * ```ts
 * import { maximise, maximisedImage } from "convoyant/look";
 * const found = await maximise(models.lenet(), { shape: [1, 28, 28], steps: 4 });
 * (await maximisedImage(found)).width; // 28
 * ```
 */
export function maximisedImage(
  { input, shape }: Maximised,
  preprocessing?: Pick<Preprocessing, "mean" | "std">,
): Promise<Image> {
  return shownInput(fromTypedArray(input.slice(), [1, ...shape], "float32"), preprocessing);
}

/**
 * Images that make units active, each with how active its unit was at first and in the end.
 *
 * @throws ArgumentError if there is not an image for each.
 * @example
 * ```ts
 * import { maximise, maximisedImage, maximiseFigure } from "convoyant/look";
 * const found = await maximise(models.lenet(), { shape: [1, 28, 28], unit: 1, steps: 4 });
 * const figure = maximiseFigure([found], { images: [await maximisedImage(found)], names: ["bag"] });
 * figure.label; // "Images that make a class most likely"
 * ```
 */
export function maximiseFigure(found: readonly Maximised[], options: MaximiseFigureOptions): DrawnFigure {
  const { images, names } = options;
  if (images.length !== found.length)
    throw new ArgumentError(
      `maximiseFigure: expected an image for each of ${found.length} units, got ${images.length}`,
    );
  const words = wordsIn(options.lang);
  const title = words.maximised(found[0]?.layer ?? "");
  const sheet = new Sheet(widthOf(options)).text(title, "title").text(words.activeNote);
  const panels = found.map(({ unit, values }, i) => ({
    image: images[i],
    title: names?.[i] ?? String(unit),
    note: words.active(shortNumber(values[0]), shortNumber(values.at(-1) as number)),
  }));
  const columns = Math.max(1, Math.min(found.length, Math.floor(sheet.inner / 140)));
  sheet.panels(panels, Math.min(220, Math.floor((sheet.inner - 10 * (columns - 1)) / columns)));
  return sheet.scale("grey", words.darkest, words.brightest, words.shownLevels).figure(title);
}
