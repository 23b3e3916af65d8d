/** What commands that train many networks say while they do. */
import type { SeriesOptions } from "../../experiments/train_series.ts";
import { interruption } from "./interruption.ts";
import type { Output } from "./output.ts";
import { TrainOutput } from "./train_output.ts";

/** Runs a series of trainings, which the first Ctrl-C ends in order; each is reported as it goes. */
export async function whileInterruptible<T>(
  output: Output,
  body: (told: Pick<SeriesOptions, "signal" | "onStart" | "onNote" | "onDone">) => Promise<T>,
): Promise<T> {
  let report: TrainOutput | null = null;
  const interrupt = interruption(() => {
    if (report === null) output.note("Stopping.");
    else report.interrupted();
  });
  interrupt.arm();
  const ended = () => {
    report?.stop();
    report = null;
  };
  try {
    return await body({
      signal: interrupt.signal,
      onStart: (run) => {
        const started = new TrainOutput(output, run, true);
        report = started;
        return { ...started.callbacks(), onEnd: (result) => started.end({ ...result, testOfBest: null }) };
      },
      onNote: (text) => {
        ended();
        output.note(text);
      },
      onDone: ended,
    });
  } finally {
    ended();
    interrupt.release();
  }
}
