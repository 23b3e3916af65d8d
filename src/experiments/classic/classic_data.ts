/** Images and labels for pipelines of hand-made features. Node only. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { ArgumentError, didYouMean, FileError } from "../../base/errors.ts";
import { preprocessingOfDataset } from "../../classifier/run_facts.ts";
import type { ArrayBatch } from "../../data/array_batch.ts";
import { datasetEntry, datasetNames } from "../../data/dataset_registry.ts";
import type { ImageFiles } from "../../data/folders/image_files.ts";
import { ImageFolder } from "../../data/folders/image_folder.ts";
import { openDataset } from "../../data/open_dataset.ts";
import { stratifiedSplit } from "../../data/sampling/stratified_split.ts";
import { CenterCrop, Compose, Resize } from "../../data/transforms/index.ts";
import type { ClassName } from "../../records/class_names.ts";
import { type Image, imageOfPlanes } from "../../records/image.ts";
import type { Preprocessing } from "../../records/preprocessing.ts";

/** Images with a class for each. */
export interface LabelledPart {
  readonly images: readonly Image[];
  readonly labels: Int32Array;
}

/** A data set for classic pipelines: all images have one size. */
export interface ClassicData {
  readonly name: string;
  readonly classes: readonly ClassName[];
  readonly train: LabelledPart;
  readonly test: LabelledPart;
  /** What was done to the images, for others like them. */
  readonly preprocessing: Preprocessing;
  /** Files that could not be read and were left out: each with the reason. */
  readonly leftOut: readonly string[];
}

/** What is opened. */
export interface ClassicDataOptions {
  /** A data set's name, or a folder that holds a folder of images for each class, or train/ and test/ with such. */
  readonly data: string;
  readonly dataDir?: string | undefined;
  /** The first images of the training part are taken; null for all. */
  readonly trainSize: number | null;
  /** Whether the training images are left out. */
  readonly testOnly?: boolean;
  /** Side in pixels to which photographs are resized. */
  readonly side: number;
  /** Of the split, if there is no test folder. */
  readonly seed: number;
  readonly onNote?: (text: string) => void;
}

/** Share of a folder's images that is tested on. */
const TEST_SHARE = 0.2;

/**
 * Opens a data set by name, or a folder of photographs.
 *
 * @throws ArgumentError for a training part that is smaller than asked for; FileError for a folder with one class, an
 *   empty class, or data that is damaged or unavailable.
 */
export async function openClassicData(options: ClassicDataOptions): Promise<ClassicData> {
  const { data, trainSize } = options;
  const opened = isFolder(data) ? await openFolders(options) : await openNamed(options);
  if (trainSize === null || options.testOnly) return opened;
  const available = opened.train.images.length;
  if (trainSize > available)
    throw new ArgumentError(`${data} has ${available} training images; ${trainSize} were asked for`);
  const { images, labels } = opened.train;
  return { ...opened, train: { images: images.slice(0, trainSize), labels: labels.slice(0, trainSize) } };
}

/**
 * Whether images are those of a folder, not of a data set that is known by name.
 *
 * @throws ArgumentError if it is neither.
 */
export function isFolder(data: string): boolean {
  if (datasetNames().includes(data)) return false;
  const stats = statSync(data, { throwIfNoEntry: false });
  if (stats?.isDirectory()) return true;
  const known = datasetNames().join(", ");
  const expected = `expected one of the data sets ${known}, or a folder that holds a folder of images for each class`;
  if (stats !== undefined) throw new ArgumentError(`${data} is a file; ${expected}`);
  throw new ArgumentError(
    `there is neither a data set nor a folder ${data}${didYouMean(data, datasetNames())}; ${expected}`,
  );
}

const NO_IMAGES: LabelledPart = { images: [], labels: new Int32Array(0) };

async function openNamed(options: ClassicDataOptions): Promise<ClassicData> {
  const { data, dataDir, testOnly, onNote } = options;
  const { classes } = datasetEntry(data);
  const part = async (train: boolean): Promise<LabelledPart> => {
    const opened = await openDataset(data, { train, dataDir, onProgress: onNote });
    const images = Array.from({ length: opened.length }, (_, i) => opened.image(i));
    return { images, labels: Int32Array.from(images, ({ label }) => label) };
  };
  const train = testOnly ? NO_IMAGES : await part(true);
  const preprocessing = preprocessingOfDataset(data, null);
  return { name: data, classes, train, test: await part(false), preprocessing, leftOut: [] };
}

