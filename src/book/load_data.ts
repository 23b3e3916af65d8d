/** Reading the data set. */
import { bindArguments, signature } from "../base/arguments.ts";
import { type DataLoader, fashionMnist, type LoadersOptions } from "../data/index.ts";

const LOAD = signature("loadDataFashionMnist", [
  "batchSize",
  "resize?",
  "seed?",
  "dataDir?",
  "onProgress?",
  "numWorkers?",
  "download?",
]);

export type LoadDataOptions = Omit<LoadersOptions, "batchSize">;

interface LoadData {
  (batchSize: number, resize?: number | null, options?: LoadDataOptions): Promise<[DataLoader, DataLoader]>;
  (batchSize: number, options?: LoadDataOptions): Promise<[DataLoader, DataLoader]>;
}

/**
 * Brings Fashion-MNIST here, if it is not, and loads it: batches of the training pictures in another order in every
 * epoch, and of the test pictures.
 *
 * Source: "Dive into Deep Learning", section 3.5.3, `load_data_fashion_mnist`.
 *
 * @param batchSize - pictures in a batch.
 * @param resize - length of the pictures' edges; 28 where it is not given.
 * @throws FileError where the data set is not to be had.
 * @example
 * ```ts
 * const [trainIter, testIter] = await book.loadDataFashionMnist(128, { resize: 224 });
 * ```
 */
export const loadDataFashionMnist: LoadData = async (...args: unknown[]) => {
  const { trainLoader, testLoader } = await fashionMnist(bindArguments(LOAD, args) as LoadersOptions);
  return [trainLoader, testLoader];
};
