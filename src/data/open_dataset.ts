import { ArgumentError, didYouMean } from "../base/errors.ts";
import { checkedIndex } from "./array_batch.ts";
import type { LocatedData, LocateOptions } from "./fetch/locate_dataset.ts";
import { type ClassName, type DatasetSource, FASHION_MNIST, MNIST } from "./mnist_format.ts";

/** One example as it is stored. */
export interface Picture {
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  /** Grey, one byte for each pixel. */
  readonly pixels: Uint8Array;
  /** Its class. */
  readonly label: number;
}

/** One part of a data set, open for looking at. */
export interface OpenDataset extends LocatedData {
  /** Number of pictures. */
  readonly length: number;
  /** @throws IndexError for an example that does not exist. */
  picture(index: number): Picture;
}

export type DatasetName = "fashion-mnist" | "mnist";

const SOURCES: Readonly<Record<DatasetName, DatasetSource>> = {
  "fashion-mnist": FASHION_MNIST,
  mnist: MNIST,
};

/** Names of the data sets that can be opened. */
export const DATASET_NAMES = Object.keys(SOURCES) as DatasetName[];

/**
 * Opens a part of a data set by name: finds it on this machine or fetches it. Node.js only.
 *
 * @throws ArgumentError for an unknown name; FileError where it is damaged or not to be had.
 * @example
 * ```ts no-run
 * const test = await data.openDataset("fashion-mnist", { train: false });
 * const { pixels, label } = test.picture(17);
 * ```
 */
export const openDataset = Object.assign(open, {
  /** Names of the classes of a data set. */
  classes: (name: DatasetName): readonly ClassName[] => sourceOf(name).classes,
});

async function open(name: DatasetName, options: LocateOptions): Promise<OpenDataset> {
  const data = await locate(sourceOf(name), options);
  const [length, , height, width] = data.images.shape;
  const picture = (index: number): Picture => {
    const row = checkedIndex(index, length);
    const pixels = data.images.data.subarray(row * height * width, (row + 1) * height * width) as Uint8Array;
    return { width, height, pixels, label: data.labels.data[row] };
  };
  return { ...data, length, picture };
}

/** Browsers can import this module; only a call needs Node.js. */
export async function locate(source: DatasetSource, options: LocateOptions): Promise<LocatedData> {
  const { locateDataset } = await import("./fetch/locate_dataset.ts");
  return locateDataset(source, options);
}

function sourceOf(name: string): DatasetSource {
  const source = Object.hasOwn(SOURCES, name) ? SOURCES[name as DatasetName] : undefined;
  if (source !== undefined) return source;
  throw new ArgumentError(
    `unknown data set \`${name}\`${didYouMean(name, DATASET_NAMES)} (there are: ${DATASET_NAMES.join(", ")})`,
  );
}
