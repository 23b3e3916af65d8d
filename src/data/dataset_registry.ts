/** The data sets that commands and `openDataset` know by name. One entry holds everything about one. */
import { ArgumentError } from "../base/errors.ts";
import { loadedModule } from "../base/open_files.ts";
import { Registry } from "../base/registry.ts";
import type { ClassName } from "../records/class_names.ts";
import type { LocatedData, LocateOptions } from "./fetch/located_data.ts";
import { type DatasetSource, FASHION_MNIST_SOURCE, MNIST_SOURCE } from "./mnist_format.ts";

/** A data set of images with a class for each. */
export interface DatasetEntry {
  /** As on the command line. */
  readonly name: string;
  /** For people. */
  readonly title: string;
  /** Channels, height and width of an image. */
  readonly imageShape: readonly [channels: number, height: number, width: number];
  /** What the classes are called, in the order of the labels. */
  readonly classes: readonly ClassName[];
  /** Mean and standard deviation of each channel over the training images, of values from 0 to 1. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** Who made it, and where it is described. */
  readonly source: string;
  readonly licence: string;
  /**
   * Brings a part of it here: uint8 images [N, C, H, W] and int64 labels [N]. What it finds nowhere it may fetch,
   * if `download` is not false.
   */
  locate(options: LocateOptions): Promise<LocatedData>;
}

type Facts = Pick<DatasetEntry, "mean" | "std" | "source" | "licence">;

function inMnistFormat(files: DatasetSource, facts: Facts): DatasetEntry {
  const { name, title, classes } = files;
  return {
    name,
    title,
    classes,
    imageShape: [1, 28, 28],
    ...facts,
    locate: (options) => locateFiles(files, options),
  };
}

/** Finds the data set as this platform does. */
export async function locateFiles(files: DatasetSource, options: LocateOptions): Promise<LocatedData> {
  const { locateDataset } = await loadedModule(import("#locate_dataset"));
  return locateDataset(files, options);
}

const DATASETS = new Registry<DatasetEntry>("data set", () => [
  inMnistFormat(FASHION_MNIST_SOURCE, {
    mean: [0.286],
    std: [0.353],
    source: "H. Xiao, K. Rasul, R. Vollgraf, Fashion-MNIST, 2017",
    licence: "MIT",
  }),
  inMnistFormat(MNIST_SOURCE, {
    mean: [0.1307],
    std: [0.3081],
    source: "Y. LeCun, C. Cortes, C. Burges, The MNIST database of handwritten digits",
    licence: "CC BY-SA 3.0",
  }),
]);

/**
 * Names of the data sets, the default first.
 *
 * @example
 * ```ts
 * data.datasetNames()[0]; // "fashion-mnist"
 * ```
 */
export function datasetNames(): string[] {
  return DATASETS.names();
}

/**
 * What is known of a data set.
 *
 * @throws ArgumentError for a name that does not exist, with the nearest one that does.
 * @example
 * ```ts
 * data.datasetEntry("mnist").imageShape; // [1, 28, 28]
 * ```
 */
export function datasetEntry(name: string): DatasetEntry {
  return DATASETS.get(name);
}

/**
 * Adds a data set, under whose name commands and `openDataset` know it from then on.
 *
 * @throws ArgumentError for a name that is taken, or facts that do not belong together.
 * @example
 * ```ts no-run
 * data.registerDataset({
 *   name: "tiles",
 *   title: "Tiles",
 *   imageShape: [3, 32, 32],
 *   classes: ["plain", "striped"],
 *   mean: [0.5, 0.5, 0.5],
 *   std: [0.25, 0.25, 0.25],
 *   source: "our own photographs",
 *   licence: "CC0",
 *   locate: async ({ train }) => {
 *     const count = train ? 1000 : 100;
 *     const images = { data: new Uint8Array(count * 3 * 32 * 32), shape: [count, 3, 32, 32], dtype: "uint8" as const };
 *     const labels = { data: new Float64Array(count), shape: [count], dtype: "int64" as const };
 *     return { images, labels, folder: "tiles" };
 *   },
 * });
 * ```
 */
export function registerDataset(entry: DatasetEntry): void {
  const { name, imageShape, classes, mean, std } = entry;
  const [channels] = imageShape;
  if (imageShape.length !== 3 || !imageShape.every((size) => Number.isSafeInteger(size) && size > 0)) {
    throw new ArgumentError(
      `registerDataset: expected \`imageShape\` of ${name} to be [channels, height, width], got [${imageShape.join(", ")}]`,
    );
  }
  if (classes.length === 0) throw new ArgumentError(`registerDataset: expected ${name} to have classes`);
  for (const values of [mean, std]) {
    if (values.length === channels) continue;
    throw new ArgumentError(
      `registerDataset: expected \`mean\` and \`std\` of ${name} for ${channels} channels, got ${values.length} values`,
    );
  }
  DATASETS.add(entry);
}
