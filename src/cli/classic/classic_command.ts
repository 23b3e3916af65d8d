/** `convoyant classic`: trains and tests one pipeline of hand-made features. */
import { join } from "node:path";
import type { GivenClassicSettings } from "../../experiments/classic/classic_settings.ts";
import { CLASSIC_FILES } from "../../experiments/classic/saved_classic.ts";
import { type TrainedClassic, trainClassic } from "../../experiments/classic/train_classic.ts";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatMetric,
  formatRate,
} from "../../report/number_text.ts";
import { renderTable } from "../../report/terminal/table.ts";
import { INTERRUPTED } from "../console/interruption.ts";
import type { Output } from "../console/output.ts";
import { withPhases } from "./phase_progress.ts";

/** Options of the command. */
export interface ClassicCommand extends GivenClassicSettings {
  readonly out?: string;
  readonly engine?: string;
  readonly threads?: number;
}

export async function classicCommand(command: ClassicCommand, output: Output): Promise<number> {
  const { out, engine, threads, ...given } = command;
  const trained = await withPhases(output, { engine, threads }, (watch) =>
    trainClassic(given, {
      ...watch,
      out: out ?? null,
      onNote: (text) => output.note(text),
      onStart: (settings, data) =>
        output.event({ event: "start", ...settings, data: data.name, trainSize: data.train.images.length }),
    }),
  );
  if (trained === null) {
    output.event({ event: "interrupted" });
    output.note("Interrupted; nothing was saved.");
    return INTERRUPTED;
  }
  show(trained, output);
  return 0;
}

function show(trained: TrainedClassic, output: Output): void {
  const { settings, folder, leftOut, columns, modelBytes } = trained;
  const { testAccuracy, trainSeconds, trainProcessorSeconds, featureSeconds, predictPerSecond } = trained;
  const { features, classifier } = settings;
  const right = (title: string) => ({ title, align: "right" as const });
  const titles = ["test accuracy", "training", "predictions/s", "model"];
  const row = [
    `${features}, ${classifier}`,
    formatMetric(testAccuracy),
    formatDuration(trainSeconds),
    formatRate(predictPerSecond),
    formatBytes(modelBytes),
  ];
  output.lines(renderTable([{ title: "pipeline" }, ...titles.map(right)], [row], output.style));
  output.line(`report: ${join(folder, CLASSIC_FILES.report)}`);
  const unreadable = leftOut.length;
  if (unreadable > 0)
    output.note(
      unreadable === 1
        ? "1 file could not be read, and was left out."
        : `${formatCount(unreadable)} files could not be read, and were left out.`,
    );
  const times = { trainSeconds, trainProcessorSeconds, featureSeconds, predictPerSecond };
  const facts = { features, classifier, columns, modelBytes, ...(unreadable > 0 && { unreadable }) };
  output.event({ event: "end", testAccuracy, ...times, ...facts, run: folder });
}
