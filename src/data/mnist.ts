import { bindArguments, signature } from "../base/arguments.ts";
import type { UrlLike } from "../base/web_types.ts";
import type { Progress } from "../io/fetch/web_source.ts";
import { DataLoader } from "./data_loader.ts";
import { locateFiles } from "./dataset_registry.ts";
import { type BatchFunction, LabelledImages } from "./labelled_images.ts";
import { type ClassName, type DatasetSource, FASHION_MNIST, MNIST } from "./mnist_format.ts";
import { Compose, Resize, ToTensor, type Transform } from "./transforms/index.ts";

export interface MnistOptions {
  /** A folder to look in first, and to put fetched files into. Default: CONVOYANT_DATA, else the cache. */
  root?: string;
  /** The training pictures, else the test pictures. Default true. */
  train?: boolean;
  /** Default `ToTensor()`: float32 from 0 to 1. null: uint8 from 0 to 255. */
  transform?: Transform | BatchFunction | null;
  /** Turns every label into another, once, when the data set is opened. */
  targetTransform?: ((label: number) => number) | null;
  /** Whether files that are not on this machine may be fetched. Default true. */
  download?: boolean;
  /** Told what is being fetched. */
  onProgress?: Progress;
  /** The folder on the web that holds the four files, in place of the publishers'. A page needs it. */
  url?: string | UrlLike;
}

/** A data set's factory; PyTorch's order by position, the rest by name. */
export interface MnistFactory {
  (options?: MnistOptions): Promise<LabelledImages>;
  (root: string, options?: MnistOptions): Promise<LabelledImages>;
  (root: string, train: boolean, options?: MnistOptions): Promise<LabelledImages>;
}

const PARAMETERS = ["root?", "train?", "transform?", "targetTransform?", "download?", "onProgress?", "url?"];

function datasetFactory(name: string, source: DatasetSource): MnistFactory {
  const of = signature(name, PARAMETERS);
  return (async (...args: unknown[]) => {
    const given = bindArguments(of, args) as MnistOptions;
    const { train = true, download = true, transform = ToTensor(), targetTransform = null } = given;
    const { images, labels } = await locateFiles(source, {
      train,
      download,
      dataDir: given.root,
      onProgress: given.onProgress,
      url: given.url,
    });
    if (targetTransform !== null)
      labels.data = Float64Array.from(labels.data, (label) => targetTransform(label));
    return new LabelledImages(images, labels, { transform, classes: source.classes.map(({ en }) => en) });
  }) as MnistFactory;
}

/**
 * Fashion-MNIST (torchvision.datasets.FashionMNIST): 60,000 training and 10,000 test pictures of clothes,
 * 28 x 28 grey, 10 classes. Looked for in `root`, the cache and the distribution's folder, then fetched.
 *
 * Source: H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine
 * learning algorithms", 2017.
 *
 * @throws FileError where a file is damaged, or where the data is not to be had (lists what was tried).
 * @example
 * ```ts no-run
 * const test = await data.FashionMnist({ train: false });
 * const loader = data.DataLoader(test, { batchSize: 256 });
 * ```
 */
export const FashionMnist = datasetFactory("FashionMnist", FASHION_MNIST);

/**
 * MNIST (torchvision.datasets.MNIST): 70,000 handwritten digits, 28 x 28 grey. See {@link FashionMnist}.
 *
 * Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits".
 *
 * @example
 * ```ts no-run
 * const training = await data.Mnist({ root: "data/mnist" });
 * ```
 */
export const Mnist = datasetFactory("Mnist", MNIST);

export interface LoadersOptions {
  /** Examples in a batch. Default 256. */
  batchSize?: number;
  /** Length of the pictures' edges after resizing; default: as they are, 28. */
  resize?: number | null;
  /** Of the training pictures' order; without one every epoch draws a seed from the generator of `manualSeed`. */
  seed?: number;
  /** A folder to look in first, and to put fetched files into. */
  dataDir?: string;
  /** Told what is being fetched. */
  onProgress?: Progress;
  /** Workers that build batches; by default one where pictures are resized. */
  numWorkers?: number;
  /** Whether files that are not on this machine may be fetched. Default true. */
  download?: boolean;
  /** The folder on the web that holds the four files, in place of the publishers'. A page needs it. */
  url?: string | UrlLike;
}

/** Both loaders, and what the classes are called. */
export interface MnistLoaders {
  /** The training pictures, in another order in every epoch. */
  trainLoader: DataLoader;
  /** The test pictures. */
  testLoader: DataLoader;
  /** What the classes are called. */
  classes: readonly ClassName[];
}

const LOADERS = [
  "batchSize?",
  "resize?",
  "seed?",
  "dataDir?",
  "onProgress?",
  "numWorkers?",
  "download?",
  "url?",
];

function loadersFactory(name: string, source: DatasetSource) {
  const of = signature(name, LOADERS);
  const open = datasetFactory(name, source);
  function loaders(options?: LoadersOptions): Promise<MnistLoaders>;
  function loaders(batchSize: number, options?: LoadersOptions): Promise<MnistLoaders>;
  function loaders(batchSize: number, resize: number, options?: LoadersOptions): Promise<MnistLoaders>;
  async function loaders(...args: unknown[]): Promise<MnistLoaders> {
    const given = bindArguments(of, args) as LoadersOptions;
    const { batchSize = 256, resize = null, seed, numWorkers, download, onProgress, url } = given;
    const transform = resize === null ? ToTensor() : Compose([Resize([resize, resize]), ToTensor()]);
    const shared = { root: given.dataDir, transform, download, onProgress, url };
    const loading = { batchSize, seed, numWorkers };
    const training = await open({ ...shared, train: true } as MnistOptions);
    const test = await open({ ...shared, train: false } as MnistOptions);
    return {
      trainLoader: DataLoader(training, { ...loading, shuffle: true } as { batchSize: number }),
      testLoader: DataLoader(test, loading as { batchSize: number }),
      classes: source.classes,
    };
  }
  return loaders;
}

/**
 * Fashion-MNIST as two loaders, the training pictures in another order in every epoch: the book's
 * `load_data_fashion_mnist`.
 *
 * @throws FileError where the data is not to be had (lists what was tried).
 * @example
 * ```ts no-run
 * const { trainLoader, testLoader, classes } = await data.fashionMnist({ batchSize: 128, resize: 224 });
 * ```
 */
export const fashionMnist = loadersFactory("fashionMnist", FASHION_MNIST);

/**
 * MNIST as two loaders; see {@link fashionMnist}.
 *
 * @example
 * ```ts no-run
 * const { trainLoader, testLoader } = await data.mnist({ batchSize: 128 });
 * ```
 */
export const mnist = loadersFactory("mnist", MNIST);
