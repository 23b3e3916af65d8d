/** Sections of a report about photographs: pairs that were confused, calibration, learning rate, augmentation. */
import { className } from "../../records/class_names.ts";
import type { Image } from "../../records/image.ts";
import type { MetricsPoint } from "../../records/run_record.ts";
import { trainingCurves } from "../curves.ts";
import { formatCount, formatPercent } from "../number_text.ts";
import { isPhoto, photoUri } from "../photo_uri.ts";
import { renderCalibrationSvg } from "../svg/calibration_svg.ts";
import { renderCurvesSvg } from "../svg/curves_svg.ts";
import { escapeXml as e } from "../svg/xml.ts";
import type { ConfusedPair, ReportData } from "./report_data.ts";
import { section } from "./report_sections.ts";

/** The pairs of classes that were confused most, with images of each. */
export function pairsSection(data: ReportData): string {
  const pairs = data.confusedPairs ?? [];
  if (pairs.length === 0) return "";
  return section(
    "pairs",
    "Most confused pairs",
    `<p>Classes that were taken for others most often, with the images on which the network was surest.</p>${pairs.map((pair) => pairItem(pair, data)).join("\n")}`,
  );
}

function pairItem(
  { truth, predicted, count, share, images }: ConfusedPair,
  { classNames }: ReportData,
): string {
  const [is, taken] = [className(classNames, truth), className(classNames, predicted)];
  const items = images.map(
    ({ image, name }) =>
      `<li>${photo(image, `${name}, of the class ${is}, taken for ${taken}`)}<div class="true">${e(name)}</div></li>`,
  );
  return (
    `<div class="group"><h3>${e(is)} taken for ${e(taken)}</h3><p class="note">${formatCount(count)} ${count === 1 ? "image" : "images"}, ` +
    `${e(formatPercent(share))} of the class</p><ul class="mistakes">${items.join("\n")}</ul></div>`
  );
}

/** Small images are shown pixel by pixel. */
function photo(image: Image, alt: string): string {
  return `<img${isPhoto(image) ? ' class="photo"' : ""} src="${photoUri(image)}" width="${image.width}" height="${image.height}" alt="${e(alt)}">`;
}

/** Whether probabilities can be taken at their word. */
export function calibrationSection({ calibration, heldOut = "test" }: ReportData): string {
  if (calibration === undefined || calibration.examples === 0) return "";
  const error = formatPercent(calibration.expectedError);
  const few =
    calibration.examples < 200
      ? ` With ${formatCount(calibration.examples)} images the bars are rough: each image moves them.`
      : "";
  return section(
    "calibration",
    "Calibration",
    `<p>Of the ${heldOut} images to whose class the network gave some probability, how many are right: bars on the dashed line mean that ` +
      `probabilities can be taken at their word, bars below it that the network is too sure. Expected calibration error: ${e(error)}.${few}</p>` +
      `<figure>${renderCalibrationSvg(calibration, { inline: true })}</figure>`,
  );
}

/** Curves of the head alone, which was trained before the whole network. */
export function headSection({ headPoints = [], heldOut = "test", judgedBy = heldOut }: ReportData): string {
  if (headPoints.length === 0) return "";
  const curves = trainingCurves(headPoints, { testLoss: true, heldOut: judgedBy }).filter(
    ({ points }) => points.length > 0,
  );
  const most = headPoints.at(-1)?.epoch ?? 1;
  return section(
    "head",
    "The head alone",
    `<p>Trained first, on embeddings of the frozen backbone.</p><figure>${bothWidths((width, height) =>
      renderCurvesSvg(curves, {
        inline: true,
        label: "Curves of the head alone",
        xRange: [0, most],
        width,
        height,
      }),
    )}</figure>`,
  );
}

/** The learning rate over the steps. */
export function learningRateSection({ learningRates = [] }: ReportData): string {
  const curves = learningRates.filter(({ points }) => points.length > 1);
  if (curves.length === 0) return "";
  return section(
    "learning-rate",
    "Learning rate",
    `<p>Of the head; layers below it have lower ones, in the same shape.</p><figure>${bothWidths(
      (width, height) =>
        renderCurvesSvg(curves, {
          inline: true,
          label: "Learning rate",
          xLabel: "step",
          yLabel: "thousandths",
          width,
          height,
        }),
    )}</figure>`,
  );
}

function bothWidths(draw: (width: number, height: number) => string): string {
  return `<div class="wide">${draw(900, 320)}</div><div class="narrow">${draw(400, 300)}</div>`;
}

/** Images as they are, and as the network saw them in training. */
export function augmentationSection({ augmentation = [] }: ReportData): string {
  if (augmentation.length === 0) return "";
  const rows = augmentation.map(({ name, image, views }) => {
    const shown = [
      photo(image, `${name} as it is`),
      ...views.map((view, i) => photo(view, `${name}, view ${i + 1}`)),
    ];
    return `<ul class="mistakes views">${shown.map((each, i) => `<li>${each}<div class="true">${i === 0 ? "as it is" : ""}</div></li>`).join("")}</ul>`;
  });
  return section(
    "augmentation",
    "Augmentation",
    `<p>Training images as they are, and some of the ways in which the network saw them. If classes can no longer be told apart here, ` +
      `augment less: <code>--augment none</code>.</p>${rows.join("\n")}`,
  );
}

/** Points of a curve of the learning rate, in thousandths, from a step on. */
export function ratePoints(
  points: readonly MetricsPoint[],
  factor: number,
  firstStep = 0,
): { x: number; y: number }[] {
  return points.flatMap(({ step, lr }) =>
    step === undefined || lr === undefined ? [] : [{ x: firstStep + step, y: 1000 * lr * factor }],
  );
}
