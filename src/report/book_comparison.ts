import { type Band, type BookBand, bookBand } from "../records/book_band.ts";
import type { FinalMetrics } from "../records/run_record.ts";
import { formatDuration, formatMetric, formatRate } from "./number_text.ts";
import { paint } from "./terminal/colour.ts";
import { renderTable, type TableOptions } from "./terminal/table.ts";
import { wrapped } from "./terminal/text_width.ts";

/** Where our metric lies. */
export type BandVerdict = "inside" | "below" | "above" | "not a number";

/** One line of the closing table. */
export interface ComparisonRow {
  quantity: string;
  ours: number | undefined;
  /** The book's median; the band is missing for the speed, which belongs to the authors' GPU. */
  median: number;
  band: Band | undefined;
  /** Missing for the speed, and for a run that is not comparable. */
  verdict: BandVerdict | undefined;
  /** Whether parity with the book is judged on this row: training loss and training accuracy only. */
  judged: boolean;
}

export interface BookComparison {
  book: BookBand;
  rows: ComparisonRow[];
  /** All judged rows inside; undefined if the run is not comparable (other epochs, other settings). */
  parity: boolean | undefined;
  notes: string[];
}

export interface ComparisonOptions {
  /** Why this run is not the book's (another learning rate, fewer batches): shown, and parity is left open. */
  differences?: readonly string[];
}

/**
 * Our results compared with the authors' band. Parity is judged on training loss and training accuracy, rounded to the
 * three decimals in which the band is given. Undefined for a model that the chapter does not train.
 *
 * @example
 * ```ts
 * import { compareWithBook } from "convoyant/report";
 * const metrics = { epochs: 10, trainLoss: 0.47, trainAccuracy: 0.83, testAccuracy: 0.82 };
 * compareWithBook("lenet", metrics)?.rows.map(({ quantity, verdict }) => [quantity, verdict]);
 * ```
 */
export function compareWithBook(
  model: string,
  metrics: FinalMetrics,
  options: ComparisonOptions = {},
): BookComparison | undefined {
  const book = bookBand(model);
  if (book === undefined) return undefined;
  const row = (quantity: string, ours: number | undefined, band: Band, judged: boolean): ComparisonRow => ({
    quantity,
    ours,
    median: band.median,
    band,
    verdict: ours === undefined ? undefined : verdict(ours, band),
    judged,
  });
  const rows = [
    row("training loss", metrics.trainLoss, book.trainLoss, true),
    row("training accuracy", metrics.trainAccuracy, book.trainAccuracy, true),
    row("test accuracy", metrics.testAccuracy, book.testAccuracy, false),
  ];
  const speed = {
    ours: metrics.examplesPerSecond,
    median: book.examplesPerSecond,
    band: undefined,
    judged: false,
  };
  rows.push({ quantity: "examples/s", ...speed, verdict: undefined });
  const differences = [...(options.differences ?? [])];
  if (metrics.epochs !== book.epochs) {
    differences.unshift(`this run has ${plural(metrics.epochs, "epoch")}, the book's have ${book.epochs}`);
  }
  if (differences.length > 0) {
    const open = rows.map((entry) => ({ ...entry, verdict: undefined, judged: false }));
    return { book, rows: open, parity: undefined, notes: notesOf(book, undefined, differences) };
  }
  const parity = rows.filter((entry) => entry.judged).every((entry) => entry.verdict === "inside");
  return { book, rows, parity, notes: notesOf(book, parity, differences) };
}

function notesOf(book: BookBand, parity: boolean | undefined, differences: readonly string[]): string[] {
  const failed = book.failedRuns > 0 ? `, ${book.failedRuns} of them failed` : "";
  const notes = [`Band: 10th to 90th percentile over the authors' ${book.runs} runs${failed}.`];
  if (parity === undefined) notes.push(`Not judged: ${differences.join("; ")}.`);
  else if (parity) notes.push("Training loss and training accuracy lie inside the book's band.");
  else notes.push("Training loss and training accuracy do not both lie inside the book's band.");
  if (book.note !== undefined) notes.push(book.note);
  notes.push("The book's examples/s were measured on the authors' GPU.");
  return notes;
}

/**
 * "0.457–0.481", with the dash that belongs between numbers.
 *
 * @example
 * ```ts
 * import { formatBand } from "convoyant/report";
 * formatBand({ low: 0.457, median: 0.469, high: 0.481 }, false); // "0.457-0.481"
 * ```
 */
export function formatBand(band: Band, unicode = true): string {
  return `${formatMetric(band.low)}${unicode ? "–" : "-"}${formatMetric(band.high)}`;
}

/**
 * A metric of a row as text: rates in examples, everything else with three decimals.
 *
 * @example
 * ```ts
 * import { compareWithBook, formatComparisonValue } from "convoyant/report";
 * const metrics = { epochs: 10, trainLoss: 0.47, trainAccuracy: 0.83, testAccuracy: 0.82 };
 * const row = compareWithBook("lenet", metrics)?.rows[0];
 * if (row !== undefined) formatComparisonValue(row, row.ours);
 * ```
 */
