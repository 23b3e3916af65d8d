/** The cells of a spatial pyramid: the whole image, 2 by 2 cells, 4 by 4, ... */
import type { KeyPoint } from "../features/extractor.ts";

/** How many cells the levels 0 to `levels` have. */
export function cellsOf(levels: number): number {
  return (4 ** (levels + 1) - 1) / 3;
}

/** Writes the cells that a point lies in, one of each level. */
export function pyramidCells(
  { x, y }: KeyPoint,
  { width, height }: { readonly width: number; readonly height: number },
  levels: number,
  out: number[],
): void {
  out.length = 0;
  for (let level = 0, first = 0; level <= levels; level++) {
    const side = 2 ** level;
    out.push(first + cellAt(y, height, side) * side + cellAt(x, width, side));
    first += side * side;
  }
}

/** Pixel 0 lies at the middle of the first pixel, so that the image begins half a pixel before it. */
function cellAt(at: number, size: number, side: number): number {
  return Math.min(side - 1, Math.max(0, Math.floor(((at + 0.5) / size) * side)));
}

/** The weight of each cell: 2^-L for the whole image, 2^(l - L - 1) for level l of L. */
export function levelWeights(levels: number): number[] {
  const weights = [2 ** -levels];
  for (let level = 1; level <= levels; level++)
    for (let cell = 0; cell < 4 ** level; cell++) weights.push(2 ** (level - levels - 1));
  return weights;
}
