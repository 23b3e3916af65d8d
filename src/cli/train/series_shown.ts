/** What commands that train many networks say while they do. */
import type { TrainingEnd } from "../../experiments/reports/network_training_report.ts";
import type { TrainingReport } from "../../experiments/reports/training_report.ts";
import type { SeriesOptions } from "../../experiments/train_series.ts";
import { interruptible } from "../console/interruption.ts";
import type { Output } from "../console/output.ts";
import { FINISHING } from "./training_shown.ts";

/** Runs a series of trainings, which the first Ctrl-C ends in order; each is reported as it goes. */
export async function seriesShown<T>(
  output: Output,
  body: (told: Pick<SeriesOptions, "signal" | "onStart" | "onNote" | "onDone">) => Promise<T>,
): Promise<T> {
  const { reportTraining } = await import("../../experiments/reports/network_training_report.ts");
  let report: TrainingReport<TrainingEnd> | null = null;
  const ended = () => {
    report?.stop();
    report = null;
  };
  const onFirst = () => {
    if (report === null) output.note("Stopping.");
    else report.note(FINISHING);
  };
  return interruptible(onFirst, ({ signal }) =>
    body({
      signal,
      onStart: (run) => {
        const started = reportTraining(run, output, true);
        report = started;
        return { ...started.callbacks(), onEnd: (result) => started.end({ ...result, testOfBest: null }) };
      },
      onNote: (text) => {
        ended();
        output.note(text);
      },
      onDone: ended,
    }).finally(ended),
  );
}
