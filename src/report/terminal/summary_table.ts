import { formatBytes, formatCount, formatScaled } from "../number_text.ts";
import { renderTable, type TableOptions } from "./table.ts";

/** One layer of a network, as `convoyant summary` and the report list it. */
export interface SummaryRow {
  /** The layer's place in the network, as in the state dict: "features.3". */
  path: string;
  /** What it is: "Conv2d", or with its arguments. */
  layer: string;
  outputShape: readonly number[];
  parameters: number;
  /** Multiply-adds of one forward pass of one example; left out if it has none. */
  multiplyAdds?: number;
  /** Bytes of its output for one example. */
  bytes?: number;
}

/** Sums over all rows. A layer that is used twice is listed twice: pass `totals` if parameters are shared. */
export interface SummaryTotals {
  parameters: number;
  multiplyAdds: number;
  bytes: number;
}

/**
 * Sums of the rows: parameters, multiply-adds, bytes.
 *
 * @example
 * ```ts
 * import { summaryTotals } from "convoyant/report";
 * const rows = [{ path: "0", layer: "Conv2d", outputShape: [6, 28, 28], parameters: 156, multiplyAdds: 117600, bytes: 18816 }];
 * summaryTotals(rows).parameters; // 156
 * ```
 */
export function summaryTotals(rows: readonly SummaryRow[]): SummaryTotals {
  const sum = (of: (row: SummaryRow) => number | undefined) =>
    rows.reduce((total, row) => total + (of(row) ?? 0), 0);
  return {
    parameters: sum((row) => row.parameters),
    multiplyAdds: sum((row) => row.multiplyAdds),
    bytes: sum((row) => row.bytes),
  };
}

/**
 * A shape as CHAPTER and papers write it: "6×28×28".
 *
 * @example
 * ```ts
 * import { formatShape } from "convoyant/report";
 * formatShape([6, 28, 28], false); // "6x28x28"
 * ```
 */
export function formatShape(shape: readonly number[], unicode = true): string {
  return shape.length === 0 ? "scalar" : shape.join(unicode ? "×" : "x");
}

/**
 * The layer-by-layer table of a network, with totals.
 *
 * ```text
 * path  layer    output shape  parameters  multiply-adds      bytes
 * 0     Conv2d   6×28×28              156          118 k   18.4 KiB
 * ```
 *
 * @example
 * ```ts
 * import { renderSummary } from "convoyant/report";
 * const rows = [{ path: "0", layer: "Conv2d", outputShape: [6, 28, 28], parameters: 156, multiplyAdds: 117600, bytes: 18816 }];
 * console.log(renderSummary(rows).join("\n"));
 * ```
 */
export function renderSummary(
  rows: readonly SummaryRow[],
  options: TableOptions & { totals?: SummaryTotals } = {},
): string[] {
  const totals = options.totals ?? summaryTotals(rows);
  const unicode = options.unicode !== false;
  const count = (value: number | undefined) => (value === undefined || value === 0 ? "" : formatCount(value));
  const cells = rows.map((row) => [
    row.path,
    row.layer,
    formatShape(row.outputShape, unicode),
    count(row.parameters),
    row.multiplyAdds ? formatScaled(row.multiplyAdds) : "",
    row.bytes === undefined ? "" : formatBytes(row.bytes),
  ]);
  const total = ["total", "", "", formatCount(totals.parameters), formatScaled(totals.multiplyAdds)];
  return renderTable(
    [
      { title: "path", rank: 1, flexible: true },
      { title: "layer", rank: 0, flexible: true },
      { title: "output shape", short: "output", rank: 2 },
      { title: "parameters", short: "params", align: "right", rank: 3 },
      { title: "multiply-adds", short: "madds", align: "right", rank: 4 },
      { title: "bytes", align: "right", rank: 5 },
    ],
    [...cells, [...total, formatBytes(totals.bytes)]],
    { ...options, footerRows: 1 },
  );
}
