/** What is told of a folder of images that was checked. */
import { CHECKS } from "../../data/quality/checks.ts";
import type { DataIssue } from "../../data/quality/data_issues.ts";
import { formatCount, formatDuration } from "../../report/number_text.ts";
import type { Reporter } from "../../report/reporter.ts";
import type { DataCheck } from "./check_data.ts";

/** Of each check, this many findings are told to people, and of a group this many images. */
const MOST_PRINTED = 10;

/**
 * Reports what was found in a folder of images: to people by check, to machines each issue as an event.
 *
 * @param page - the file of the page about it, if one was written.
 * @example
 * ```ts no-run
 * import * as experiments from "convoyant/experiments";
 * import { CollectingReporter } from "convoyant/report";
 * const told = new CollectingReporter();
 * experiments.reportDataCheck(await experiments.checkData("photos"), told);
 * told.text.join("\n");
 * ```
 */
export function reportDataCheck(check: DataCheck, reporter: Reporter, page: string | null = null): void {
  print(check, reporter);
  if (page !== null) reporter.line(`report: ${page}`);
  const { root, images, issues, interrupted, labelsNotChecked, splits, classes, seconds } = check;
  for (const issue of issues) reporter.event({ event: "issue", ...issue });
  reporter.event({
    event: "end",
    ...{ folder: root, images, splits, classes, issues: issues.length, counts: countsOf(issues) },
    ...{ labelsNotChecked, interrupted, report: page, seconds },
  });
}

function countsOf(issues: readonly DataIssue[]): Record<string, number> {
  const of = (name: string) => issues.filter(({ check }) => check === name).length;
  return Object.fromEntries(CHECKS.map(({ name }) => [name, of(name)]));
}

function print(check: DataCheck, reporter: Reporter): void {
  const { root, images, classes, splits, issues, thresholds, skipped, interrupted, seconds } = check;
  for (const { name, title, about } of CHECKS) {
    const own = issues.filter((issue) => issue.check === name);
    if (own.length === 0) continue;
    reporter.line(`${title} (${formatCount(own.length)})`);
    reporter.line(`  ${about(thresholds)}`);
    for (const issue of own.slice(0, MOST_PRINTED)) printIssue(issue, reporter);
    if (own.length > MOST_PRINTED) reporter.line(`  ... and ${own.length - MOST_PRINTED} more`);
    reporter.line();
  }
  const counts = [
    `${formatCount(images)} images`,
    ...(classes.length > 0 ? [`${formatCount(classes.length)} classes`] : []),
    ...(splits.length > 0 ? [splits.join(", ")] : []),
    ...(skipped.length > 0 ? [`${formatCount(skipped.length)} other files left out`] : []),
  ];
  const found = issues.length === 0 ? "nothing found" : `${formatCount(issues.length)} findings`;
  const stopped = interrupted ? ", interrupted before the last image" : "";
  reporter.line(`${root}: ${counts.join(", ")}: ${found} in ${formatDuration(seconds)}${stopped}`);
}

function printIssue({ message, images }: DataIssue, reporter: Reporter): void {
  if (images.length === 1) {
    const [{ name, note }] = images;
    reporter.line(`  ${name}${note === "" ? "" : `: ${note}`}`);
    return;
  }
  reporter.line(`  ${message}${images.length > 0 ? ":" : ""}`);
  for (const { name, note } of images.slice(0, MOST_PRINTED))
    reporter.line(`    ${name}${note === "" ? "" : ` (${note})`}`);
  if (images.length > MOST_PRINTED) reporter.line(`    ... and ${images.length - MOST_PRINTED} more`);
}
