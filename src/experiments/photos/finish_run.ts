/** The end of a training on photographs: its best weights, metrics, report. */
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomicSync } from "../../io/atomic_file.ts";
import { load } from "../../io/state_dict_bytes.ts";
import type { Module } from "../../nn/index.ts";
import { calibration } from "../../report/calibration.ts";
import { confusionMetrics } from "../../report/confusion.ts";
import type { FineTuneResult } from "../../train/finetune/fine_tune_options.ts";
import { endsWithOthers } from "../../train/finetune/whole_phase.ts";
import { RUN_FILES, RunFolder } from "../../train/runs/run_folder.ts";
import { saveWeights } from "../../train/runs/run_weights.ts";
import type { PhotoSplit, PhotosRecord } from "./photo_config.ts";
import type { PhotoPixels } from "./photo_pixels.ts";
import { type PhotoPredictions, predictPhotos } from "./photo_predictions.ts";
import { writePhotosReport } from "./photo_report.ts";
import type { PhotoSource } from "./photo_source.ts";
import { placesOf } from "./photo_split.ts";

/** Metrics of a network on a part of the photographs. */
export interface PhotoMetrics {
  readonly images: number;
  readonly loss: number;
  readonly accuracy: number;
  /** Expected calibration error. */
  readonly calibrationError: number;
  /** Of each class; null for a class that was never predicted, or that the part has no image of. */
  readonly precision: readonly (number | null)[];
  readonly recall: readonly (number | null)[];
  /** `confusion[truth][predicted]`. */
  readonly confusion: readonly (readonly number[])[];
}

/** A run whose training has ended. */
export interface EndedRun {
  readonly net: Module;
  readonly source: PhotoSource;
  readonly record: PhotosRecord;
  readonly parts: readonly PhotoSplit[];
  readonly folder: string;
  readonly pixels: PhotoPixels;
  readonly tuned: FineTuneResult;
}

/** Keeps the best weights, counts on the parts that were held out, writes the report. */
export async function finishRun(
  ended: EndedRun,
): Promise<{ readonly val: PhotoMetrics | null; readonly test: PhotoMetrics | null }> {
  const { net, record, parts, folder, pixels, tuned } = ended;
  const { config } = record;
  const run = RunFolder.open(folder);
  try {
    // Averaged or interpolated weights are what the network ends with; else the epoch with the smallest loss counts.
    const hasBest = !endsWithOthers(config) && config.epochs > 0 && run.has("best");
    if (hasBest) net.loadStateDict(await load(run.file("best")));
    else await saveWeights(folder, "best", net, config.model ?? "network");
    if (config.epochs === 0 && tuned.frozen !== null) run.rewriteMetrics(tuned.frozen.points);
    const precision = tuned.whole?.precision ?? tuned.frozen?.precision ?? "f32";
    const on = async (part: PhotoSplit) => {
      const places = placesOf(parts, part);
      return places.length === 0 ? null : predictPhotos(net, pixels.plain, places, precision);
    };
    const [val, test] = [await on("val"), await on("test")];
    const results = { val: val && metricsOf(val), test: test && metricsOf(test) };
    writeFileAtomicSync(
      run.file("results"),
      `${JSON.stringify({ weights: RUN_FILES.best, classes: record.classes, ...results }, null, 1)}\n`,
    );
    await writePhotosReport(run, ended, test ?? val, test === null ? "validation" : "test");
    return results;
  } finally {
    run.close();
  }
}

/** Counts. */
export function metricsOf({ metrics, probabilities, truths }: PhotoPredictions): PhotoMetrics {
  const perClass = confusionMetrics(metrics.confusion).classes;
  const known = (value: number) => (Number.isNaN(value) ? null : value);
  return {
    images: metrics.examples,
    loss: metrics.loss,
    accuracy: metrics.accuracy,
    calibrationError: calibration(probabilities, truths).expectedError,
    precision: perClass.map(({ precision }) => known(precision)),
    recall: perClass.map(({ recall }) => known(recall)),
    confusion: metrics.confusion,
  };
}

/** Keeps the file that the network came from, without which its weights are of no use. */
export function keepOnnx(from: string, folder: string): void {
  const kept = join(folder, RUN_FILES.onnx);
  if (from !== kept) copyFileSync(from, kept);
}
