/** `convoyant ship`: a trained classifier as a page, a file or a package. */

import { formatBytes } from "../../report/number_text.ts";
import { renderTable } from "../../report/terminal/table.ts";
import { type Shipment, type ShipOptions, ship } from "../../ship/index.ts";
import { rowHolds } from "../../ship/verify/verification.ts";
import { NamedProgress } from "../console/named_progress.ts";
import type { Output } from "../console/output.ts";

export interface ShipCommand extends ShipOptions {
  readonly source: string;
  /** The folder or file that is written. */
  readonly out: string;
}

/** The exit code: 1 if the verification found a difference. */
export async function shipCommand(command: ShipCommand, output: Output): Promise<number> {
  const { source, out, ...options } = command;
  const progress = new NamedProgress();
  const shipment = await ship(source, out, {
    ...options,
    onNote: (text) => progress.note(text),
    onProgress: (who, done, of) => progress.show(`${who}:`, done, of),
  }).finally(() => progress.end());
  const { path, title, files, onnxProblem, verification } = shipment;
  output.lines(
    renderTable(
      [
        { title: "file", flexible: true },
        { title: "size", align: "right" },
      ],
      files.map(({ name, bytes }) => [name, formatBytes(bytes)]),
      output.style,
    ),
  );
  if (verification !== null) showVerification(verification, output);
  if (onnxProblem !== null) output.note(`there is no ONNX file: ${onnxProblem}`);
  output.line(`${path}: ${title}${nextStep(command)}`);
  output.event({ event: "end", path, title, files, onnxProblem, verification });
  return verification === null || verification.holds ? 0 : 1;
}

function nextStep({ npm, singleFile, out }: ShipCommand): string {
  if (npm) return `; use it with: npm install ${out}`;
  return singleFile ? "; open it in a browser" : `; look at it with: npx serve ${out}`;
}

function showVerification(
  { images, rows, holds }: NonNullable<Shipment["verification"]>,
  output: Output,
): void {
  output.line();
  output.lines(
    renderTable(
      [
        { title: `verified with ${images} images`, flexible: true },
        { title: "same class" },
        { title: "largest difference" },
        { title: "" },
      ],
      rows.map((row) => {
        const { name, outcome } = row;
        if ("skipped" in outcome) return [name, "–", "–", `not run: ${outcome.skipped}`];
        const { images: count, same, difference } = outcome;
        return [
          name,
          `${same} of ${count}`,
          difference.toExponential(1),
          rowHolds(row) ? "holds" : "DIFFERS",
        ];
      }),
      output.style,
    ),
  );
  output.line(holds ? "All that ran answer the same." : "Not all answer the same.");
}
