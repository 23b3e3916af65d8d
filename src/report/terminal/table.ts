import { paint } from "./colour.ts";
import { printable } from "./printable.ts";
import type { TextStyle } from "./terminal.ts";
import { displayWidth, pad, truncate } from "./text_width.ts";

export interface TableColumn {
  title: string;
  /** The title if the table is too wide for all of it. */
  short?: string;
  /** Numbers to the right, words to the left (default). Numbers are never cut. */
  align?: "left" | "right" | "centre";
  /** The column that is cut first if the table is too wide. */
  flexible?: boolean;
  /** Columns of higher rank are left out first if the table is too wide; default: those further right. */
  rank?: number;
}

export interface TableOptions extends TextStyle {
  /** Most columns of the terminal that the table may take; without it, as many as it needs. */
  width?: number | undefined;
  /** The last rows that are totals, set off by a rule. Default 0. */
  footerRows?: number;
}

/** A column of what is told of each of many things: its title, a thing's cell, and how it is laid out. */
export type RowColumn<T> = readonly [
  title: string,
  cell: (of: T) => string,
  layout?: Omit<TableColumn, "title">,
];

/** The layout of a column of numbers. */
export const RIGHT = { align: "right" } as const;

/** Between two columns. */
const GAP = 2;

/** What is left of a text that is cut, at least. */
const LEAST = 8;

/** A column as it is laid out. */
interface Laid {
  readonly column: TableColumn;
  readonly index: number;
  title: string;
  width: number;
}

/**
 * A table as lines of text, aligned by display width, so that Chinese class names line up with English ones. Control
 * characters in cells become visible.
 *
 * Every row stays on one line: within `width` titles become short, then texts are cut, flexible columns first, then
 * columns are left out, and a last line names them.
 *
 * @example
 * ```ts
 * import { renderTable } from "convoyant/report";
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
  const { laid, left } = layOut(columns, cells, options.width ?? Number.POSITIVE_INFINITY);
  const line = (textOf: (each: Laid) => string) =>
    laid
      .map((each) => pad(truncate(textOf(each), each.width, unicode), each.width, each.column.align))
      .join(" ".repeat(GAP))
      .trimEnd();
  const rule = paint((unicode ? "─" : "-").repeat(Math.max(0, totalOf(laid))), "grey", depth);
  const footer = Math.min(options.footerRows ?? 0, cells.length);
  const body = cells.map((row) => line(({ index }) => row[index]));
  const lines = [
    paint(
      line(({ title }) => title),
      "bold",
      depth,
    ),
    rule,
    ...body.slice(0, body.length - footer),
  ];
  if (footer > 0) lines.push(rule, ...body.slice(body.length - footer));
  if (left.length > 0) {
    const note = `no room for: ${left.join(", ")}`;
    lines.push(paint(truncate(note, options.width ?? note.length, unicode), "dim", depth));
  }
  return lines;
}

/**
 * A table with a row for each of `items`.
 *
 * @example
 * ```ts
 * import { RIGHT, renderRows } from "convoyant/report";
 * const bags = [{ name: "bag", accuracy: 0.97 }];
 * renderRows([["class", ({ name }) => name], ["accuracy", ({ accuracy }) => String(accuracy), RIGHT]], bags);
 * ```
 */
export function renderRows<T>(
  columns: readonly RowColumn<T>[],
  items: readonly T[],
  options: TableOptions = {},
): string[] {
  const rows = items.map((item) => columns.map(([, cell]) => cell(item)));
  return renderTable(
    columns.map(([title, , layout]) => ({ title, ...layout })),
    rows,
    options,
  );
}

function totalOf(laid: readonly Laid[]): number {
  return laid.reduce((sum, { width }) => sum + width + GAP, -GAP);
}

/** Chooses titles, widths and columns; `left` holds the titles of those that are left out. */
function layOut(
  columns: readonly TableColumn[],
  cells: readonly (readonly string[])[],
  limit: number,
): { laid: Laid[]; left: string[] } {
  const contents = columns.map((_, i) =>
    cells.reduce((most, row) => Math.max(most, displayWidth(row[i])), 0),
  );
  const lay = (column: TableColumn, index: number, title: string): Laid => {
    return { column, index, title, width: Math.max(displayWidth(title), contents[index]) };
  };
  let laid = columns.map((column, i) => lay(column, i, printable(column.title)));
  if (totalOf(laid) > limit)
    laid = laid.map(({ column, index, title }) => lay(column, index, printable(column.short ?? title)));
  const left: Laid[] = [];
  while (!fits(laid, limit) && laid.length > 1) {
    const last = laid.slice(1).reduce((a, b) => (rankOf(b) >= rankOf(a) ? b : a));
    laid = laid.filter((each) => each !== last);
    left.unshift(last);
  }
  cut(laid, limit);
  const named = left.filter(({ title, index }) => title !== "" && contents[index] > 0);
  return { laid, left: named.map(({ column }) => printable(column.title)) };
}

function rankOf({ column, index }: Laid): number {
  return column.rank ?? index;
}

function leastOf({ column, width }: Laid): number {
  if (column.align === "right") return width;
  return Math.min(width, LEAST);
}

/** Whether cutting texts is enough. */
function fits(laid: readonly Laid[], limit: number): boolean {
  return laid.reduce((sum, each) => sum + leastOf(each) + GAP, -GAP) <= limit;
}

/** Takes width away from the flexible columns, then from the widest text, and from numbers if nothing else is left. */
function cut(laid: readonly Laid[], limit: number): void {
  while (totalOf(laid) > limit) {
    const longer = laid.filter((each) => each.width > leastOf(each));
    const flexible = longer.filter(({ column }) => column.flexible);
    const from = [flexible, longer, laid.filter(({ width }) => width > 1)].find((some) => some.length > 0);
    if (from === undefined) return;
    from.reduce((a, b) => (b.width > a.width ? b : a)).width--;
  }
}
