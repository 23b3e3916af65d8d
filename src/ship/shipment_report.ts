/** What is told of a shipment. */
import { formatBytes } from "../report/number_text.ts";
import type { Reporter } from "../report/reporter.ts";
import { RIGHT, renderRows } from "../report/terminal/table.ts";
import type { Shipment } from "./ship.ts";
import { rowHolds, type Verification, type VerificationRow } from "./verify/verification.ts";

/**
 * Reports what was shipped: tables of its files and of the runtimes that it was verified with, or an `end` event.
 *
 * @param next - what to do with it, after its title.
 * @example
 * ```ts no-run
 * import { reportShipment, ship } from "convoyant/ship";
 * import { CollectingReporter } from "convoyant/report";
 * reportShipment(await ship("runs/first", "out"), new CollectingReporter());
 * ```
 */
export function reportShipment(
  { path, title, files, onnxProblem, verification }: Shipment,
  reporter: Reporter,
  next = "",
): void {
  const table = renderRows(
    [
      ["file", ({ name }) => name, { flexible: true }],
      ["size", ({ bytes }) => formatBytes(bytes), RIGHT],
    ],
    files,
    reporter.style,
  );
  reporter.lines(table);
  if (verification !== null) reportVerification(verification, reporter);
  if (onnxProblem !== null) reporter.note(`there is no ONNX file: ${onnxProblem}`);
  reporter.line(`${path}: ${title}${next}`);
  reporter.event({ event: "end", path, title, files, onnxProblem, verification });
}

function reportVerification({ images, rows, holds }: Verification, reporter: Reporter): void {
  /** Of a runtime that is not here a dash. */
  const ran =
    (text: (of: { readonly images: number; readonly same: number; readonly difference: number }) => string) =>
    ({ outcome }: VerificationRow) =>
      "skipped" in outcome ? "–" : text(outcome);
  const verdict = (row: VerificationRow) =>
    "skipped" in row.outcome ? `not run: ${row.outcome.skipped}` : rowHolds(row) ? "holds" : "DIFFERS";
  const table = renderRows(
    [
      [`verified with ${images} images`, ({ name }) => name, { flexible: true }],
      ["same class", ran(({ same, images }) => `${same} of ${images}`)],
      ["largest difference", ran(({ difference }) => difference.toExponential(1))],
      ["", verdict],
    ],
    rows,
    reporter.style,
  );
  reporter.lines(["", ...table]);
  reporter.line(holds ? "All that ran answer the same." : "Not all answer the same.");
}
