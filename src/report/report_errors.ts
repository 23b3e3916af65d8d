import { type ClassName, className } from "../records/class_names.ts";
import { type ConfusionMetrics, confusionMetrics, mostConfused } from "./confusion.ts";
import type { Mistake, ReportData } from "./html/report_data.ts";
import { section } from "./html/report_sections.ts";
import { imageUri } from "./image_uri.ts";
import { formatCount, formatMetric, formatPercent } from "./number_text.ts";
import { isPhoto, photoUri } from "./photo_uri.ts";
import { renderConfusionSvg } from "./svg/confusion_svg.ts";
import { escapeXml as e } from "./svg/xml.ts";

export { imageUri };

/** More classes than this fill the page with a table that is too long to read. */
const mostClasses = 100;

/** A percentage that no line break tears from its sign. */
const percent = (share: number) => e(formatPercent(share)).replace(/ /g, "&nbsp;");

/** A class's name with its language marked, so that a browser takes the right glyphs and a reader the right voice. */
function nameHtml(names: readonly ClassName[] | undefined, index: number): string {
  const name = names?.[index];
  if (typeof name !== "object" || name.zh === undefined) return e(className(names, index));
  return `${e(name.en)} <span lang="zh">${e(name.zh)}</span>`;
}

/** The confusion matrix as a chart, what was confused most in words, and precision and recall of each class. */
export function confusionSection(data: ReportData): string {
  const matrix = data.confusion;
  if (matrix === undefined || matrix.length === 0) return "";
  const metrics = confusionMetrics(matrix);
  const names = data.classNames;
  const pairs = mostConfused(matrix, 5).map(
    (pair) =>
      `<li>${nameHtml(names, pair.truth)} taken for ${nameHtml(names, pair.predicted)}` +
      `<br><span class="note">${formatCount(pair.count)}, ${percent(pair.share)} of the class</span></li>`,
  );
  const svg = renderConfusionSvg(matrix, { inline: true, ...(names && { classNames: names }) });
  const frequent = pairs.length === 0 ? "" : `<h3>Confused most often</h3><ol>${pairs.join("")}</ol>`;
  return section(
    "confusion",
    "Confusion matrix",
    `<p>${formatCount(metrics.total)} ${data.heldOut ?? "test"} images, ${percent(metrics.accuracy)} of them right.</p>
<div class="beside"><figure><div class="scroll" tabindex="0" role="region" aria-label="Confusion matrix">${svg}</div></figure>
<div>${frequent}</div></div>${metrics.classes.length <= mostClasses ? classTable(metrics, names) : ""}`,
  );
}

function classTable(metrics: ConfusionMetrics, names: readonly ClassName[] | undefined): string {
  const share = (value: number) => (Number.isNaN(value) ? "–" : formatMetric(value));
  const cells = (values: readonly number[]) =>
    values.map((value) => `<td class="num">${share(value)}</td>`).join("");
  const rows = metrics.classes.map(
    (entry) =>
      `<tr><th scope="row">${nameHtml(names, entry.index)}</th>` +
      `${cells([entry.precision, entry.recall, entry.f1])}<td class="num">${formatCount(entry.support)}</td></tr>`,
  );
  const means = cells([metrics.macroPrecision, metrics.macroRecall, metrics.macroF1]);
  return `<h3>Class by class</h3><div class="scroll" tabindex="0" role="region" aria-label="Class by class"><table>
<thead><tr><th scope="col">class</th><th scope="col" class="num">precision</th><th scope="col" class="num">recall</th>
<th scope="col" class="num">F1</th><th scope="col" class="num">images</th></tr></thead>
<tbody>${rows.join("\n")}</tbody>
<tfoot><tr><th scope="row">mean</th>${means}<td class="num">${formatCount(metrics.total)}</td></tr></tfoot></table></div>`;
}

/** The images about which the network was most sure, and wrong. */
export function mistakesSection(data: ReportData): string {
  const mistakes = data.mistakes ?? [];
  if (mistakes.length === 0) return "";
  const note = data.mistakesNote === undefined ? "" : `<p class="note">${e(data.mistakesNote)}</p>`;
  const items = mistakes.map((mistake) => mistakeItem(mistake, data));
  return section(
    "mistakes",
    "Worst mistakes",
    `<p>The ${data.heldOut ?? "test"} images on which the ${e(data.mistakesBy ?? "network")} was most sure of a wrong class.</p>${note}
<ul class="mistakes">${items.join("\n")}</ul>`,
  );
}

function mistakeItem(mistake: Mistake, { classNames: names, heldOut = "test" }: ReportData): string {
  const truth = className(names, mistake.truth);
  const taken = className(names, mistake.predicted);
  const place = mistake.index === undefined || heldOut !== "test" ? "" : `test:${mistake.index}`;
  const which = mistake.name ?? place;
  const alt = `Image ${which} of the class ${truth}, taken for ${taken}`.replace("  ", " ");
  const { width, height } = mistake.image;
  const truthShare = mistake.truthProbability === undefined ? "" : `, ${percent(mistake.truthProbability)}`;
  return (
    `<li><img${mistake.name !== undefined || isPhoto(mistake.image) ? ' class="photo"' : ""} src="${photoUri(mistake.image)}" width="${width}" height="${height}" alt="${e(alt)}">` +
    `<div class="taken">${nameHtml(names, mistake.predicted)}, ${percent(mistake.probability)}</div>` +
    `<div class="true">is ${nameHtml(names, mistake.truth)}${truthShare}</div>` +
    `${which === "" ? "" : `<div class="true">${mistake.name === undefined ? `<code>${e(which)}</code>` : e(which)}</div>`}</li>`
  );
}
