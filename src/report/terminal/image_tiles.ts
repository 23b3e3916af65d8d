import type { Image } from "../image.ts";
import { printable } from "./printable.ts";
import { type ImageOptions, renderImage } from "./terminal_image.ts";
import { pad, truncate } from "./text_width.ts";

/** Columns of an image, and between two. */
const TILE = 28;
const GAP = 2;

/** How many images stand in a row of a terminal. */
export function tilesPerRow(columns: number): number {
  return Math.max(1, Math.floor((columns + GAP) / (TILE + GAP)));
}

/** Images beside each other, each below its caption. */
export function imageTiles(
  tiles: readonly { readonly image: Image; readonly caption: string }[],
  style: ImageOptions,
): string[] {
  const drawn = tiles.map(({ image, caption }) => [
    truncate(printable(caption), TILE),
    ...renderImage(image, { ...style, maxColumns: TILE }),
  ]);
  const height = Math.max(...drawn.map((tile) => tile.length));
  const line = (y: number) => drawn.map((tile) => pad(tile[y] ?? "", TILE + GAP)).join("");
  return Array.from({ length: height }, (_, y) => line(y).trimEnd());
}
