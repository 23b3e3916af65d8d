/** The report page of a classic run. */
import { htmlPage } from "../../report/html/page.ts";
import type { ReportData } from "../../report/html/report_data.ts";
import { factsSection } from "../../report/html/report_sections.ts";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatMetric,
  formatRate,
} from "../../report/number_text.ts";
import { confusionSection, mistakesSection } from "../../report/report_errors.ts";
import { escapeXml as e } from "../../report/svg/xml.ts";
import type { ClassicData } from "./classic_data.ts";
import type { ClassicResult } from "./classic_run.ts";
import { featureFigures } from "./feature_figures.ts";

/** What else the page says. */
export interface ClassicReportFacts {
  readonly environment: Readonly<Record<string, unknown>>;
  readonly command: string;
}

/**
 * One file without scripts: numbers, confusion matrix, worst mistakes, what the features see, settings. Every text is
 * escaped.
 */
export async function renderClassicReport(
  result: ClassicResult,
  data: ClassicData,
  { environment, command }: ClassicReportFacts,
): Promise<string> {
  const { features, classifier } = result.settings;
  const title = `${features}, ${classifier}`;
  const about: ReportData = {
    model: title,
    points: [],
    epochs: 0,
    classNames: data.classes,
    confusion: result.confusion,
    mistakes: result.mistakes,
    mistakesBy: "classifier",
    mistakesNote:
      "How sure a classifier without probabilities is, is a softmax of its decision values: good for an order, not as a probability.",
    settings: {
      ...result.settings,
      data: data.name,
      trainSize: data.train.images.length,
      columns: result.columns,
    },
    environment,
    command,
  };
  return htmlPage({
    title: `${title} – ${data.name}`,
    header: `<h1>${e(title)}</h1><p class="sub">on ${e(data.name)}, ${e(formatCount(data.train.images.length))} training images</p>${tiles(result)}`,
    sections: [
      confusionSection(about),
      mistakesSection(about),
      ...(await featureFigures(features, data, result.vocabularies)),
      factsSection(about),
    ],
    footer: "<p>Written by Convoyant.</p>",
  });
}

function tiles(result: ClassicResult): string {
  const all: [string, string][] = [
    ["test accuracy", formatMetric(result.testAccuracy)],
    ["training time", formatDuration(result.trainSeconds)],
    ["of it features", formatDuration(result.featureSeconds)],
    ["predictions/s", formatRate(result.predictPerSecond)],
    ["features of an image", formatCount(result.columns)],
    ["model", formatBytes(result.modelBytes)],
  ];
  const items = all.map(([name, value]) => `<div><dt>${e(name)}</dt><dd>${e(value)}</dd></div>`);
  return `<dl class="tiles">${items.join("")}</dl>`;
}
