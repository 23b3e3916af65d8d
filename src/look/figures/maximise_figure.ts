/** Images that make units active. */

import type { Preprocessing } from "../../records/preprocessing.ts";
import { significant } from "../../report/number_text.ts";
import { fromTypedArray } from "../../tensor/tensor.ts";
import { shownInput } from "../image/shown_input.ts";
import type { Maximised } from "../layers/maximise.ts";
import type { Figure } from "./figure.ts";
import { Sheet } from "./sheet.ts";
import { type FigureOptions, widthOf, wordsIn } from "./words.ts";

/** What `maximiseFigure` takes beside the images. */
export interface MaximiseFigureOptions extends FigureOptions {
  /** What each unit is called: classes by their names. Default: its number. */
  readonly names?: readonly string[];
  /** `models.preprocessingOf(net)`: how numbers of the input become colours. */
  readonly preprocessing?: Pick<Preprocessing, "mean" | "std">;
}

/**
 * Images that make units active, each with how active its unit was at first and in the end.
 *
 * @example
 * ```ts
 * import { maximise, maximiseFigure } from "convoyant/look";
 * const net = models.lenet();
 * const found = await maximise(net, { shape: [1, 28, 28], unit: 1, steps: 8 });
 * const figure = await maximiseFigure([found], { names: ["bag"] });
 * figure.label; // "Images that make a class most likely"
 * ```
 */
export async function maximiseFigure(
  found: readonly Maximised[],
  options: MaximiseFigureOptions = {},
): Promise<Figure> {
  const words = wordsIn(options.lang);
  const title = words.maximised(found[0]?.layer ?? "");
  const sheet = new Sheet(widthOf(options)).text(title, "title").text(words.activeNote);
  const panels = [];
  for (const [i, { input, shape, unit, values }] of found.entries()) {
    const image = await shownInput(
      fromTypedArray(input.slice(), [1, ...shape], "float32"),
      options.preprocessing,
    );
    const note = words.active(significant(values[0], 3), significant(values.at(-1) as number, 3));
    panels.push({ image, title: options.names?.[i] ?? String(unit), note });
  }
  const columns = Math.max(1, Math.min(found.length, Math.floor(sheet.inner / 140)));
  sheet.panels(panels, Math.min(220, Math.floor((sheet.inner - 10 * (columns - 1)) / columns)));
  return sheet.figure(title);
}
