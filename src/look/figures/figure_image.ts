/** Figures as pixels, for PNG files. */
import { ArgumentError } from "../../base/errors.ts";
import { shownValue } from "../../base/shown_value.ts";
import type { Image } from "../../records/image.ts";
import { type ChartPalette, chartPalettes } from "../../report/svg/chart_palette.ts";
import type { DrawnFigure, Mark, MarkFill } from "./figure.ts";
import { ASCENT, GLYPH_WIDTH, glyphOf, lettersOf, missingLetter } from "./pixel_font.ts";

/** Pixels for each pixel of the natural size: letters of pixels need them. */
export const SCALE = 2;

/**
 * A figure as an image, twice as large as its natural size. Texts are drawn in letters of pixels, which there are
 * for Latin, Greek and Cyrillic (SVG and HTML have them all).
 *
 * @throws ArgumentError for a figure with other texts.
 * @example
 * ```ts
 * import { figureImage, filters, filtersFigure } from "convoyant/look";
 * const image = figureImage(filtersFigure(await filters(models.lenet()), { width: 400 }));
 * image.width; // 800
 * ```
 */
export function figureImage(
  figure: DrawnFigure,
  { theme = "light" }: { theme?: "light" | "dark" } = {},
): Image {
  requireLetters(figure);
  const palette = chartPalettes[theme];
  const [width, height] = [figure.width * SCALE, Math.ceil(figure.height * SCALE)];
  const canvas = { width, height, channels: 3 as const, data: new Uint8Array(width * height * 3) };
  fillRect(canvas, 0, 0, width, height, bytesOf(palette.page));
  for (const mark of figure.marks) drawMark(canvas, mark, palette);
  return canvas;
}

/** @throws ArgumentError that names a text which cannot be drawn. */
function requireLetters({ marks }: DrawnFigure): void {
  for (const mark of marks) {
    const missing = mark.kind === "text" ? missingLetter(mark.words) : undefined;
    if (missing !== undefined && mark.kind === "text")
      throw new ArgumentError(
        `PNG has letters for Latin, Greek and Cyrillic texts only, and there is none for "${missing}" of ${shownValue(mark.words)}: ` +
          "write .svg or .html",
      );
  }
}

type Colour = readonly [number, number, number];

