import type { Band } from "../../records/book_band.ts";
import { finalMetrics } from "../../records/run_record.ts";
import {
  type BookComparison,
  type ComparisonRow,
  formatBand,
  formatComparisonValue,
  verdictText,
} from "../book_comparison.ts";
import { trainingCurves } from "../curves.ts";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatMetric,
  formatRate,
  formatScaled,
} from "../number_text.ts";
import { renderCurvesSvg } from "../svg/curves_svg.ts";
import { coordinate as c, escapeXml as e } from "../svg/xml.ts";
import { formatShape, summaryTotals } from "../terminal/summary_table.ts";
import type { ReportData } from "./report_data.ts";

/** The metrics that one looks for first, large. */
export function metricTiles(data: ReportData, comparison: BookComparison | undefined): string {
  const metrics = data.metrics ?? finalMetrics(data.points);
  if (metrics === undefined) return "";
  const band = (quantity: string) => {
    const row = comparison?.rows.find((entry) => entry.quantity === quantity);
    return row?.band === undefined ? "" : `<small>book ${e(formatBand(row.band))}</small>`;
  };
  const trained = metrics.epochs > 0;
  const tiles: [string, string, string][] = [];
  if (trained) {
    tiles.push(["training loss", formatMetric(metrics.trainLoss), band("training loss")]);
    tiles.push(["training accuracy", formatMetric(metrics.trainAccuracy), band("training accuracy")]);
  }
  if (metrics.testAccuracy !== undefined) {
    tiles.push([
      `${data.heldOut ?? "test"} accuracy`,
      formatMetric(metrics.testAccuracy),
      band("test accuracy"),
    ]);
  }
  if (trained && metrics.examplesPerSecond !== undefined) {
    tiles.push(["examples/s", formatRate(metrics.examplesPerSecond), "<small>training steps only</small>"]);
  }
  if (metrics.seconds !== undefined) {
    const epochs = `${significantEpochs(metrics.epochs)} of ${data.epochs} epochs`;
    tiles.push(["training time", formatDuration(metrics.seconds), `<small>${e(epochs)}</small>`]);
  }
  const items = tiles.map(
    ([name, value, more]) => `<div><dt>${e(name)}${more}</dt><dd>${e(value)}</dd></div>`,
  );
  return `<dl class="tiles">${items.join("")}</dl>`;
}

function significantEpochs(epochs: number): string {
  return Number.isInteger(epochs) ? String(epochs) : epochs.toFixed(1);
}

/** The curves, in two sizes: the narrow one keeps its texts legible on a telephone. */
export function curvesSection(data: ReportData): string {
  const curves = trainingCurves(data.points, {
    testLoss: data.points.some((point) => point.testLoss !== undefined),
    heldOut: data.judgedBy ?? data.heldOut ?? "test",
  });
  const shown = curves.filter((curve) => curve.points.length > 0);
  const options = {
    inline: true,
    label: "Training curves",
    xRange: [0, Math.max(data.epochs, data.points.at(-1)?.epoch ?? 0) || 1] as const,
  };
  const wide = renderCurvesSvg(shown, { ...options, width: 900, height: 440 });
  const narrow = renderCurvesSvg(shown, { ...options, width: 400, height: 340 });
  return section(
    "curves",
    "Curves",
    `<figure><div class="wide">${wide}</div><div class="narrow">${narrow}</div></figure>`,
  );
}

/** Our results compared with the authors' band. */
export function bookSection(comparison: BookComparison): string {
  const judged = comparison.parity !== undefined;
  const rows = comparison.rows.map((row) => {
    const verdict = verdictText(row);
    const look = !row.judged || verdict === "" ? "" : row.verdict === "inside" ? "inside" : "outside";
    return (
      `<tr><th scope="row">${e(row.quantity)}</th>` +
      `${named("this run", formatComparisonValue(row, row.ours) || "–")}` +
      `${named("the book", formatComparisonValue(row, row.median))}` +
      `${named("its band", row.band === undefined ? "" : formatBand(row.band))}` +
      `<td class="place">${gauge(row)}</td>${judged ? `<td class="nowrap ${look}">${e(verdict)}</td>` : ""}</tr>`
    );
  });
  const notes = comparison.notes.map((note) => `<p class="note">${e(note)}</p>`).join("");
  return section(
    "book",
    "Compared with the book",
    `<div class="scroll" tabindex="0" role="region" aria-label="Results compared with the book's"><table class="stack">
<thead><tr><th scope="col">quantity</th><th scope="col" class="num">this run</th><th scope="col" class="num">the book</th>
<th scope="col" class="num">its band</th><th scope="col" class="place">place in the band</th>${judged ? '<th scope="col">verdict</th>' : ""}</tr></thead>
<tbody>${rows.join("\n")}</tbody></table></div>${notes}`,
  );
}

