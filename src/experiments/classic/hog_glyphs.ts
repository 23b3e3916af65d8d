/** Histograms of oriented gradients as a drawing. */
import type { Matrix } from "../../classic/index.ts";
import { coordinate as c } from "../../report/svg/xml.ts";

/** Side of a cell in the drawing. */
const CELL = 16;

/**
 * An SVG with a star of lines in each cell: along the edges, which stand at right angles to their gradients, as strong as
 * the histogram is high.
 *
 * @param cells - a row for each cell, a column for each orientation from 0 to 180 degrees.
 * @param across - cells in a row of the image.
 */
export function hogGlyphs({ rows, columns, data }: Matrix, across: number): string {
  const down = Math.ceil(rows / across);
  const largest = data.reduce((most, value) => Math.max(most, value), 0) || 1;
  const lines: string[] = [];
  for (let cell = 0; cell < rows; cell++) {
    const x = ((cell % across) + 0.5) * CELL;
    const y = (Math.floor(cell / across) + 0.5) * CELL;
    for (let o = 0; o < columns; o++) {
      const value = data[cell * columns + o] / largest;
      if (value < 0.05) continue;
      // Angles are counted upwards, from the middle of each bin.
      const angle = ((o + 0.5) / columns) * Math.PI + Math.PI / 2;
      const dx = (Math.cos(angle) * CELL) / 2;
      const dy = (-Math.sin(angle) * CELL) / 2;
      lines.push(
        `<path d="M${c(x - dx)} ${c(y - dy)}L${c(x + dx)} ${c(y + dy)}" stroke="currentColor" stroke-opacity="${c(value)}"/>`,
      );
    }
  }
  const [width, height] = [across * CELL, down * CELL];
  return `<svg viewBox="0 0 ${width} ${height}" width="112" role="img" aria-label="Histograms of oriented gradients">${lines.join("")}</svg>`;
}
