/** Matrices as colours. */

import { ArgumentError, knownNames, ShapeError } from "../base/errors.ts";
import { type ArgumentsOf, parameterTable } from "../base/params/arguments.ts";
import { formatShape } from "../base/shape.ts";
import type { Image } from "../records/image.ts";
import { significant } from "../report/number_text.ts";
import { renderImageGrid } from "../report/svg/image_grid_svg.ts";
import { renderImageLines } from "../report/terminal/image_grid.ts";
import type { Terminal } from "../report/terminal/terminal.ts";
import { Tensor } from "../tensor/tensor.ts";
import { Figure } from "./figure.ts";
import { finiteRange, type Pixels, pixelsOf } from "./tensor_images.ts";

/** Colours from low to high; Reds, Blues and Greys are ColorBrewer's, viridis is matplotlib's. */
const COLOUR_MAPS: Readonly<Record<string, readonly string[]>> = {
  Reds: ["#fff5f0", "#fee0d2", "#fcbba1", "#fc9272", "#fb6a4a", "#ef3b2c", "#cb181d", "#a50f15", "#67000d"],
  Blues: ["#f7fbff", "#deebf7", "#c6dbef", "#9ecae1", "#6baed6", "#4292c6", "#2171b5", "#08519c", "#08306b"],
  Greys: ["#ffffff", "#f0f0f0", "#d9d9d9", "#bdbdbd", "#969696", "#737373", "#525252", "#252525", "#000000"],
  viridis: [
    "#440154",
    "#472d7b",
    "#3b528b",
    "#2c728e",
    "#21918c",
    "#28ae80",
    "#5ec962",
    "#addc30",
    "#fde725",
  ],
};

/** What `showHeatmaps` takes beside the matrices and their axes. */
export interface ShowHeatmapsOptions {
  /** What stands above each column; null for nothing. @default null */
  titles?: readonly string[] | null;
  /** Width and height of a matrix, in inches of 64 pixels; the height follows from the matrix. @default [2.5, 2.5] */
  figsize?: readonly [number, number];
  /** `"Reds"`, `"Blues"`, `"Greys"` or `"viridis"`. @default "Reds" */
  cmap?: string;
  /** Where to draw; without one this process's terminal, and nothing if there is none. */
  terminal?: Terminal | null;
}

/** What `showHeatmaps` takes. */
export interface ShowHeatmapsParameters extends ShowHeatmapsOptions {
  /** A grid of matrices: [rows, columns, height, width]. */
  matrices: Tensor;
  /** Name of the horizontal axis. */
  xlabel: string;
  /** Name of the vertical axis. */
  ylabel: string;
}

const SHOW_HEATMAPS = parameterTable<ShowHeatmapsParameters>("showHeatmaps")(
  ["matrices", "xlabel", "ylabel", "titles?", "figsize?", "cmap?", "terminal?"],
  drawHeatmaps,
);

/**
 * Draws matrices as colours, with one scale for all of them: in the terminal, and as SVG for a notebook or a file.
 *
 * Source: "Dive into Deep Learning", section 10.1.1, `show_heatmaps`.
 *
 * @param matrices - [rows, columns, height, width]: a grid of matrices.
 * @param xlabel - name of the horizontal axis.
 * @param ylabel - name of the vertical axis.
 * @param titles - what stands above each column; none by default.
 * @param figsize - width and height of a matrix, in inches of 64 pixels; [2.5, 2.5] by default.
 * @param cmap - `"Reds"` (the default), `"Blues"`, `"Greys"` or `"viridis"`.
 * @throws ShapeError for another number of dimensions; ArgumentError for an unknown colour map.
 * @example
 * ```ts
 * const attention = eye(10).reshape(1, 1, 10, 10);
 * const figure = await book.showHeatmaps(attention, "Keys", "Queries");
 * console.log(figure.toSvg().length);
 * ```
 */
export const showHeatmaps = async (...args: ArgumentsOf<typeof SHOW_HEATMAPS>): Promise<Figure> =>
  SHOW_HEATMAPS.bind(args);

async function drawHeatmaps(
  matrices: Tensor,
  xlabel: string,
  ylabel: string,
  titles: readonly string[] | null = null,
  figsize: readonly [number, number] = [2.5, 2.5],
  cmap = "Reds",
  terminal?: Terminal | null,
): Promise<Figure> {
  const colours = coloursNamed(cmap);
  if (!(matrices instanceof Tensor) || matrices.ndim !== 4) {
    const got = matrices instanceof Tensor ? formatShape(matrices.shape) : typeof matrices;
    throw new ShapeError(
      `showHeatmaps: expected \`matrices\` of shape [rows, columns, height, width], got ${got}`,
    );
  }
  const [rows, columns, height, width] = matrices.shape;
  const all = await pixelsOf("showHeatmaps", "matrices", matrices.reshape(rows * columns, height, width));
  const [low, high] = finiteRange(all.map(({ data }) => data));
  const images = all.map((one) => coloured(one, low, high, colours));
  const above = titles ? { titles: images.map((_, i) => String(titles[i % columns] ?? "")) } : {};
  const cell = 64 * figsize[0];
  const names = { xLabel: String(xlabel), yLabel: String(ylabel) };
  const bar = { low, high, colours };
  const range = `${significant(low, 3)} to ${significant(high, 3)}`;
  return new Figure(
    {
      svg: () =>
        renderImageGrid({ images, columns, cell, ...above, ...names, bar, label: `Heat maps, ${range}` }),
      lines: (wide, style) => [
        ...renderImageLines(images, { columns, width: wide, ...above, ...style }),
        `${names.yLabel} down, ${names.xLabel} across; ${range}`,
      ],
    },
    terminal,
  );
}

function coloursNamed(name: unknown): readonly string[] {
  const names = Object.keys(COLOUR_MAPS);
  if (typeof name === "string" && names.includes(name)) return COLOUR_MAPS[name];
  throw new ArgumentError(
    `showHeatmaps: unknown colour map \`${String(name)}\`${knownNames(String(name), names)}`,
  );
}

/** Values as colours between the nearest two of the map; what is not finite is transparent. */
function coloured(
  { width, height, data }: Pixels,
  low: number,
  high: number,
  colours: readonly string[],
): Image {
  const stops = colours.map((colour) => [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16)));
  const out = new Uint8Array(4 * data.length);
  for (let i = 0; i < data.length; i++) {
    const value = Number(data[i]);
    if (!Number.isFinite(value)) continue;
    const place = high > low ? ((value - low) / (high - low)) * (stops.length - 1) : 0;
    const below = Math.min(Math.floor(place), stops.length - 2);
    const share = place - below;
    for (let c = 0; c < 3; c++)
      out[4 * i + c] = Math.round(stops[below][c] * (1 - share) + stops[below + 1][c] * share);
    out[4 * i + 3] = 255;
  }
  return { width, height, channels: 4, data: out };
}
