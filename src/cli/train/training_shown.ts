/** The frame of both trainings: what they say while they run, the Lab beside them, Ctrl-C. */
import type { TrainingReport } from "../../experiments/reports/training_report.ts";
import type { ShownRun, TrainingLab } from "../../lab/training_lab.ts";
import type { Callbacks, FitResult } from "../../train/loop/fit_options.ts";
import { type Interrupt, interruptible } from "../console/interruption.ts";
import type { Output } from "../console/output.ts";

/** Where the Lab shows a training. */
export interface LabPlace {
  /** The port; true for the usual one, null for no Lab. */
  readonly port: number | true | null;
  /** Folders of images that the page can open too. */
  readonly images?: readonly string[];
}

/** What the first Ctrl-C is answered with. */
export const FINISHING = "Finishing the step and saving; press Ctrl-C again to stop at once.";

/** What a training that is shown begins with. */
interface Shown<R> {
  readonly signal: AbortSignal;
  readonly onNote: (text: string) => void;
  readonly onStart: (run: R) => Callbacks | readonly Callbacks[];
}

/**
 * A training that shows how far it is, and that Ctrl-C ends with everything saved.
 *
 * @param reportOn - what reports the run that begins.
 */
export async function trainingShown<R extends ShownRun, T extends Pick<FitResult, "outcome">>(
  output: Output,
  place: LabPlace,
  reportOn: (run: R) => TrainingReport<T>,
  begin: (options: Shown<R>) => Promise<T>,
): Promise<T> {
  let report: TrainingReport<T> | undefined;
  const say = (text: string) => (report ?? output).note(text);
  const lab = await openLab(place, output);
  const work = async ({ signal, arm }: Interrupt) => {
    const onStart = (run: R) => {
      arm();
      report = reportOn(run);
      return lab === null ? report.callbacks() : [report.callbacks(), lab.callbacks(run)];
    };
    const result = await begin({ signal, onNote: say, onStart });
    report?.end(result);
    lab?.ended(result.outcome);
    if (lab !== null) await keptOpen(lab, signal, output);
    return result;
  };
  try {
    return await interruptible(() => say(FINISHING), work, false);
  } finally {
    report?.stop();
    await lab?.close();
  }
}

/** The page that shows the training; its code is loaded if it is asked for. */
async function openLab({ port, images = [] }: LabPlace, output: Output): Promise<TrainingLab | null> {
  if (port === null) return null;
  const { TrainingLab } = await import("../../lab/training_lab.ts");
  const lab = await TrainingLab.open(port, images);
  output.line(`watch it learn: ${lab.url}`);
  output.event({ event: "lab", url: lab.url });
  return lab;
}

/** On a terminal the page can be looked at, and the run opened in it, until Ctrl-C. */
async function keptOpen(lab: TrainingLab, signal: AbortSignal, output: Output): Promise<void> {
  if (!process.stdout.isTTY || signal.aborted) return;
  output.line(`the Lab stays open at ${lab.url}; Ctrl-C ends it`);
  signal.addEventListener("abort", () => void lab.close());
  await lab.closed;
}