export function formatComparisonValue(row: ComparisonRow, value: number | undefined): string {
  if (value === undefined) return "";
  return row.band === undefined ? formatRate(value) : formatMetric(value);
}

/**
 * The closing table of a training, as lines of text.
 *
 * @example
 * ```ts
 * import { compareWithBook, renderComparison } from "convoyant/report";
 * const metrics = { epochs: 10, trainLoss: 0.47, trainAccuracy: 0.83, testAccuracy: 0.82 };
 * const comparison = compareWithBook("lenet", metrics);
 * if (comparison !== undefined) console.log(renderComparison(comparison).join("\n"));
 * ```
 */
export function renderComparison(comparison: BookComparison, options: TableOptions = {}): string[] {
  const unicode = options.unicode !== false;
  const depth = options.colour ?? 0;
  const table = renderTable(
    [
      { title: comparison.book.title, rank: 0 },
      { title: "ours", align: "right", rank: 0 },
      { title: "the book", align: "right", rank: 2 },
      { title: "its band", align: "right", rank: 3 },
      { title: "", rank: 1 },
    ],
    comparison.rows.map((row) => [
      row.quantity,
      formatComparisonValue(row, row.ours) || (unicode ? "–" : "-"),
      formatComparisonValue(row, row.median),
      row.band === undefined ? "" : formatBand(row.band, unicode),
      verdictText(row),
    ]),
    options,
  );
  // The row's verdict ends its line, so that it can be painted after the columns are laid out.
  const painted = table.map((line, i) => {
    const row = comparison.rows[i - 2];
    const text = row === undefined ? "" : verdictText(row);
    if (text === "" || !row.judged || !line.endsWith(text)) return line;
    const colour = row.verdict === "inside" ? "green" : "amber";
    return line.slice(0, line.length - text.length) + paint(text, colour, depth);
  });
  const notes = comparison.notes.flatMap((note) => wrapped(note, options.width));
  return [...painted, "", ...notes.map((note) => paint(note, "dim", depth))];
}

/**
 * What stands at the end of a row: "inside", "below the band", or nothing.
 *
 * @example
 * ```ts
 * import { compareWithBook, verdictText } from "convoyant/report";
 * const metrics = { epochs: 10, trainLoss: 0.47, trainAccuracy: 0.83, testAccuracy: 0.82 };
 * compareWithBook("lenet", metrics)?.rows.map(verdictText);
 * ```
 */
export function verdictText(row: ComparisonRow): string {
  if (row.verdict === undefined || row.verdict === "not a number") return row.verdict ?? "";
  return row.verdict === "inside" ? "inside" : `${row.verdict} the band`;
}

/**
 * The closing table of a model that the book does not have: our results alone, as far as there are any.
 *
 * @example
 * ```ts
 * import { renderMetrics } from "convoyant/report";
 * const metrics = { epochs: 10, trainLoss: 0.47, trainAccuracy: 0.83, testAccuracy: 0.82 };
 * console.log(renderMetrics("my network", metrics).join("\n"));
 * ```
 */
export function renderMetrics(
  title: string,
  metrics: FinalMetrics,
  options: TableOptions & { heldOut?: "test" | "validation" } = {},
): string[] {
  const { heldOut = "test" } = options;
  const trained = metrics.epochs > 0;
  const rows: string[][] = [];
  if (trained) rows.push(["training loss", formatMetric(metrics.trainLoss)]);
  if (trained) rows.push(["training accuracy", formatMetric(metrics.trainAccuracy)]);
  if (metrics.testLoss !== undefined) rows.push([`${heldOut} loss`, formatMetric(metrics.testLoss)]);
  if (metrics.testAccuracy !== undefined)
    rows.push([`${heldOut} accuracy`, formatMetric(metrics.testAccuracy)]);
  if (trained && metrics.examplesPerSecond !== undefined)
    rows.push(["examples/s", formatRate(metrics.examplesPerSecond)]);
  if (metrics.seconds !== undefined) rows.push(["time", formatDuration(metrics.seconds)]);
  return renderTable([{ title }, { title: plural(metrics.epochs, "epoch"), align: "right" }], rows, options);
}

function verdict(value: number, band: Band): BandVerdict {
  if (!Number.isFinite(value)) return "not a number";
  const rounded = Math.round(value * 1000);
  if (rounded < Math.round(band.low * 1000)) return "below";
  return rounded > Math.round(band.high * 1000) ? "above" : "inside";
}

function plural(count: number, noun: string): string {
  const text = Number.isInteger(count) ? String(count) : formatMetric(count);
  return `${text} ${noun}${count === 1 ? "" : "s"}`;
}
