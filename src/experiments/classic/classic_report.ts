/** The report page of a classic run. */

import { hog, type Matrix } from "../../classic/index.ts";
import type { Image } from "../../records/image.ts";
import { htmlPage } from "../../report/html/page.ts";
import type { ReportData } from "../../report/html/report_data.ts";
import { factsSection, section } from "../../report/html/report_sections.ts";
import { imageUri } from "../../report/image_uri.ts";
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
import { hogGlyphs } from "./hog_glyphs.ts";

/** What else the page says. */
export interface ClassicReportFacts {
  readonly environment: Readonly<Record<string, unknown>>;
  readonly command: string;
}

/**
 * One file without scripts: numbers, confusion matrix, worst mistakes, what the features see, settings. Every text is
 * escaped.
 */
export function renderClassicReport(
  result: ClassicResult,
  data: ClassicData,
  { environment, command }: ClassicReportFacts,
): string {
  const { features, classifier } = result.settings;
  const title = `${features}, ${classifier}`;
  const about: ReportData = {
    model: title,
    points: [],
    epochs: 0,
    classNames: data.classes,
    confusion: result.confusion,
    mistakes: result.mistakes,
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
      featuresSection(result, data),
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

const SHOWN = 8;

/** An image of each of some classes beside what the features keep of it. */
function featuresSection({ settings }: ClassicResult, { train, classes }: ClassicData): string {
  if (!settings.features.split("+").includes("hog")) return "";
  const firsts = classes.map((_, label) => train.labels.indexOf(label)).filter((at) => at >= 0);
  const items = firsts.slice(0, SHOWN).map((at) => {
    const image = train.images[at];
    return `<li><img src="${imageUri(image)}" width="112" alt="A training image"> ${glyphs(image)}</li>`;
  });
  return section(
    "features",
    "What the features see",
    `<p>Training images and their histograms of oriented gradients: in each cell a line for every direction of edges, as bright as the histogram is high.</p><ul class="mistakes">${items.join("\n")}</ul>`,
  );
}

function glyphs(image: Image): string {
  const pixelsPerCell = Math.min(image.width, image.height) <= 32 ? 4 : 8;
  const orientations = 9;
  const values = hog({ pixelsPerCell, cellsPerBlock: 1, orientations }).describe(image);
  const across = Math.floor(image.width / pixelsPerCell);
  const cells: Matrix = { rows: values.length / orientations, columns: orientations, data: values };
  return hogGlyphs(cells, across);
}