/** Our metric as a dot on a line, over the band and its median. The numbers stand beside it. */
function gauge(row: ComparisonRow): string {
  if (row.band === undefined || row.ours === undefined || !Number.isFinite(row.ours)) return "";
  const place = gaugePlace(row.band, row.ours);
  const x = (value: number) => c(place(value) * 132 + 2);
  const { low, high, median } = row.band;
  return (
    '<svg class="gauge" viewBox="0 0 136 18" aria-hidden="true"><path class="base" d="M2 9h132"/>' +
    `<rect class="range" x="${x(low)}" y="4" width="${c((place(high) - place(low)) * 132)}" height="10" rx="2"/>` +
    `<path class="median" d="M${x(median)} 3v12"/><circle class="ours" cx="${x(row.ours)}" cy="9" r="4.5"/></svg>`
  );
}

/** The band takes the middle third; a metric further away than its width stands at the end. */
function gaugePlace(band: Band, ours: number): (value: number) => number {
  const width = band.high - band.low || Math.abs(ours) || 1;
  const from = band.low - width;
  const to = band.high + width;
  return (value) => Math.min(0.965, Math.max(0.035, (value - from) / (to - from)));
}

/** The network as a drawing; the narrow one has its blocks closed, so that its texts stay legible on a telephone. */
export function drawingSection({ drawings }: ReportData): string {
  if (drawings === undefined) return "";
  const { wide, narrow } = drawings;
  const both = `<div class="wide">${wide}</div><div class="narrow">${narrow}</div>`;
  return section("network", "Network", `<figure>${wide === narrow ? wide : both}</figure>`);
}

/** The network, layer by layer. */
export function layersSection(data: ReportData): string {
  const rows = data.layers ?? [];
  if (rows.length === 0) return "";
  const totals = data.totals ?? summaryTotals(rows);
  const body = rows.map(
    (row) =>
      `<tr><th scope="row" class="path">${e(row.path)}</th><td class="layer">${e(row.layer)}</td>` +
      `<td class="nowrap">${e(formatShape(row.outputShape))}</td>` +
      `${named("parameters", row.parameters > 0 ? formatCount(row.parameters) : "")}` +
      `${named("multiply-adds", row.multiplyAdds ? formatScaled(row.multiplyAdds) : "")}` +
      `${named("bytes", row.bytes === undefined ? "" : formatBytes(row.bytes))}</tr>`,
  );
  return section(
    "layers",
    "Layers",
    `<div class="scroll" tabindex="0" role="region" aria-label="Layers"><table class="stack">
<caption>Output shapes, multiply-adds and bytes of the outputs for one example.</caption>
<thead><tr><th scope="col">path</th><th scope="col">layer</th><th scope="col">output</th>
<th scope="col" class="num">parameters</th><th scope="col" class="num">multiply-adds</th><th scope="col" class="num">bytes</th></tr></thead>
<tbody>${body.join("\n")}</tbody>
<tfoot><tr><th scope="row" colspan="3">total</th>${named("parameters", formatCount(totals.parameters))}
${named("multiply-adds", formatScaled(totals.multiplyAdds))}${named("bytes", formatBytes(totals.bytes))}</tr></tfoot></table></div>`,
  );
}

/** A number that names its column when rows are stacked. */
function named(name: string, text: string): string {
  return `<td class="num" data-name="${name}">${e(text)}</td>`;
}

/** Settings and environment, and the command that repeats the run. */
export function factsSection(data: ReportData): string {
  const list = (id: string, title: string, facts: Readonly<Record<string, unknown>> | undefined) => {
    const entries = flatten(facts ?? {});
    if (entries.length === 0) return "";
    const items = entries.map(([name, value]) => `<dt>${e(name)}</dt><dd>${e(value)}</dd>`);
    return section(id, title, `<dl class="list">${items.join("")}</dl>`);
  };
  const repeat =
    data.command === undefined
      ? ""
      : section("repeat", "To repeat it", `<pre><code>${e(data.command)}</code></pre>`);
  const facts =
    list("settings", "Settings", data.settings) + list("environment", "Environment", data.environment);
  return (facts === "" ? "" : `<div class="columns">${facts}</div>`) + repeat;
}

/** Nested objects as dotted names; nothing is shown of what is undefined. */
function flatten(facts: Readonly<Record<string, unknown>>, prefix = ""): [string, string][] {
  return Object.entries(facts).flatMap(([key, value]): [string, string][] => {
    const name = prefix + key;
    if (value === undefined || typeof value === "function") return [];
    if (
      value !== null &&
      typeof value === "object" &&
      !Array.isArray(value) &&
      Object.keys(value).length > 0
    ) {
      return flatten(value as Record<string, unknown>, `${name}.`);
    }
    return [[name, factText(value)]];
  });
}

function factText(value: unknown): string {
  if (value === null) return "none";
  if (typeof value === "string") return value === "" ? "(empty)" : value;
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map(factText).join(", ");
  if (typeof value === "object") return "none";
  return String(value);
}

/** A section with its heading, which names it. */
export function section(id: string, title: string, body: string): string {
  return `<section aria-labelledby="${id}"><h2 id="${id}">${e(title)}</h2>${body}</section>`;
}
