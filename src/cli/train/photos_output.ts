/** What `convoyant train ./photos` says: three lines of what was chosen, progress, metrics. */
import { join } from "node:path";
import type { PhotoMetrics } from "../../experiments/photos/finish_run.ts";
import type { StartingPhotos, TrainedPhotos } from "../../experiments/photos/train_photos.ts";
import type { MetricsPoint } from "../../records/run_record.ts";
import { formatCount, formatMetric, formatPercent } from "../../report/number_text.ts";
import { renderTable } from "../../report/terminal/table.ts";
import type { Callbacks } from "../../train/loop/fit_options.ts";
import { ProgressDisplay } from "../../train/loop/progress_display.ts";
import type { NamedProgress } from "../console/named_progress.ts";
import type { Output } from "../console/output.ts";
import { asValidation, TrainingReport } from "./training_shown.ts";

export class PhotosOutput extends TrainingReport<TrainedPhotos> {
  private readonly progress: NamedProgress;
  /** The part of the training under way. */
  private part: "head" | "whole" = "whole";

  constructor(output: Output, start: StartingPhotos, progress: NamedProgress) {
    super(output, start.folder);
    this.progress = progress;
    const { config, folder, resumed, classes, images, choices, leftOut } = start;
    output.event({
      event: "start",
      run: folder,
      resumed,
      ...config,
      classes,
      images,
      leftOut: leftOut.length,
    });
    for (const line of choices) output.line(line);
    if (leftOut.length > 0) {
      const [first] = leftOut;
      output.line(
        `left out: ${formatCount(leftOut.length)} ${leftOut.length === 1 ? "file" : "files"} (${first.path}: ${first.reason})`,
      );
      for (const { path, reason } of leftOut) output.event({ event: "left out", path, reason });
    }
    output.line(`run: ${folder}`);
  }

  callbacks(): Callbacks {
    const { output } = this;
    const told: Callbacks = {
      onNote: (text) => this.note(text),
      onPhase: (name) => {
        if (name === "embeddings") this.part = "head";
      },
      onEnd: () => {
        this.part = "whole";
      },
    };
    if (output.json)
      return {
        ...told,
        onPoint: (point) => output.event({ event: "point", part: this.part, ...asValidation(point) }),
        onCheckpoint: ({ epoch, batch }) =>
          output.event({ event: "checkpoint", part: this.part, epoch, batch }),
      };
    const { isTTY: plot } = output.terminal;
    const display = new ProgressDisplay(() => output.terminal, { plot, heldOut: "validation" });
    return {
      ...told,
      onStart: async (event) => {
        this.progress.end();
        // The head's epochs take milliseconds: a line in the end says it all.
        if (this.part === "head" || event.epochs === 0) return;
        output.line(
          event.epoch + event.batch > 0 ? `going on after ${event.epoch} epochs` : "the whole network:",
        );
        await display.onStart(event);
        this.display = display;
      },
      onStep: (event) => this.display?.onStep(event),
      onPoint: (point) => this.display?.onPoint(point),
      onPhase: (name) => {
        told.onPhase?.(name);
        this.display?.onPhase(name);
      },
      onEnd: (result) => {
        if (this.part === "head") {
          const last = result.points.at(-1);
          if (last !== undefined) output.line(`the head alone: ${last.epoch} epochs, ${pointInWords(last)}`);
        }
        this.stop();
        this.part = "whole";
      },
    };
  }

  override note(text: string): void {
    if (this.display === null) this.progress.note(text);
    else super.note(text);
  }

  override stop(): void {
    super.stop();
    this.display = null;
  }

  end({ outcome, val, test, folder, classes, config, seconds }: TrainedPhotos): void {
    this.stop();
    const { output } = this;
    if (outcome === "interrupted") {
      this.sayHowToGoOn();
    } else {
      const judged = test ?? val;
      if (judged !== null) output.lines(["", ...this.classTable(judged, classes), ""]);
      if (outcome === "stopped early")
        output.line("stopped early: the loss on the validation images fell no more");
      for (const [name, metrics] of [
        ["validation", val],
        ["test", test],
      ] as const)
        if (metrics !== null) output.line(`${name}: ${metricsInWords(metrics)}`);
      output.line(`report: ${join(folder, "report.html")}`);
      output.line(`weights: ${join(folder, "best.safetensors")}`);
    }
    output.event({
      event: "end",
      model: config.model,
      engine: config.engine,
      outcome,
      valLoss: val?.loss ?? null,
      valAccuracy: val?.accuracy ?? null,
      testLoss: test?.loss ?? null,
      testAccuracy: test?.accuracy ?? null,
      calibrationError: (test ?? val)?.calibrationError ?? null,
      seconds,
      run: folder,
    });
  }

  private classTable({ precision, recall, confusion }: PhotoMetrics, classes: readonly string[]): string[] {
    const share = (value: number | null) => (value === null ? "-" : formatPercent(value));
    return renderTable(
      [
        { title: "class", flexible: true },
        { title: "precision", align: "right" },
        { title: "recall", align: "right" },
        { title: "images", align: "right" },
      ],
      classes.map((name, i) => [
        name,
        share(precision[i]),
        share(recall[i]),
        String(confusion[i].reduce((sum, count) => sum + count, 0)),
      ]),
      this.output.style,
    );
  }
}

function pointInWords({ trainLoss, testAccuracy }: MetricsPoint): string {
  const held = testAccuracy === undefined ? "" : `, validation accuracy ${formatMetric(testAccuracy)}`;
  return `training loss ${formatMetric(trainLoss)}${held}`;
}

function metricsInWords({ images, accuracy, loss, calibrationError }: PhotoMetrics): string {
  return (
    `accuracy ${formatMetric(accuracy)}, loss ${formatMetric(loss)}, calibration error ${formatPercent(calibrationError)}, ` +
    `${formatCount(images)} ${images === 1 ? "image" : "images"}`
  );
}