async function openFolders(options: ClassicDataOptions): Promise<ClassicData> {
  const { data, side, seed, testOnly, trainSize } = options;
  const open = (root: string) =>
    ImageFolder({ root, channels: 3, transform: Compose([Resize(side), CenterCrop(side)]) });
  const [trainFolder, testFolder] = ["train", "test"].map((part) => join(data, part));
  const leftOut: string[] = [];
  if (existsSync(trainFolder) && existsSync(testFolder)) {
    const [training, testing] = [await open(trainFolder), await open(testFolder)];
    if (training.classes.join("\0") !== testing.classes.join("\0")) {
      throw new ArgumentError(
        `${trainFolder} and ${testFolder} have different classes: expected the same folders in both`,
      );
    }
    for (const set of [training, testing]) leftOut.push(...unreadable(set));
    const all = (set: ImageFiles) => partOf(set, Array.from(set.targets.keys()), leftOut);
    const train = testOnly ? NO_IMAGES : await all(training);
    return folderData(options, training.classes, { train, test: await all(testing), leftOut });
  }
  const whole = await open(data);
  leftOut.push(...unreadable(whole));
  const [training, testing] = stratifiedSplit(whole, [1 - TEST_SHARE, TEST_SHARE], { seed });
  if (trainSize !== null && trainSize > training.indices.length)
    throw new ArgumentError(
      `${data} has ${training.indices.length} training images; ${trainSize} were asked for`,
    );
  // What is not asked for need not be decoded.
  const chosen = testOnly ? [] : Array.from(training.indices).slice(0, trainSize ?? undefined);
  const train = await partOf(whole, chosen, leftOut);
  const test = await partOf(whole, Array.from(testing.indices), leftOut);
  return folderData(options, whole.classes, { train, test, leftOut });
}

const unreadable = (set: ImageFiles): string[] =>
  set.unreadable.map(({ path, reason }) => `${path}: ${reason}`);

/** @throws FileError if no image that could be read is left to test on, or of a class to train on. */
function folderData(
  { data, side, testOnly, trainSize }: ClassicDataOptions,
  classes: readonly string[],
  parts: Pick<ClassicData, "train" | "test" | "leftOut">,
): ClassicData {
  const { train, test } = parts;
  const empty = classes.find((_, label) => !train.labels.includes(label));
  if (empty !== undefined && !testOnly && trainSize === null)
    throw new FileError(`${data}: no training image of the class ${empty} can be read`);
  if (test.images.length === 0)
    throw new FileError(`${data}: there is no image to test on that can be read; add images to each class`);
  const preprocessing: Preprocessing = {
    resize: { size: side, interpolation: "bilinear" },
    crop: [side, side],
    mean: [0, 0, 0],
    std: [1, 1, 1],
    background: [255, 255, 255],
  };
  return { name: data, classes, ...parts, preprocessing };
}

/** How many images are decoded at once. */
const AT_ONCE = 64;

/** Images of a folder, decoded; those that cannot be are named in `leftOut`. */
async function partOf(set: ImageFiles, indices: readonly number[], leftOut: string[]): Promise<LabelledPart> {
  const images: Image[] = [];
  const labels: number[] = [];
  const { targets } = set;
  const take = async (some: readonly number[]) => {
    const [batch] = await set.getBatch(some);
    images.push(...imagesOf(batch));
    labels.push(...some.map((i) => targets[i]));
  };
  for (let start = 0; start < indices.length; start += AT_ONCE) {
    const some = indices.slice(start, start + AT_ONCE);
    try {
      await take(some);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      for (const one of some) {
        try {
          await take([one]);
        } catch (reason) {
          if (!(reason instanceof FileError)) throw reason;
          leftOut.push(reason.message);
        }
      }
    }
  }
  return { images, labels: Int32Array.from(labels) };
}

function imagesOf({ data, shape }: ArrayBatch): Image[] {
  const [count, channels, height, width] = shape;
  const of = { width, height, channels: channels as 1 | 3 };
  const bytes = channels * height * width;
  return Array.from({ length: count }, (_, i) => imageOfPlanes(data, i * bytes, of));
}
