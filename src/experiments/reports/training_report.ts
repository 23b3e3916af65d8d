/** What a training tells while it runs and when it has ended, whatever it trains. */
import type { MetricsPoint } from "../../records/run_record.ts";
import type { Reporter } from "../../report/reporter.ts";
import type { Callbacks } from "../../train/loop/fit_options.ts";
import type { ProgressDisplay } from "../../train/loop/progress_display.ts";
import { shellWord } from "../shell_text.ts";

/** Reports a training: its callbacks show how far it is, `end` what came of it. */
export abstract class TrainingReport<T> {
  protected readonly reporter: Reporter;
  /** The run's folder, as it is printed. */
  protected readonly run: string;
  /** The live part, while there is one. */
  protected display: ProgressDisplay | null = null;

  constructor(reporter: Reporter, run: string) {
    this.reporter = reporter;
    this.run = run;
  }

  abstract callbacks(): Callbacks;

  abstract end(result: T): void;

  /** A remark, above the live part. */
  note(text: string): void {
    if (this.display === null) this.reporter.note(text);
    else this.display.log(text);
  }

  /** Ends the live part; safe to call twice. */
  stop(): void {
    this.display?.stop();
  }

  protected sayHowToGoOn(): void {
    const resume = `npx convoyant train --resume ${shellWord(this.run)}`;
    this.reporter.event({ event: "interrupted", run: this.run, resume });
    this.reporter.line(`Interrupted; everything is saved. Go on with: ${resume}`);
  }
}

/** A point's metrics by the name of the part that judges epochs: those of the validation part are not the test's. */
export function asValidation<T extends Partial<MetricsPoint>>(point: T): T {
  const named = (key: string) => key.replace(/^test(?=[A-Z])/, "val");
  const renamed = (of: object) =>
    Object.fromEntries(Object.entries(of).map(([key, value]) => [named(key), value]));
  return { ...renamed(point), ...(point.extra && { extra: renamed(point.extra) }) } as T;
}
