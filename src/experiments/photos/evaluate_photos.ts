/** Metrics of a run on photographs on the images that were held out. */
import { FileError } from "../../base/errors.ts";
import type { Module } from "../../nn/index.ts";
import type { Precision } from "../../train/loop/precision.ts";
import type { ClassificationMetrics } from "../../train/metrics/classification_metrics.ts";
import { changesInWords, isChanged, photoChanges } from "./photo_changes.ts";
import { readPhotosRecord } from "./photo_config.ts";
import { decodePhotos } from "./photo_pixels.ts";
import { predictPhotos } from "./photo_predictions.ts";
import { openPhotosOf } from "./photo_source.ts";

/**
 * Counts on the test images of a run, or if it has none on those that judged its epochs.
 *
 * @throws FileError if none of them is left; ArgumentError if the folder has other classes now.
 */
export async function evaluatePhotos(
  folder: string,
  net: Module,
  precision: Precision,
  onNote: (text: string) => void = () => {},
): Promise<{ readonly data: string; readonly metrics: ClassificationMetrics }> {
  const record = readPhotosRecord(folder);
  const { config, classes, images, preprocessing } = record;
  const source = await openPhotosOf(record);
  const changes = photoChanges(folder, record, source);
  const parts = new Map(images.map(([name, , split]) => [name, split]));
  if (isChanged(changes)) onNote(changesInWords(changes, images.length - changes.removed.length));
  const part = images.some(([, , split]) => split === "test") ? "test" : "val";
  const photos = source.photos.filter(({ name }) => parts.get(name) === part);
  const what = part === "test" ? "test" : "validation";
  if (photos.length === 0)
    throw new FileError(
      `none of the ${what} images of ${folder} is left in ${config.photos}; bring them back, or train a new run`,
    );
  if (part === "val")
    onNote(
      "the run has no test images: these are the images that its epochs were judged by (train with --test-split 0.2 to keep some for the end)",
    );
  const pixels = await decodePhotos(photos, classes, preprocessing, { augment: "none" });
  const places = photos.map((_, i) => i);
  const { metrics } = await predictPhotos(
    net,
    (pixels as NonNullable<typeof pixels>).plain,
    places,
    precision,
  );
  return { data: config.photos, metrics };
}
