import { paint } from "./colour.ts";
import type { TextStyle } from "./terminal.ts";
import { displayWidth, pad, printable, truncate } from "./text_width.ts";

export interface TableColumn {
  title: string;
  /** Numbers to the right, words to the left (default). */
  align?: "left" | "right" | "centre";
  /** The column that is cut first where the table is too wide. */
  flexible?: boolean;
}

export interface TableOptions extends TextStyle {
  /** Most columns of the terminal that the table may take; without it, as many as it needs. */
  width?: number;
  /** The last rows that are totals, set off by a rule. Default 0. */
  footerRows?: number;
}

/**
 * A table as lines of text, aligned by display width, so that Chinese class names line up with English ones. Control
 * characters in cells become visible.
 *
 * ```ts
 * renderTable([{ title: "class" }, { title: "accuracy", align: "right" }], [["T恤", "0.85"], ["bag", "0.97"]]);
 * ```
 */
export function renderTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  options: TableOptions = {},
): string[] {
  const unicode = options.unicode !== false;
  const depth = options.colour ?? 0;
  const cells = rows.map((row) => columns.map((_, i) => printable(row[i] ?? "")));
  const titles = columns.map((column) => printable(column.title));
  const widths = titles.map((title, i) =>
    Math.max(displayWidth(title), ...cells.map((row) => displayWidth(row[i]))),
  );
  narrow(widths, columns, options.width);
  const line = (row: readonly string[]) =>
    row
      .map((text, i) => pad(truncate(text, widths[i], unicode), widths[i], columns[i].align))
      .join("  ")
      .trimEnd();
  const ruleWidth = widths.reduce((sum, width) => sum + width + 2, -2);
  const rule = paint((unicode ? "─" : "-").repeat(Math.max(0, ruleWidth)), "grey", depth);
  const footer = Math.min(options.footerRows ?? 0, cells.length);
  const body = cells.map(line);
  const lines = [paint(line(titles), "bold", depth), rule, ...body.slice(0, body.length - footer)];
  if (footer > 0) lines.push(rule, ...body.slice(body.length - footer));
  return lines;
}

/** Takes columns away from the flexible ones, then from the widest, down to four each. */
function narrow(widths: number[], columns: readonly TableColumn[], limit: number | undefined): void {
  if (limit === undefined) return;
  const least = 4;
  const total = () => widths.reduce((sum, width) => sum + width + 2, -2);
  while (total() > limit) {
    const candidates = widths.map((width, i) => ({ width, i })).filter(({ width }) => width > least);
    if (candidates.length === 0) return;
    const flexible = candidates.filter(({ i }) => columns[i].flexible);
    const from = (flexible.length > 0 ? flexible : candidates).reduce((a, b) => (b.width > a.width ? b : a));
    widths[from.i]--;
  }
}
