import { type ArgumentsOf, parameterTable } from "../base/params/arguments.ts";
import type { UrlLike } from "../base/web_types.ts";
import type { Progress } from "../io/fetch/progress.ts";
import type { TranslatedName } from "../records/class_names.ts";
import { DataLoader } from "./data_loader.ts";
import { locateFiles } from "./dataset_registry.ts";
import { type BatchFunction, LabelledImages } from "./labelled_images.ts";
import { type DatasetSource, FASHION_MNIST_SOURCE, MNIST_SOURCE } from "./mnist_format.ts";
import { Compose, Resize, ToTensor, type Transform } from "./transforms/index.ts";

export interface MnistOptions {
  /** A folder to look in first, and to put fetched files into. Without one: CONVOYANT_DATA, else the cache. */
  root?: string;
  /** The training images, else the test images. @default true */
  train?: boolean;
  /** What is done to the images: float32 from 0 to 1, or nothing (null: uint8 from 0 to 255). @default ToTensor() */
  transform?: Transform | BatchFunction | null;
  /** Turns every label into another, once, when the data set is opened; null for none. @default null */
  targetTransform?: ((label: number) => number) | null;
  /** Whether files that are not on this machine may be fetched. @default true */
  download?: boolean;
  /** Called with what is being fetched; nothing by default. */
  onProgress?: Progress;
  /** The folder on the web that holds the four files; by default the publishers'. A page needs it. */
  url?: string | UrlLike;
}

/** The parameters of a data set, in PyTorch's order. */
const datasetTable = (name: string, source: DatasetSource) =>
  parameterTable<MnistOptions>(name)(
    ["root?", "train?", "transform?", "targetTransform?", "download?", "onProgress?", "url?"],
    async (
      root,
      train = true,
      transform = ToTensor(),
      targetTransform = null,
      download = true,
      onProgress,
      url,
    ): Promise<LabelledImages> => {
      const { images, labels } = await locateFiles(source, {
        train,
        download,
        dataDir: root,
        onProgress,
        url,
      });
      if (targetTransform !== null)
        labels.data = Float64Array.from(labels.data, (label) => targetTransform(label));
      return new LabelledImages(images, labels, { transform, classes: source.classes.map(({ en }) => en) });
    },
  );

/** A data set's factory. */
export type MnistFactory = (...args: ArgumentsOf<ReturnType<typeof datasetTable>>) => Promise<LabelledImages>;

function datasetFactory(name: string, source: DatasetSource): MnistFactory {
  const table = datasetTable(name, source);
  return async (...args) => table.bind(args);
}

/**
 * Fashion-MNIST (torchvision.datasets.FashionMNIST): 60,000 training and 10,000 test images of clothes,
 * 28 x 28 grey, 10 classes. Looked for in `root`, the cache and the distribution's folder, then fetched.
 *
 * Source: H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine
 * learning algorithms", 2017.
 *
 * @throws FileError if a file is damaged, or if the data is unavailable (lists what was tried).
 * @example
 * ```ts no-run
 * const test = await data.FashionMNIST({ train: false });
 * const loader = data.DataLoader(test, { batchSize: 256 });
 * ```
 */
export const FashionMNIST = datasetFactory("FashionMNIST", FASHION_MNIST_SOURCE);

/**
 * MNIST (torchvision.datasets.MNIST): 70,000 handwritten digits, 28 x 28 grey. See {@link FashionMNIST}.
 *
 * Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits".
 *
 * @example
 * ```ts no-run
 * const training = await data.MNIST({ root: "data/mnist" });
 * ```
 */
export const MNIST = datasetFactory("MNIST", MNIST_SOURCE);

export interface LoadersOptions {
  /** Examples in a batch. @default 256 */
  batchSize?: number;
  /** Length of the images' edges in pixels after resizing; null for as they are, 28. @default null */
  resize?: number | null;
  /** Of the training images' order; without one every epoch draws a seed from the generator of `manualSeed`. */
  seed?: number;
  /** A folder to look in first, and to put fetched files into; by default CONVOYANT_DATA, else the cache. */
  dataDir?: string;
  /** Called with what is being fetched; nothing by default. */
  onProgress?: Progress;
  /** Workers that build batches; by default one if images are resized. */
  numWorkers?: number;
  /** Whether files that are not on this machine may be fetched. @default true */
  download?: boolean;
  /** The folder on the web that holds the four files; by default the publishers'. A page needs it. */
  url?: string | UrlLike;
}

/** Both loaders, and what the classes are called. */
export interface MnistLoaders {
  /** The training images, in another order in every epoch. */
  trainLoader: DataLoader;
  /** The test images. */
  testLoader: DataLoader;
  /** What the classes are called. */
  classes: readonly TranslatedName[];
}

const loadersTable = (name: string, source: DatasetSource) =>
  parameterTable<LoadersOptions>(name)(
    ["batchSize?", "resize?", "seed?", "dataDir?", "onProgress?", "numWorkers?", "download?", "url?"],
    async (
      batchSize = 256,
      resize = null,
      seed,
      dataDir,
      onProgress,
      numWorkers,
      download = true,
      url,
    ): Promise<MnistLoaders> => {
      const transform = resize === null ? ToTensor() : Compose([Resize([resize, resize]), ToTensor()]);
      const open = datasetFactory(name, source);
      const shared = { root: dataDir, transform, download, onProgress, url } as MnistOptions;
      const loading = { batchSize, seed, numWorkers } as { batchSize: number };
      const training = await open({ ...shared, train: true });
      const test = await open({ ...shared, train: false });
      return {
        trainLoader: DataLoader(training, { ...loading, shuffle: true }),
        testLoader: DataLoader(test, loading),
        classes: source.classes,
      };
    },
  );

function loadersFactory(name: string, source: DatasetSource) {
  const table = loadersTable(name, source);
  return async (...args: ArgumentsOf<typeof table>): Promise<MnistLoaders> => table.bind(args);
}

/**
 * Fashion-MNIST as two loaders, the training images in another order in every epoch: the book's
 * `load_data_fashion_mnist`.
 *
 * @throws FileError if the data is unavailable (lists what was tried).
 * @example
 * ```ts no-run
 * const { trainLoader, testLoader, classes } = await data.fashionMnistLoaders({ batchSize: 128, resize: 224 });
 * ```
 */
export const fashionMnistLoaders = loadersFactory("fashionMnistLoaders", FASHION_MNIST_SOURCE);

/**
 * MNIST as two loaders; see {@link fashionMnistLoaders}.
 *
 * @example
 * ```ts no-run
 * const { trainLoader, testLoader } = await data.mnistLoaders({ batchSize: 128 });
 * ```
 */
export const mnistLoaders = loadersFactory("mnistLoaders", MNIST_SOURCE);
