/** A list of images. */

import { ArgumentError } from "../base/errors.ts";
import { type ArgumentsOf, parameterTable } from "../base/params/arguments.ts";
import { renderImageGrid } from "../report/svg/image_grid_svg.ts";
import { renderImageLines } from "../report/terminal/image_grid.ts";
import type { Terminal } from "../report/terminal/terminal.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Figure } from "./figure.ts";
import { pixelsOf, shownImage } from "./tensor_images.ts";

/** What `showImages` takes beside the images and their places. */
export interface ShowImagesOptions {
  /** What stands above each image; null for nothing. @default null */
  titles?: readonly string[] | null;
  /** Size of each image, in inches of 64 pixels. @default 1.5 */
  scale?: number;
  /** Where to draw; without one this process's terminal, and nothing if there is none. */
  terminal?: Terminal | null;
}

/** What `showImages` takes. */
export interface ShowImagesParameters extends ShowImagesOptions {
  /** A tensor [N, H, W] or [N, C, H, W], or a list of tensors [H, W], [C, H, W] or [H, W, C]. */
  imgs: Tensor | readonly Tensor[];
  /** Rows of images. */
  numRows: number;
  /** Images in a row. */
  numCols: number;
}

const SHOW_IMAGES = parameterTable<ShowImagesParameters>("showImages")(
  ["imgs", "numRows", "numCols", "titles?", "scale?", "terminal?"],
  drawImages,
);

/**
 * Draws images in rows, in the terminal; the result is the same as SVG, for a notebook or a file. Places without an
 * image stay empty.
 *
 * Source: "Dive into Deep Learning", section 3.5.1, `show_images`.
 *
 * @param imgs - a tensor [N, H, W] or [N, C, H, W], or a list of tensors [H, W], [C, H, W] or [H, W, C].
 * @param numRows - rows of images.
 * @param numCols - images in a row.
 * @param titles - what stands above each image; none by default.
 * @param scale - size of each image, in inches of 64 pixels; 1.5 by default.
 * @throws ShapeError for a tensor that is not an image; ArgumentError for rows or columns that are not integers.
 * @example
 * ```ts
 * const figure = await book.showImages(x.reshape(-1, 28, 28), 2, 4, { titles: book.getFashionMnistLabels([0, 1, 2, 3, 4, 5, 6, 7]) });
 * await figure.save("/tmp/images.svg");
 * ```
 */
export const showImages = async (...args: ArgumentsOf<typeof SHOW_IMAGES>): Promise<Figure> =>
  SHOW_IMAGES.bind(args);

async function drawImages(
  imgs: Tensor | readonly Tensor[],
  numRows: number,
  numCols: number,
  titles: readonly string[] | null = null,
  scale = 1.5,
  terminal?: Terminal | null,
): Promise<Figure> {
  for (const [name, count] of Object.entries({ numRows, numCols })) {
    if (!Number.isInteger(count) || count < 1)
      throw new ArgumentError(
        `showImages: expected \`${name}\` to be an integer of at least 1, got ${String(count)}`,
      );
  }
  if (!(scale > 0))
    throw new ArgumentError(`showImages: expected \`scale\` to be a number above 0, got ${String(scale)}`);
  const [rows, columns] = [numRows, numCols];
  const pixels = (await pixelsOf("showImages", "imgs", imgs)).slice(0, rows * columns);
  const shown = pixels.map(shownImage);
  const images = Array.from({ length: rows * columns }, (_, i) => shown[i] ?? null);
  const named = titles ? { titles: titles.map(String) } : {};
  const cell = 64 * scale;
  return new Figure(
    {
      svg: () => renderImageGrid({ images, columns, cell, ...named, label: `${shown.length} images` }),
      lines: (width, style) => renderImageLines(images, { columns, width, ...named, ...style }),
    },
    terminal,
  );
}
