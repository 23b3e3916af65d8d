/** What a training on photographs tells: what was chosen, progress, metrics. Node only. */
import { join } from "node:path";
import type { MetricsPoint } from "../../records/run_record.ts";
import { formatCount, formatMetric, formatPercent } from "../../report/number_text.ts";
import type { Reporter } from "../../report/reporter.ts";
import { RIGHT, renderRows } from "../../report/terminal/table.ts";
import type { Callbacks } from "../../train/loop/fit_options.ts";
import { ProgressDisplay } from "../../train/loop/progress_display.ts";
import type { PhotoMetrics } from "../photos/finish_run.ts";
import type { StartingPhotos, TrainedPhotos } from "../photos/train_photos.ts";
import { asValidation, TrainingReport } from "./training_report.ts";

/**
 * Reports a training on photographs as it runs: what `convoyant train ./photos` says.
 *
 * @example
 * ```ts no-run
 * import * as experiments from "convoyant/experiments";
 * import { CollectingReporter } from "convoyant/report";
 * const told = new CollectingReporter();
 * await experiments.trainPhotos("photos", {
 *   onStart: (run) => experiments.reportPhotosTraining(run, told).callbacks(),
 * });
 * ```
 */
export function reportPhotosTraining(run: StartingPhotos, reporter: Reporter): TrainingReport<TrainedPhotos> {
  return new PhotosTrainingReport(reporter, run);
}

class PhotosTrainingReport extends TrainingReport<TrainedPhotos> {
  /** The part of the training under way. */
  private part: "head" | "whole" = "whole";

  constructor(reporter: Reporter, start: StartingPhotos) {
    super(reporter, start.folder);
    const { config, folder, resumed, classes, images, choices, leftOut } = start;
    reporter.event({
      event: "start",
      run: folder,
      resumed,
      ...config,
      classes,
      images,
      leftOut: leftOut.length,
    });
    for (const line of choices) reporter.line(line);
    if (leftOut.length > 0) {
      const [first] = leftOut;
      reporter.line(
        `left out: ${formatCount(leftOut.length)} ${leftOut.length === 1 ? "file" : "files"} (${first.path}: ${first.reason})`,
      );
      for (const { path, reason } of leftOut) reporter.event({ event: "left out", path, reason });
    }
    reporter.line(`run: ${folder}`);
  }

  callbacks(): Callbacks {
    const { reporter } = this;
    const told: Callbacks = {
      onNote: (text) => this.note(text),
      onPhase: (name) => {
        if (name === "embeddings") this.part = "head";
      },
      onEnd: () => {
        this.part = "whole";
      },
    };
    if (reporter.json)
      return {
        ...told,
        onPoint: (point) => reporter.event({ event: "point", part: this.part, ...asValidation(point) }),
        onCheckpoint: ({ epoch, batch }) =>
          reporter.event({ event: "checkpoint", part: this.part, epoch, batch }),
      };
    const { isTTY: plot } = reporter.terminal;
    const display = new ProgressDisplay(() => reporter.terminal, { plot, heldOut: "validation" });
    return {
      ...told,
      onStart: async (event) => {
        // The head's epochs take milliseconds: a line in the end says it all.
        if (this.part === "head" || event.epochs === 0) return;
        reporter.line(
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
          if (last !== undefined)
            reporter.line(`the head alone: ${last.epoch} epochs, ${pointInWords(last)}`);
        }
        this.stop();
        this.part = "whole";
      },
    };
  }

  override stop(): void {
    super.stop();
    this.display = null;
  }

  end({ outcome, val, test, folder, classes, config, seconds }: TrainedPhotos): void {
    this.stop();
    const { reporter } = this;
    if (outcome === "interrupted") {
      this.sayHowToGoOn();
    } else {
      const judged = test ?? val;
      if (judged !== null) reporter.lines(["", ...this.classTable(judged, classes), ""]);
      if (outcome === "stopped early")
        reporter.line("stopped early: the loss on the validation images fell no more");
      for (const [name, metrics] of [
        ["validation", val],
        ["test", test],
      ] as const)
        if (metrics !== null) reporter.line(`${name}: ${metricsInWords(metrics)}`);
      reporter.line(`report: ${join(folder, "report.html")}`);
      reporter.line(`weights: ${join(folder, "best.safetensors")}`);
    }
    reporter.event({
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
    const images = (of: number) => confusion[of].reduce((sum, count) => sum + count, 0);
    return renderRows(
      [
        ["class", (i) => classes[i], { flexible: true }],
        ["precision", (i) => share(precision[i]), RIGHT],
        ["recall", (i) => share(recall[i]), RIGHT],
        ["images", (i) => String(images(i)), RIGHT],
      ],
      classes.map((_, i) => i),
      this.reporter.style,
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
