import { type ClassName, className, shortClassName } from "../../records/class_names.ts";
import { type ConfusionMatrix, confusionMetrics } from "../confusion.ts";
import { formatCount, formatPercent } from "../number_text.ts";
import { displayWidth } from "../terminal/text_width.ts";
import { svgDocument, text } from "./curves_svg.ts";
import { coordinate as c, escapeXml } from "./xml.ts";

export interface ConfusionSvgOptions {
  classNames?: readonly ClassName[];
  /** See `CurvesSvgOptions.inline`. */
  inline?: boolean;
  title?: string;
}

/**
 * The confusion matrix as a heat map: rows are the true classes, columns what the network took them for. Correct
 * predictions and mistakes have different colours, each darker with its share of the row; the counts stand in the cells
 * while they fit (up to 24 classes).
 *
 * @example
 * ```ts
 * import { renderConfusionSvg } from "convoyant/report";
 * const matrix = [[8, 2], [1, 9]];
 * renderConfusionSvg(matrix, { classNames: ["bag", "coat"] }).includes("<svg"); // true
 * ```
 */
export function renderConfusionSvg(matrix: ConfusionMatrix, options: ConfusionSvgOptions = {}): string {
  const metrics = confusionMetrics(matrix);
  const n = matrix.length;
  const cell = n <= 12 ? 46 : n <= 24 ? 34 : Math.max(3, Math.floor(640 / n));
  const labelled = cell >= 12;
  const rowNames = Array.from({ length: n }, (_, i) => className(options.classNames, i));
  const columnNames = Array.from({ length: n }, (_, i) => shortClassName(options.classNames, i));
  const widest = (names: string[]) => Math.max(0, ...names.map((name) => displayWidth(name) * 6.9));
  const left = 34 + (labelled ? Math.min(180, widest(rowNames)) : 0);
  const slant = labelled ? Math.min(120, widest(columnNames)) : 0;
  const top = 30 + slant * Math.sin((40 * Math.PI) / 180) + (labelled ? 8 : 0);
  const size = n * cell;
  const overhang = slant * Math.cos((40 * Math.PI) / 180);
  const width = left + size + Math.max(12, overhang - cell / 2 + 12);
  const height = top + size + 12;
  const parts = [
    text(left + size / 2, 16, "taken for", "cv-muted", "middle"),
    text(14, top + size / 2, "true class", "cv-muted", "middle", -90),
  ];
  for (let row = 0; row < n; row++) {
    if (labelled) {
      const middle = row * cell + cell / 2;
      parts.push(text(left - 8, top + middle + 4.5, rowNames[row], "cv-text", "end"));
      parts.push(text(left + middle, top - 8, columnNames[row], "cv-text", "start", -40));
    }
    for (let column = 0; column < n; column++) {
      const count = matrix[row][column];
      const x = left + column * cell;
      const y = top + row * cell;
      const words = `${rowNames[row]} taken for ${rowNames[column]}`;
      parts.push(
        cellSvg({ x, y, cell, count, support: metrics.classes[row].support, right: row === column, words }),
      );
    }
  }
  parts.push(`<path class="cv-axis" d="M${c(left)} ${c(top)}h${c(size)}v${c(size)}h${c(-size)}Z"/>`);
  const label = `${options.title ?? "Confusion matrix"}: ${n} classes, ${formatCount(metrics.total)} examples, accuracy ${formatPercent(metrics.accuracy)}`;
  return svgDocument(parts.join("\n"), { width, height, label, inline: options.inline === true });
}

interface Cell {
  x: number;
  y: number;
  cell: number;
  count: number;
  support: number;
  right: boolean;
  words: string;
}

function cellSvg(entry: Cell): string {
  const { x, y, cell, count, support, right, words } = entry;
  const share = support > 0 ? count / support : 0;
  // Mistakes are rare: on a linear scale all of them would look white.
  const opacity =
    count === 0 ? 0 : right ? 0.08 + 0.92 * share ** 1.5 : Math.min(1, 0.1 + 0.9 * Math.sqrt(share));
  const gap = cell >= 12 ? 1 : 0;
  const box =
    `<rect class="${right ? "cv-right" : "cv-wrong"}" x="${c(x + gap)}" y="${c(y + gap)}" width="${c(cell - 2 * gap)}" ` +
    `height="${c(cell - 2 * gap)}" fill-opacity="${c(opacity)}">` +
    `<title>${escapeXml(`${words}: ${formatCount(count)} (${formatPercent(share)})`)}</title></rect>`;
  if (cell < 34 || count === 0) return box;
  const look = opacity > 0.72 ? "cv-on" : "cv-text";
  return box + text(x + cell / 2, y + cell / 2 + 4.5, countText(count), `${look} cv-small`, "middle");
}

function countText(count: number): string {
  return count >= 10_000 ? `${Math.round(count / 1000)}k` : String(count);
}
