import { type Image, imageOfPlanes } from "../records/image.ts";
import { checkedIndex } from "./array_batch.ts";
import { datasetEntry } from "./dataset_registry.ts";
import type { LocatedData, LocateOptions } from "./fetch/located_data.ts";

/** One example as it is stored. */
export interface LabelledImage extends Image {
  /** Its class. */
  readonly label: number;
}

/** One part of a data set, open for looking at. */
export interface OpenDataset extends LocatedData {
  /** Number of images. */
  readonly length: number;
  /** @throws IndexError for an example that does not exist. */
  image(index: number): LabelledImage;
}

/**
 * Opens a part of a data set by name: finds it on this machine or fetches it. Node.js only.
 *
 * @throws ArgumentError for an unknown name; FileError when it is damaged or nowhere to be found.
 * @example
 * ```ts no-run
 * const test = await data.openDataset("fashion-mnist", { train: false });
 * const { width, height, label } = test.image(17);
 * ```
 */
export async function openDataset(name: string, options: LocateOptions): Promise<OpenDataset> {
  const data = await datasetEntry(name).locate(options);
  const { images, labels } = data;
  const image = (index: number): LabelledImage => {
    const row = checkedIndex(index, images.shape[0]);
    return { ...shownExample(images.data, images.shape, row), label: Number(labels.data[row]) };
  };
  return { ...data, length: images.shape[0], image };
}

/** An example [C, H, W] of bytes as an image; of a number of channels that no image has, the first as grey. */
function shownExample(data: ArrayLike<number>, shape: readonly number[], row: number): Image {
  const [, channels, height, width] = shape;
  const shown = channels === 3 || channels === 4 ? channels : 1;
  return imageOfPlanes(data, row * channels * height * width, { width, height, channels: shown });
}
