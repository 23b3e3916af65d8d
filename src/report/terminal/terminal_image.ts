import { checkImage } from "../../io/images/check_image.ts";
import { luma } from "../../io/images/luma.ts";
import { type Image, resample } from "../image.ts";
import { formatPercent } from "../number_text.ts";
import { paint } from "./colour.ts";
import { printable } from "./printable.ts";
import type { ColourDepth, TextStyle } from "./terminal.ts";
import { displayWidth, pad, truncate } from "./text_width.ts";

export interface ImageOptions extends TextStyle {
  /** Most columns the image may take; larger ones are shrunk. Default 56. */
  maxColumns?: number;
  /** Most lines the image may take. Default 28. */
  maxRows?: number;
}

/**
 * An image as lines of text. With 256 colours or more each character is two pixels, an upper half block with its
 * own foreground and background; without, each character is one cell of a ramp, darker to denser, as an image of
 * light on black needs it.
 *
 * @example
 * ```ts
 * import { renderImage } from "convoyant/report";
 * const image = { width: 2, height: 2, channels: 1, data: Uint8Array.of(0, 255, 255, 0) } as const;
 * renderImage(image).length > 0; // true
 * ```
 */
export function renderImage(image: Image, options: ImageOptions = {}): string[] {
  checkImage(image, "renderImage");
  const { maxColumns = 56, maxRows = 28 } = options;
  // A character is about twice as high as it is wide: two pixels tall, one pixel wide.
  const shrink = Math.max(
    1,
    image.width / Math.max(1, maxColumns),
    image.height / (2 * Math.max(1, maxRows)),
  );
  const width = Math.max(1, Math.floor(image.width / shrink));
  const rows = Math.max(1, Math.ceil(image.height / shrink / 2));
  const depth = options.colour ?? 0;
  if (depth >= 8 && options.unicode !== false) {
    const even = resample(image, width, Math.max(1, Math.round(image.height / shrink)));
    return halfBlocks(even, rows, depth);
  }
  return ramp(resample(image, width, rows), options.unicode !== false);
}

type Rgb = readonly [red: number, green: number, blue: number];

/** A pixel's colour; what is see-through lies on black. */
function pixel({ channels, data }: Image, index: number): Rgb {
  const at = index * channels;
  if (channels === 1) return [byte(data[at]), byte(data[at]), byte(data[at])];
  const share = channels === 4 ? byte(data[at + 3]) / 255 : 1;
  return [byte(data[at] * share), byte(data[at + 1] * share), byte(data[at + 2] * share)];
}

function halfBlocks(image: Image, rows: number, depth: ColourDepth): string[] {
  const { width, height } = image;
  const code = (index: number) => {
    const colour = pixel(image, index);
    return depth === 24 ? `2;${colour.join(";")}` : `5;${paletteColour(colour)}`;
  };
  return Array.from({ length: rows }, (_, row) => {
    let line = "";
    let previous = "";
    for (let x = 0; x < width; x++) {
      const upper = code(2 * row * width + x);
      // An odd image ends in a half line: nothing is drawn below it.
      const below = 2 * row + 1 < height ? `;48;${code((2 * row + 1) * width + x)}` : ";49";
      const look = `\u001b[38;${upper}${below}m`;
      line += `${look === previous ? "" : look}▀`;
      previous = look;
    }
    return `${line}\u001b[0m`;
  });
}

function ramp(image: Image, unicode: boolean): string[] {
  const steps = unicode ? " ░▒▓█" : " .:-=+*#%@";
  return Array.from({ length: image.height }, (_, y) => {
    let line = "";
    for (let x = 0; x < image.width; x++) {
      const colour = pixel(image, y * image.width + x);
      // Of a grey pixel the value itself: the weights of luma add up to it.
      const grey = luma(...colour);
      line += steps[Math.min(steps.length - 1, Math.floor((grey / 256) * steps.length))];
    }
    return line;
  });
}

function byte(value: number): number {
  return Number.isFinite(value) ? Math.min(255, Math.max(0, Math.round(value))) : 0;
}

/** The nearest colour of the palette: of its greys, else of its cube of 6 by 6 by 6. */
function paletteColour([red, green, blue]: Rgb): number {
  if (red === green && green === blue) return paletteGrey(red);
  const level = (value: number) => (value < 48 ? 0 : value < 115 ? 1 : Math.round((value - 55) / 40));
  return 16 + 36 * level(red) + 6 * level(green) + level(blue);
}

