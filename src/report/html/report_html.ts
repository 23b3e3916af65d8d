import { bookBand } from "../../records/book_band.ts";
import { finalMetrics } from "../../records/run_record.ts";
import { type BookComparison, compareWithBook } from "../book_comparison.ts";
import { confusionSection, mistakesSection } from "../report_errors.ts";
import { escapeXml as e } from "../svg/xml.ts";
import { filtersSection } from "./filters_section.ts";
import { htmlPage } from "./page.ts";
import {
  augmentationSection,
  calibrationSection,
  headSection,
  learningRateSection,
  pairsSection,
} from "./photo_sections.ts";
import type { ReportData } from "./report_data.ts";
import {
  bookSection,
  curvesSection,
  drawingSection,
  factsSection,
  layersSection,
  metricTiles,
} from "./report_sections.ts";

/**
 * `report.html` of a run: one file, without scripts, that opens without a network. Curves, metrics compared with the book's,
 * confusion matrix, worst mistakes, layers, settings and environment; a section without data is left out. Every text
 * is escaped, and the page's own policy forbids it to load anything.
 *
 * @example
 * ```ts
 * import { renderReport } from "convoyant/report";
 * const points = [
 *   { epoch: 1, trainLoss: 0.9, trainAccuracy: 0.7, testAccuracy: 0.72 },
 *   { epoch: 2, trainLoss: 0.6, trainAccuracy: 0.8, testAccuracy: 0.79 },
 * ];
 * const page = renderReport({ model: "lenet", points, epochs: 2 });
 * page.includes("<svg"); // true
 * ```
 */
export function renderReport(data: ReportData): string {
  const title = data.title ?? bookBand(data.model)?.title ?? data.model;
  const metrics = data.metrics ?? finalMetrics(data.points);
  // The book knows no validation part.
  const comparable = data.heldOut === "validation" ? undefined : metrics;
  const comparison =
    comparable && compareWithBook(data.model, comparable, { differences: data.differences ?? [] });
  const sections = [
    curvesSection(data),
    comparison === undefined ? "" : bookSection(comparison),
    confusionSection(data),
    mistakesSection(data),
    pairsSection(data),
    calibrationSection(data),
    headSection(data),
    learningRateSection(data),
    augmentationSection(data),
    drawingSection(data),
    filtersSection(data),
    layersSection(data),
    factsSection(data),
  ];
  return htmlPage({
    title: [title, data.run].filter(Boolean).join(" – "),
    header: headerHtml(data, title, comparison),
    sections,
    footer: footerHtml(data),
  });
}

function headerHtml(data: ReportData, title: string, comparison: BookComparison | undefined): string {
  const about = [
    data.dataset === undefined ? "" : `on ${data.dataset}`,
    `${data.epochs} epoch${data.epochs === 1 ? "" : "s"}`,
    data.startedAt ?? "",
    data.run === undefined ? "" : `run ${data.run}`,
  ].filter((part) => part !== "");
  const outcome = data.outcome === undefined ? "" : `<p class="warn">${e(data.outcome)}</p>`;
  return `<h1>${e(title)}</h1><p class="sub">${about.map(e).join(" · ")}</p>${outcome}
${metricTiles(data, comparison)}`;
}

function footerHtml(data: ReportData): string {
  const version = data.environment?.convoyant;
  const maker = version === undefined ? "Convoyant" : `Convoyant ${e(version)}`;
  return `<p>Written by ${maker}. Accuracies and losses of the training set are running means over the epoch, as the book counts them.</p>`;
}
