/** `convoyant data check`: what is wrong with a folder of images. */
import { CHECKS, type CheckName } from "../../data/quality/checks.ts";
import type { DataIssue } from "../../data/quality/data_issues.ts";
import { checkData, type DataCheck } from "../../experiments/data_check/check_data.ts";
import { writeDataReport } from "../../experiments/data_check/data_report.ts";
import { formatCount, formatDuration } from "../../report/number_text.ts";
import { ImageProgress } from "../console/image_progress.ts";
import { INTERRUPTED, interruption } from "../console/interruption.ts";
import type { Output } from "../console/output.ts";

export interface DataCheckCommand {
  readonly folder: string;
  /** Exit code 1 if anything was found. */
  readonly strict: boolean;
  /** File of the report page. */
  readonly report?: string;
  readonly run?: string;
  readonly model?: string;
  readonly engine?: string;
  readonly threads?: number;
  readonly skip: readonly string[];
}

/** Of each check, this many findings are printed, and of a group this many images. */
const MOST_PRINTED = 10;

export async function dataCheckCommand(command: DataCheckCommand, output: Output): Promise<number> {
  const { folder, strict, report = null, skip, run = null } = command;
  const { model = null, engine = null, threads = null } = command;
  const progress = new ImageProgress("checked");
  const interrupt = interruption(() => progress.note("Stopping."));
  interrupt.arm();
  let check: DataCheck;
  try {
    check = await checkData(folder, {
      skip: skip as CheckName[],
      run,
      network: { model, engine, threads },
      signal: interrupt.signal,
      onProgress: (done, of) => {
        if (done === 0) output.event({ event: "start", folder, images: of });
        else progress.show(done, of);
      },
      onNote: (text) => progress.note(text),
    });
  } finally {
    progress.end();
    interrupt.release();
  }
  if (report !== null) await writeDataReport(check, report);
  print(check, output);
  if (report !== null) output.line(`report: ${report}`);
  const { images, issues, interrupted, labelsNotChecked, splits, classes, seconds } = check;
  for (const issue of issues) output.event({ event: "issue", ...issue });
  output.event({
    event: "end",
    folder,
    images,
    splits,
    classes,
    issues: issues.length,
    counts: countsOf(issues),
    labelsNotChecked,
    interrupted,
    report,
    seconds,
  });
  if (interrupted) return INTERRUPTED;
  return strict && issues.length > 0 ? 1 : 0;
}

function countsOf(issues: readonly DataIssue[]): Record<string, number> {
  const of = (name: string) => issues.filter(({ check }) => check === name).length;
  return Object.fromEntries(CHECKS.map(({ name }) => [name, of(name)]));
}

function print(check: DataCheck, output: Output): void {
  const { root, images, classes, splits, issues, thresholds, skipped, interrupted, seconds } = check;
  for (const { name, title, about } of CHECKS) {
    const own = issues.filter((issue) => issue.check === name);
    if (own.length === 0) continue;
    output.line(`${title} (${formatCount(own.length)})`);
    output.line(`  ${about(thresholds)}`);
    for (const issue of own.slice(0, MOST_PRINTED)) printIssue(issue, output);
    if (own.length > MOST_PRINTED) output.line(`  ... and ${own.length - MOST_PRINTED} more`);
    output.line();
  }
  const counts = [
    `${formatCount(images)} images`,
    ...(classes.length > 0 ? [`${formatCount(classes.length)} classes`] : []),
    ...(splits.length > 0 ? [splits.join(", ")] : []),
    ...(skipped.length > 0 ? [`${formatCount(skipped.length)} other files left out`] : []),
  ];
  const found = issues.length === 0 ? "nothing found" : `${formatCount(issues.length)} findings`;
  const stopped = interrupted ? ", interrupted before the last image" : "";
  output.line(`${root}: ${counts.join(", ")}: ${found} in ${formatDuration(seconds)}${stopped}`);
}

function printIssue({ message, images }: DataIssue, output: Output): void {
  if (images.length === 1) {
    const [{ name, note }] = images;
    output.line(`  ${name}${note === "" ? "" : `: ${note}`}`);
    return;
  }
  output.line(`  ${message}${images.length > 0 ? ":" : ""}`);
  for (const { name, note } of images.slice(0, MOST_PRINTED))
    output.line(`    ${name}${note === "" ? "" : ` (${note})`}`);
  if (images.length > MOST_PRINTED) output.line(`    ... and ${images.length - MOST_PRINTED} more`);
}
