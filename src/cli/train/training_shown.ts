/** The frame of both trainings: what they say while they run, the Lab beside them, Ctrl-C. */
import { shellWord } from "../../experiments/shell_text.ts";
import type { ShownRun, TrainingLab } from "../../lab/training_lab.ts";
import type { MetricsPoint } from "../../records/run_record.ts";
import type { Callbacks, FitResult } from "../../train/loop/fit_options.ts";
import type { ProgressDisplay } from "../../train/loop/progress_display.ts";
import { interruption } from "../console/interruption.ts";
import type { Output } from "../console/output.ts";

/** Where the Lab shows a training. */
export interface LabPlace {
  /** The port; true for the usual one, null for no Lab. */
  readonly port: number | true | null;
  /** Folders of images that the page can open too. */
  readonly images?: readonly string[];
}

/** What a training says. */
export abstract class TrainingReport<T> {
  protected readonly output: Output;
  /** The run's folder, as it is printed. */
  protected readonly run: string;
  /** The live part, while there is one. */
  protected display: ProgressDisplay | null = null;

  constructor(output: Output, run: string) {
    this.output = output;
    this.run = run;
  }

  abstract callbacks(): Callbacks;

  abstract end(result: T): void;

  /** A remark, above the live part. */
  note(text: string): void {
    if (this.display === null) this.output.note(text);
    else this.display.log(text);
  }

  /** Ends the live part; safe to call twice. */
  stop(): void {
    this.display?.stop();
  }

  protected sayHowToGoOn(): void {
    const resume = `npx convoyant train --resume ${shellWord(this.run)}`;
    this.output.event({ event: "interrupted", run: this.run, resume });
    this.output.line(`Interrupted; everything is saved. Go on with: ${resume}`);
  }
}

/** What the first Ctrl-C is answered with. */
export const FINISHING = "Finishing the step and saving; press Ctrl-C again to stop at once.";

/**
 * A training that shows how far it is, and that Ctrl-C ends with everything saved.
 *
 * @param note - says a remark while there is no report.
 */
export async function trainingShown<R extends ShownRun, T extends Pick<FitResult, "outcome">>(
  output: Output,
  place: LabPlace,
  {
    report: reportOn,
    begin,
    note = (text) => output.note(text),
  }: {
    /** What speaks of the run that begins. */
    readonly report: (run: R) => TrainingReport<T>;
    readonly begin: (options: {
      readonly signal: AbortSignal;
      readonly onNote: (text: string) => void;
      readonly onStart: (run: R) => Callbacks | readonly Callbacks[];
    }) => Promise<T>;
    readonly note?: (text: string) => void;
  },
): Promise<T> {
  let report: TrainingReport<T> | undefined;
  const say = (text: string) => (report === undefined ? note(text) : report.note(text));
  const lab = await openLab(place, output);
  const interrupt = interruption(() => say(FINISHING));
  try {
    const result = await begin({
      signal: interrupt.signal,
      onNote: say,
      onStart: (run) => {
        // Until here there is nothing to save: Ctrl-C ends the process at once.
        interrupt.arm();
        report = reportOn(run);
        return lab === null ? report.callbacks() : [report.callbacks(), lab.callbacks(run)];
      },
    });
    report?.end(result);
    lab?.ended(result.outcome);
    if (lab !== null) await keptOpen(lab, interrupt.signal, output);
    return result;
  } finally {
    report?.stop();
    await lab?.close();
    interrupt.release();
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

/** A point's metrics by the name of the part that judges epochs: those of the validation part are not the test's. */
export function asValidation<T extends Partial<MetricsPoint>>(point: T): T {
  const named = (key: string) => key.replace(/^test(?=[A-Z])/, "val");
  const renamed = (of: object) =>
    Object.fromEntries(Object.entries(of).map(([key, value]) => [named(key), value]));
  return { ...renamed(point), ...(point.extra && { extra: renamed(point.extra) }) } as T;
}
