/** How weights and gradients are spread, a chart for each. */
import { formatShape } from "../../base/shape.ts";
import type { NumberHistogram, ParameterHistograms } from "../layers/histograms.ts";
import type { DrawnFigure } from "./figure.ts";
import { Sheet, shortNumber } from "./sheet.ts";
import { fitted } from "./text_layout.ts";
import { type FigureOptions, type Words, widthOf, wordsIn } from "./words.ts";

const TALL = 64;
const GAP = 24;

/**
 * A chart for the weights of each parameter, and beside it one for their gradients, if there are any.
 *
 * @example
 * ```ts
 * import { histograms, histogramsFigure } from "convoyant/look";
 * const figure = histogramsFigure(await histograms(models.lenet()));
 * figure.label; // "Weights and gradients, layer by layer"
 * ```
 */
export function histogramsFigure(
  parameters: readonly ParameterHistograms[],
  options: FigureOptions = {},
): DrawnFigure {
  const words = wordsIn(options.lang);
  const sheet = new Sheet(widthOf(options)).text(words.histograms, "title").text(words.counted);
  const both = parameters.some(({ gradients }) => gradients !== null);
  // Their texts need this much room.
  const beside = sheet.inner >= 480;
  const wide = both && beside ? Math.floor((sheet.inner - GAP) / 2) : Math.min(440, sheet.inner);
  for (const { name, shape, weights, gradients } of parameters) {
    sheet.skip(6).text(`${name} ${formatShape(shape)}`, "text");
    chart(sheet, weights, words.weights, sheet.left, wide, words);
    if (gradients !== null && !beside) sheet.skip(TALL + 58);
    const x = beside ? sheet.left + wide + GAP : sheet.left;
    if (gradients !== null) chart(sheet, gradients, words.gradients, x, wide, words);
    sheet.skip(TALL + 62);
  }
  return sheet.figure(words.histograms);
}

function chart(
  sheet: Sheet,
  found: NumberHistogram,
  name: string,
  x: number,
  wide: number,
  words: Words,
): void {
  const { counts, low, high, mean, std } = found;
  const spread = words.spread(shortNumber(mean), shortNumber(std));
  const [first, second] = [sheet.top + 13, sheet.top + 30];
  sheet.add(
    { kind: "text", x, y: first, words: fitted(name, "muted", wide), look: "muted" },
    { kind: "text", x, y: second, words: fitted(spread, "muted", wide), look: "muted" },
  );
  const top = sheet.top + 38;
  const most = Math.max(...counts, 1);
  const column = wide / counts.length;
  counts.forEach((count, i) => {
    const height = (TALL * count) / most;
    const from = low + ((high - low) * i) / counts.length;
    const to = low + ((high - low) * (i + 1)) / counts.length;
    const title = `${shortNumber(from)} … ${shortNumber(to)}: ${count}`;
    if (count > 0)
      sheet.add({
        kind: "rect",
        x: x + i * column,
        y: top + TALL - height,
        width: Math.max(0.5, column - 0.5),
        height,
        fill: "blue",
        title,
      });
  });
  sheet.add({ kind: "line", x1: x, y1: top + TALL, x2: x + wide, y2: top + TALL, look: "axis" });
  const y = top + TALL + 15;
  sheet.add(
    { kind: "text", x, y, words: shortNumber(low), look: "muted" },
    { kind: "text", x: x + wide, y, words: shortNumber(high), look: "muted", anchor: "end" },
  );
}
