/** Reading the data set. */
import { type ArgumentsOf, parameterTable } from "../base/params/arguments.ts";
import { type DataLoader, fashionMnistLoaders, type LoadersOptions } from "../data/index.ts";

/** What `loadDataFashionMnist` takes beside the size of a batch. */
export type LoadDataOptions = Omit<LoadersOptions, "batchSize">;

/** What `loadDataFashionMnist` takes. */
export interface LoadDataParameters extends Omit<LoadersOptions, "batchSize" | "url"> {
  /** Images in a batch. */
  batchSize: number;
}

const LOAD = parameterTable<LoadDataParameters>("loadDataFashionMnist")(
  ["batchSize", "resize?", "seed?", "dataDir?", "onProgress?", "numWorkers?", "download?"],
  (batchSize, resize = null, seed, dataDir, onProgress, numWorkers, download = true) =>
    ({ batchSize, resize, seed, dataDir, onProgress, numWorkers, download }) as LoadersOptions,
);

/**
 * Brings Fashion-MNIST here, if it is not, and loads it: batches of the training images in another order in every
 * epoch, and of the test images.
 *
 * Source: "Dive into Deep Learning", section 3.5.3, `load_data_fashion_mnist`.
 *
 * @param batchSize - images in a batch.
 * @param resize - length of the images' edges; 28 if it is not given.
 * @throws FileError if the data set is unavailable.
 * @example
 * ```ts
 * const [trainIter, testIter] = await book.loadDataFashionMnist(128, { resize: 224 });
 * ```
 */
export const loadDataFashionMnist = async (
  ...args: ArgumentsOf<typeof LOAD>
): Promise<[DataLoader, DataLoader]> => {
  const { trainLoader, testLoader } = await fashionMnistLoaders(LOAD.bind(args));
  return [trainLoader, testLoader];
};
