/** The page about a folder of images that was checked. */
import { CHECKS } from "../../data/quality/checks.ts";
import type { DataIssue, FolderFindings, IssueImage } from "../../data/quality/data_issues.ts";
import { formatCount, formatPercent } from "../number_text.ts";
import { escapeXml as e } from "../svg/xml.ts";
import { htmlPage } from "./page.ts";
import { section } from "./report_sections.ts";

/** What the page shows. */
export interface DataReportData extends FolderFindings {
  /** Said above everything else: what was not checked. Empty if nothing. */
  readonly remarks: readonly string[];
  /** An address that an `<img>` takes, by the path of an image; nothing for one that cannot be shown. */
  readonly thumbnails: ReadonlyMap<string, string>;
  readonly version: string;
}

/** Of each check, this many findings are listed: a page with thousands of images is of no use. */
export const MOST_LISTED = 60;

/** Of a group of duplicates, this many images. */
export const MOST_IN_GROUP = 12;

/**
 * `report.html` of a checked folder: one file, without scripts, that opens without a network. Every text is escaped, and
 * the page's own policy forbids it to load anything.
 */
export function renderDataReport(data: DataReportData): string {
  const { root, issues, remarks, version } = data;
  const sections = CHECKS.map(({ name, title, about }) => {
    const own = issues.filter(({ check }) => check === name);
    return own.length === 0 ? "" : checkSection(name, title, about(data.thresholds), own, data);
  });
  return htmlPage({
    title: `Data check – ${root}`,
    header: `<h1>Data check</h1><p class="sub">${e(root)}</p>${remarks
      .map((text) => `<p class="warn">${e(text)}</p>`)
      .join("")}${tiles(data)}`,
    sections: [summary(data), ...sections, classTable(data)],
    footer: `<p>Written by Convoyant ${e(version)}. Thresholds are guides: look before you delete.</p>`,
  });
}

function tiles({ images, classes, splits, issues }: DataReportData): string {
  const facts: [string, string][] = [
    ["images", formatCount(images)],
    ["classes", formatCount(classes.length)],
    ["splits", splits.length === 0 ? "none" : formatCount(splits.length)],
    ["findings", formatCount(issues.length)],
  ];
  const items = facts.map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`);
  return `<dl class="tiles">${items.join("")}</dl>`;
}

function summary({ issues, checks }: DataReportData): string {
  const rows = CHECKS.map(({ name, title }) => {
    const count = issues.filter(({ check }) => check === name).length;
    const link = count === 0 ? e(title) : `<a href="#${name}">${e(title)}</a>`;
    const [look, text] = !checks.includes(name)
      ? ["", "not checked"]
      : count === 0
        ? ["inside", "none"]
        : ["outside", formatCount(count)];
    return `<tr><th scope="row">${link}</th><td class="num ${look}">${text}</td></tr>`;
  });
  return section(
    "findings",
    "Findings",
    `<table><thead><tr><th scope="col">check</th><th scope="col" class="num">found</th></tr></thead>
<tbody>${rows.join("\n")}</tbody></table>`,
  );
}

function checkSection(
  name: string,
  title: string,
  about: string,
  issues: readonly DataIssue[],
  data: DataReportData,
): string {
  const shown = issues.slice(0, MOST_LISTED);
  const more =
    issues.length > shown.length
      ? `<p class="note">And ${formatCount(issues.length - shown.length)} more: \`convoyant data check --json\` lists all.</p>`
      : "";
  return section(
    name,
    `${title} (${formatCount(issues.length)})`,
    `<p>${e(about)}</p>${list(shown, data)}${more}`,
  );
}

function list(issues: readonly DataIssue[], data: DataReportData): string {
  if (issues.every(({ check }) => check === "unreadable")) return reasons(issues);
  if (issues.every(({ images }) => images.length === 1)) {
    const items = issues.map(({ images: [image] }) => imageItem(image, data));
    return `<ul class="mistakes">${items.join("\n")}</ul>`;
  }
  return issues.map((issue) => group(issue, data)).join("\n");
}

/** Files that no image can be shown of. */
function reasons(issues: readonly DataIssue[]): string {
  const items = issues.flatMap(({ images }) =>
    images.map(({ name, note }) => `<dt>${nameHtml(name)}</dt><dd>${e(note)}</dd>`),
  );
  return `<dl class="list">${items.join("")}</dl>`;
}

/** A path that may be broken between its parts. */
function nameHtml(name: string): string {
  return e(name).replace(/[/_-]/g, "$&<wbr>");
}

function group({ message, images }: DataIssue, data: DataReportData): string {
  const shown = images.slice(0, MOST_IN_GROUP);
  const more =
    images.length > shown.length ? `<p class="note">And ${images.length - shown.length} more.</p>` : "";
  const items = shown.map((image) => imageItem(image, data));
  const shownImages = items.length === 0 ? "" : `<ul class="mistakes">${items.join("\n")}</ul>`;
  return images.length === 0
    ? `<p>${e(message)}</p>`
    : `<div class="group"><h3>${e(message)}</h3>${shownImages}${more}</div>`;
}

function imageItem({ path, name, note }: IssueImage, { thumbnails }: DataReportData): string {
  const uri = thumbnails.get(path);
  const image =
    uri === undefined
      ? '<div class="noimage">no image</div>'
      : `<img class="photo" src="${e(uri)}" alt="${e(name)}" loading="lazy">`;
  const said = note === "" ? "" : `<div class="true">${e(note)}</div>`;
  return `<li>${image}<div class="file">${nameHtml(name)}</div>${said}</li>`;
}

function classTable({ classes, splits, images }: DataReportData): string {
  if (classes.length === 0) return "";
  const heads = splits.map((split) => `<th scope="col" class="num">${e(split)}</th>`).join("");
  const rows = classes.map(({ name, images: count, perSplit }) => {
    const cells = perSplit.map((each) => `<td class="num">${formatCount(each)}</td>`).join("");
    const share = images === 0 ? "–" : formatPercent(count / images);
    return `<tr><th scope="row">${e(name)}</th>${cells}<td class="num">${formatCount(count)}</td><td class="num">${e(share)}</td></tr>`;
  });
  return section(
    "classes",
    "Classes",
    `<div class="scroll" tabindex="0" role="region" aria-label="Classes"><table><thead><tr><th scope="col">class</th>${heads}
<th scope="col" class="num">images</th><th scope="col" class="num">share</th></tr></thead>
<tbody>${rows.join("\n")}</tbody></table></div>`,
  );
}