interface Canvas {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

function drawMark(canvas: Canvas, mark: Mark, palette: ChartPalette): void {
  switch (mark.kind) {
    case "image":
      drawImage(canvas, mark.image, mark);
      return;
    case "rect":
      fillRect(
        canvas,
        mark.x * SCALE,
        mark.y * SCALE,
        mark.width * SCALE,
        mark.height * SCALE,
        colourOf(mark.fill, palette),
      );
      return;
    case "circle":
      fillCircle(canvas, mark.x * SCALE, mark.y * SCALE, mark.r * SCALE, colourOf(mark.fill, palette));
      return;
    case "line":
      drawLine(canvas, mark, bytesOf(palette[mark.look]));
      return;
    case "text":
      drawText(canvas, mark, bytesOf(mark.look === "muted" ? palette.muted : palette.text));
  }
}

function colourOf(fill: MarkFill, palette: ChartPalette): Colour {
  if (fill.startsWith("#")) return bytesOf(fill);
  return bytesOf(fill === "muted" ? palette.muted : palette.curves[fill as keyof ChartPalette["curves"]]);
}

function bytesOf(hex: string): Colour {
  const value = Number.parseInt(hex.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

function fillRect(canvas: Canvas, x: number, y: number, width: number, height: number, colour: Colour): void {
  const [left, right] = [Math.max(0, Math.round(x)), Math.min(canvas.width, Math.round(x + width))];
  const [top, bottom] = [Math.max(0, Math.round(y)), Math.min(canvas.height, Math.round(y + height))];
  for (let row = top; row < bottom; row++)
    for (let column = left; column < right; column++)
      canvas.data.set(colour, 3 * (row * canvas.width + column));
}

/** A square of the line's width for every pixel along it. */
function drawLine(canvas: Canvas, { x1, y1, x2, y2 }: Mark & { kind: "line" }, colour: Colour): void {
  const steps = Math.max(1, Math.ceil(Math.max(Math.abs(x2 - x1), Math.abs(y2 - y1)) * SCALE));
  for (let i = 0; i <= steps; i++) {
    const x = (x1 + ((x2 - x1) * i) / steps) * SCALE;
    const y = (y1 + ((y2 - y1) * i) / steps) * SCALE;
    fillRect(canvas, x - SCALE / 2, y - SCALE / 2, SCALE, SCALE, colour);
  }
}

/** With soft edges: each pixel by how far its centre lies inside. */
function fillCircle(canvas: Canvas, x: number, y: number, r: number, colour: Colour): void {
  for (let row = Math.max(0, Math.floor(y - r)); row < Math.min(canvas.height, y + r + 1); row++)
    for (let column = Math.max(0, Math.floor(x - r)); column < Math.min(canvas.width, x + r + 1); column++) {
      const inside = r + 0.5 - Math.hypot(column + 0.5 - x, row + 0.5 - y);
      blend(canvas, column, row, colour, Math.min(1, Math.max(0, inside)));
    }
}

function blend(canvas: Canvas, x: number, y: number, colour: Colour, share: number): void {
  const at = 3 * (y * canvas.width + x);
  for (let i = 0; i < 3; i++) {
    const before = canvas.data[at + i];
    canvas.data[at + i] = Math.round(before + (colour[i] - before) * share);
  }
}

/** Enlarged pixels keep their edges; of an image that shrinks each new pixel is the mean of those that it covers. */
function drawImage(
  canvas: Canvas,
  image: Image,
  place: { readonly x: number; readonly y: number; readonly width: number; readonly height: number },
): void {
  const [left, top] = [Math.round(place.x * SCALE), Math.round(place.y * SCALE)];
  const [wide, tall] = [Math.round(place.width * SCALE), Math.round(place.height * SCALE)];
  for (let row = 0; row < tall; row++) {
    const rows = covered(row, tall, image.height);
    for (let column = 0; column < wide; column++) {
      if (left + column >= canvas.width || top + row >= canvas.height) continue;
      const [red, green, blue, alpha] = meanOf(image, covered(column, wide, image.width), rows);
      blend(canvas, left + column, top + row, [red, green, blue], alpha);
    }
  }
}

/** The pixels of a side that one pixel of another length covers. */
function covered(place: number, length: number, side: number): readonly [from: number, to: number] {
  const from = Math.floor((place * side) / length);
  return [from, Math.max(from + 1, Math.min(side, Math.floor(((place + 1) * side) / length)))];
}

function meanOf(
  { width, channels, data }: Image,
  [left, right]: readonly [number, number],
  [top, bottom]: readonly [number, number],
): [red: number, green: number, blue: number, alpha: number] {
  const sum = [0, 0, 0, 0];
  for (let y = top; y < bottom; y++)
    for (let x = left; x < right; x++) {
      const at = (y * width + x) * channels;
      for (let c = 0; c < 3; c++) sum[c] += data[channels === 1 ? at : at + c];
      sum[3] += channels === 4 ? data[at + 3] / 255 : 1;
    }
  const count = (right - left) * (bottom - top);
  return sum.map((total) => total / count) as [number, number, number, number];
}

function drawText(
  canvas: Canvas,
  { x, y, words, anchor = "start", look }: Mark & { kind: "text" },
  colour: Colour,
): void {
  const letters = lettersOf(words);
  const long = letters.length * GLYPH_WIDTH;
  const shift = { start: 0, middle: long / 2, end: long }[anchor];
  const left = Math.round(x * SCALE - shift);
  const top = Math.round(y * SCALE) - ASCENT;
  // A title is one pixel wider: bold.
  const wide = look === "title" ? 2 : 1;
  letters.forEach((letter, i) => {
    glyphOf(letter).forEach((bits, row) => {
      for (let column = 0; column < GLYPH_WIDTH; column++)
        if ((bits >> (GLYPH_WIDTH - 1 - column)) & 1)
          fillRect(canvas, left + i * GLYPH_WIDTH + column, top + row, wide, 1, colour);
    });
  });
}