/** The nearest of the palette's 24 greys, black and white. */
function paletteGrey(grey: number): number {
  if (grey < 4) return 16;
  if (grey > 246) return 231;
  return Math.min(255, Math.max(232, 232 + Math.round((grey - 8) / 10)));
}

/** A class and how likely the network finds it. */
export interface ClassProbability {
  label: string;
  probability: number;
}

export interface PredictionOptions extends ImageOptions {
  /** Columns of the terminal. Default 80. */
  columns?: number;
  /** Written above the classes, for example the file's name. */
  title?: string;
  /** The right class, if it is known: it is marked. */
  truth?: string;
  /** Most classes that are listed. Default 10. */
  top?: number;
}

/**
 * An image beside the probabilities of its classes, the likeliest first, as lines of text; one above the other if
 * the terminal is narrow.
 *
 * @example
 * ```ts
 * import { renderPrediction } from "convoyant/report";
 * const image = { width: 2, height: 2, channels: 1, data: Uint8Array.of(0, 255, 255, 0) } as const;
 * const classes = [{ label: "bag", probability: 0.9 }, { label: "coat", probability: 0.1 }];
 * console.log(renderPrediction(image, classes).join("\n"));
 * ```
 */
export function renderPrediction(
  image: Image,
  probabilities: readonly ClassProbability[],
  options: PredictionOptions = {},
): string[] {
  const { columns = 80, maxColumns = 56 } = options;
  const drawn = renderImage(image, { ...options, maxColumns: Math.min(columns, maxColumns) });
  const imageWidth = Math.max(...drawn.map(displayWidth));
  const gap = 3;
  const beside = columns - imageWidth - gap;
  const least = 30;
  if (beside < least) return [...drawn, "", ...probabilityLines(probabilities, columns, options)];
  const text = probabilityLines(probabilities, beside, options);
  const top = Math.max(0, Math.floor((drawn.length - text.length) / 2));
  const height = Math.max(drawn.length, text.length + top);
  return Array.from({ length: height }, (_, row) => {
    const words = text[row - top] ?? "";
    const pixels = pad(drawn[row] ?? "", imageWidth);
    return words === "" ? pixels : `${pixels}${" ".repeat(gap)}${words}`;
  });
}

function probabilityLines(
  all: readonly ClassProbability[],
  width: number,
  options: PredictionOptions,
): string[] {
  const depth = options.colour ?? 0;
  const unicode = options.unicode !== false;
  const shown = [...all]
    .sort((a, b) => (Number.isNaN(b.probability) ? -1 : 0) || b.probability - a.probability)
    .slice(0, options.top ?? 10)
    .map(({ label, probability }) => ({ label: printable(label), raw: label, probability }));
  const percentWidth = 8;
  const markWidth = 2;
  const widest = Math.max(1, ...shown.map(({ label }) => displayWidth(label)));
  const labelWidth = Math.min(widest, Math.max(4, width - percentWidth - markWidth - 10));
  const barWidth = Math.min(30, Math.max(0, width - labelWidth - percentWidth - markWidth - 3));
  const lines = shown.map(({ label, raw, probability }, rank) => {
    const right = options.truth !== undefined && raw === options.truth;
    const mark = right ? (unicode ? "✓ " : "* ") : "  ";
    const name = pad(truncate(label, labelWidth, unicode), labelWidth);
    const colour = right ? "green" : rank === 0 && options.truth !== undefined ? "red" : "blue";
    const filled = pad(paint(eighths(probability, barWidth, unicode), colour, depth), barWidth);
    return `${paint(mark, "green", depth)}${rank === 0 ? paint(name, "bold", depth) : name} ${filled} ${pad(
      formatPercent(probability),
      percentWidth,
      "right",
    )}`;
  });
  return options.title === undefined
    ? lines
    : [truncate(printable(options.title), width, unicode), "", ...lines];
}

/** A bar in steps of an eighth of a column. */
function eighths(share: number, width: number, unicode: boolean): string {
  const held = Number.isFinite(share) ? Math.min(1, Math.max(0, share)) : 0;
  if (!unicode) return "#".repeat(Math.round(held * width));
  const total = Math.round(held * width * 8);
  const rest = total % 8;
  return "█".repeat(Math.floor(total / 8)) + (rest === 0 ? "" : String.fromCharCode(0x2590 - rest));
}
