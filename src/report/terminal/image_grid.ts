/** Images beside and below each other, as lines of text. */
import type { Image } from "../image.ts";
import type { TextStyle } from "./terminal.ts";
import { renderImage } from "./terminal_image.ts";
import { displayWidth, pad, truncate } from "./text_width.ts";

export interface ImageGridOptions extends TextStyle {
  readonly columns: number;
  /** One for each image, above it. */
  readonly titles?: readonly string[];
  /** Columns of the terminal that may be taken. */
  readonly width: number;
}

/** Row by row; null leaves a place empty. */
export function renderImageLines(images: readonly (Image | null)[], options: ImageGridOptions): string[] {
  const { columns, titles, width } = options;
  const cell = Math.max(4, Math.floor(width / columns) - 1);
  const lines: string[] = [];
  for (let first = 0; first < images.length; first += columns) {
    const row = images.slice(first, first + columns);
    const names = titles?.slice(first, first + columns).map((title) => pad(truncate(title, cell), cell));
    if (names !== undefined) lines.push(names.join(" ").trimEnd());
    const drawn = row.map((image) =>
      image === null ? [] : renderImage(image, { ...options, maxColumns: cell, maxRows: cell }),
    );
    const tallest = Math.max(...drawn.map((one) => one.length));
    for (let i = 0; i < tallest; i++) {
      const parts = drawn.map(
        (one) => `${one[i] ?? ""}${" ".repeat(Math.max(0, cell - displayWidth(one[i] ?? "")))}`,
      );
      lines.push(parts.join(" ").trimEnd());
    }
  }
  return lines;
}
