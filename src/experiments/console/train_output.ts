/** What `convoyant train` says: a live curve and a table to people, one object a line to machines. */
import type { FinalFigures } from "../../records/run_record.ts";
import { compareWithBook, renderComparison, renderFigures } from "../../report/book_comparison.ts";
import { formatFigure } from "../../report/number_text.ts";
import { printable } from "../../report/terminal/printable.ts";
import { TrainingDisplay } from "../../report/terminal/training_display.ts";
import { startedEngine } from "../../runtime/runtime.ts";
import type { Callbacks, FitResult, StartEvent } from "../../train/loop/fit_options.ts";
import type { Precision } from "../../train/loop/precision.ts";
import { figuresOf } from "../../train/runs/recorded_fit.ts";
import { differencesFromTheBook, type TrainingConfig } from "../training_config.ts";
import type { Output } from "./output.ts";

export class TrainOutput {
  private readonly output: Output;
  private readonly config: TrainingConfig;
  private readonly run: string;
  private readonly stepsPerEpoch: number;
  private readonly brief: boolean;
  private display: TrainingDisplay | null = null;

  /**
   * @param run - the run's folder, as it is to be printed.
   * @param brief - one of several trainings: its figures in one line, since a table of all follows.
   */
  constructor(output: Output, config: TrainingConfig, run: string, stepsPerEpoch: number, brief = false) {
    this.brief = brief;
    this.output = output;
    this.config = config;
    this.run = run;
    this.stepsPerEpoch = stepsPerEpoch;
  }

  /** @param precision - what is computed in, which need not be what the configuration asks for. */
  begin(resumed: boolean, precision: Precision): void {
    const { output, config, run } = this;
    output.event({ event: "start", run, resumed, ...config });
    output.line(
      `${config.model} on ${config.data}: ${counted(config.epochs, "epoch")}, batch ${config.batchSize}, ${config.optimizer} lr ${config.lr}, ${precision}, ${engineInUse()}`,
    );
    output.line(`run: ${run}`);
  }

  callbacks(): Callbacks {
    const onNote = (text: string) => this.output.note(text);
    return { onNote, ...(this.output.json ? this.jsonCallbacks() : this.displayCallbacks()) };
  }

  /** The first Ctrl-C. */
  interrupted(): void {
    const text = "Finishing the step and saving; press Ctrl-C again to stop at once.";
    if (this.display === null) this.output.note(text);
    else this.display.log(text);
  }

  /** Ends the live part; safe to call twice. */
  stop(): void {
    this.display?.stop();
  }

  end(result: FitResult): void {
    this.stop();
    if (result.outcome === "interrupted") this.sayHowToGoOn();
    else this.sayFigures(result);
    const { config, run } = this;
    const { epochs, trainLoss, trainAccuracy, testAccuracy, examplesPerSecond, seconds } = figuresOf(result);
    this.output.event({
      event: "end",
      model: config.model,
      engine: config.engine,
      precision: result.precision,
      epochs,
      trainLoss,
      trainAccuracy,
      testAccuracy: testAccuracy ?? null,
      examplesPerSecond: examplesPerSecond || null,
      seconds,
      outcome: result.outcome,
      run,
    });
  }

  private sayHowToGoOn(): void {
    const resume = `npx convoyant train --resume ${quoted(this.run)}`;
    this.output.event({ event: "interrupted", run: this.run, resume });
    this.output.line(`Interrupted; everything is saved. Go on with: ${resume}`);
  }

  private sayFigures(result: FitResult): void {
    const { output, config, run } = this;
    const figures = figuresOf(result);
    if (this.brief) {
      output.line(`done: ${figuresInWords(figures)}\n`);
      return;
    }
    const differences = differencesFromTheBook(config);
    const comparison =
      result.points.length === 0 ? undefined : compareWithBook(config.model, figures, { differences });
    output.line();
    output.lines(
      comparison
        ? renderComparison(comparison, output.style)
        : renderFigures(config.model, figures, output.style),
    );
    output.line();
    output.line(`report: ${run}/report.html`);
    if (result.points.length > 0) output.line(`weights: ${run}/best.safetensors, ${run}/last.safetensors`);
  }

  private displayCallbacks(): Callbacks {
    let loss: number | undefined;
    let accuracy: number | undefined;
    return {
      onStart: ({ points, epoch, batch }: StartEvent) => {
        const { epochs } = this.config;
        this.display = new TrainingDisplay(this.output.terminal, {
          epochs,
          stepsPerEpoch: this.stepsPerEpoch,
          points,
        });
        if (epoch + batch > 0)
          this.output.line(
            `going on after ${counted(epoch, "epoch")}${batch > 0 ? ` and ${counted(batch, "step")}` : ""}`,
          );
      },
      onStep: ({ epoch, step, examplesPerSecond }) =>
        this.display?.step({ epoch, step, loss, accuracy, examplesPerSecond }),
      onPoint: (point) => {
        loss = point.trainLoss;
        accuracy = point.trainAccuracy;
        this.display?.point(point);
      },
      onPhase: (name) => this.display?.phase(name),
    };
  }

  private jsonCallbacks(): Callbacks {
    const { output } = this;
    return {
      onPoint: (point) => output.event({ event: "point", ...point }),
      onCheckpoint: ({ epoch, batch }) => output.event({ event: "checkpoint", epoch, batch }),
    };
  }
}

function figuresInWords({ epochs, trainLoss, trainAccuracy, testAccuracy }: FinalFigures): string {
  const parts = [counted(epochs, "epoch")];
  if (epochs > 0) parts.push(`training loss ${formatFigure(trainLoss)}`);
  if (epochs > 0) parts.push(`training accuracy ${formatFigure(trainAccuracy)}`);
  if (testAccuracy !== undefined) parts.push(`test accuracy ${formatFigure(testAccuracy)}`);
  return parts.join(", ");
}

/** The engine without its library, which `config.json` and `convoyant engine` tell. */
function engineInUse(): string {
  const info = startedEngine();
  return info === null ? "" : `${info.name} (${counted(info.threads, "thread")})`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** A path as a shell takes it; what must not reach a terminal as bash and zsh write it. */
function quoted(path: string): string {
  if (printable(path) !== path) return `$'${printable(path.replace(/[\\']/g, "\\$&"))}'`;
  return /^[\w./:@%+=,-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
