/** Images to verify with: the run's own test images, or those that are named. */
import { statSync } from "node:fs";
import { ArgumentError, FileError } from "../../base/errors.ts";
import { datasetNames } from "../../data/dataset_registry.ts";
import { hasImageEnding } from "../../data/folders/image_endings.ts";
import { entriesOf, type WalkReport } from "../../data/folders/walk_folder.ts";
import { openDataset } from "../../data/open_dataset.ts";
import { isPhotosRun, type PhotoSplit, readPhotosRecord } from "../../experiments/photos/photo_config.ts";
import { openPhotos } from "../../experiments/photos/photo_source.ts";
import type { RunInfo } from "../../experiments/runs.ts";
import { fileErrorOf } from "../../io/file_errors.ts";
import { MAX_IMAGE_BYTES } from "../../io/images/decode_image.ts";
import { encodePng } from "../../io/images/encode_png.ts";
import { readRegularFile } from "../../io/regular_file.ts";
import type { Sample } from "./verification.ts";

/** More would take hours and say no more. */
const MOST_IMAGES = 10_000;

export interface SampleRequest {
  /** Files and folders of images; those of the run if there are none. */
  readonly images: readonly string[];
  /** How many are taken, evenly spread; null for all. */
  readonly count: number | null;
  readonly run: RunInfo | null;
}

/**
 * Reads the images.
 *
 * @throws ArgumentError if it is not known which; FileError if there are none, or they cannot be read.
 */
export async function readSamples({ images, count, run }: SampleRequest): Promise<Sample[]> {
  if (images.length > 0) return readFiles(spread(images.flatMap(filesAt), count));
  if (run !== null && isPhotosRun(run.folder)) return readFiles(spread(await heldOut(run.folder), count));
  const data = run?.settings.data;
  if (typeof data === "string" && datasetNames().includes(data)) return imagesOfDataset(data, run, count);
  throw new ArgumentError("the source does not say which images it was tested on", {
    cure: ": name images, or a folder of them, as `images`",
    reason: "no test images",
  });
}

/** The photographs that a run was tested on, else those that its epochs were judged by. */
async function heldOut(folder: string): Promise<string[]> {
  const { config, images } = readPhotosRecord(folder);
  const { photos } = await openPhotos(config.photos);
  const paths = new Map(photos.map(({ name, path }) => [name, path]));
  const of = (part: PhotoSplit) => images.filter(([, , split]) => split === part);
  const chosen = of("test").length > 0 ? of("test") : of("val");
  return chosen.flatMap(([name]) => paths.get(name) ?? []);
}

/** Images of a data set have no files: they are encoded without loss. */
async function imagesOfDataset(name: string, run: RunInfo | null, count: number | null): Promise<Sample[]> {
  const dataDir = run?.settings.dataDir;
  const dataset = await openDataset(name, {
    train: false,
    dataDir: typeof dataDir === "string" ? dataDir : undefined,
  });
  const indices = Array.from({ length: dataset.length }, (_, i) => i);
  return spread(indices, count).map((i) => ({ name: `test:${i}`, bytes: encodePng(dataset.image(i)) }));
}

async function readFiles(paths: readonly string[]): Promise<Sample[]> {
  if (paths.length === 0) throw new FileError("there are no images to verify with");
  const samples: Sample[] = [];
  for (const path of paths) samples.push({ name: path, bytes: await readRegularFile(path, MAX_IMAGE_BYTES) });
  return samples;
}

/** A file itself, or the images of a folder and of those below it. */
function filesAt(path: string): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
  } catch (error) {
    throw fileErrorOf(error, path, "read");
  }
  const report: WalkReport = { unreadable: [], skipped: [] };
  const found: string[] = [];
  const folders = [path];
  for (let folder = folders.shift(); folder !== undefined; folder = folders.shift())
    for (const entry of entriesOf(folder, report)) {
      if (entry.kind === "folder") {
        if (!entry.isLink) folders.push(entry.path);
      } else if (hasImageEnding(entry.name)) found.push(entry.path);
    }
  if (found.length === 0) throw new FileError(`${path} holds no images to verify with`);
  return found;
}

/** At most `count` of a list, evenly spread over it. */
export function spread<T>(all: readonly T[], count: number | null): T[] {
  const most = Math.min(count ?? all.length, all.length, MOST_IMAGES);
  return Array.from({ length: most }, (_, i) => all[Math.floor((i * all.length) / most)]);
}
