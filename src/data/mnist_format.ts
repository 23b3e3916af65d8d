/** The data sets in MNIST's format: what their files are called, what they must contain, where they lie. */
import type { TranslatedName } from "../records/class_names.ts";
import type { DataFile } from "../records/data_file.ts";

export interface DataFiles {
  readonly images: DataFile;
  readonly labels: DataFile;
}

export interface DatasetSource {
  /** As on the command line. */
  readonly name: string;
  readonly title: string;
  readonly train: DataFiles;
  readonly test: DataFiles;
  readonly classes: readonly TranslatedName[];
  /** Folders below a data folder in which the files may lie; the first is where fetched ones are put. */
  readonly folders: readonly string[];
  /** Folders in which a distribution's package puts the files. */
  readonly systemFolders: readonly string[];
  /** Where the packed files can be fetched: the name and `.gz` are appended. */
  readonly urls: readonly string[];
  /** Debian's and Ubuntu's package. */
  readonly package: string | null;
}

const IMAGE_BYTES = 28 * 28;

function files(split: "train" | "t10k", count: number, images: string, labels: string): DataFiles {
  return {
    images: { name: `${split}-images-idx3-ubyte`, sha256: images, bytes: 16 + count * IMAGE_BYTES },
    labels: { name: `${split}-labels-idx1-ubyte`, sha256: labels, bytes: 8 + count },
  };
}

export const FASHION_MNIST_SOURCE: DatasetSource = {
  name: "fashion-mnist",
  title: "Fashion-MNIST",
  train: files(
    "train",
    60000,
    "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
  ),
  test: files(
    "t10k",
    10000,
    "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
  ),
  classes: [
    { en: "t-shirt", zh: "T恤" },
    { en: "trouser", zh: "裤子" },
    { en: "pullover", zh: "套衫" },
    { en: "dress", zh: "连衣裙" },
    { en: "coat", zh: "外套" },
    { en: "sandal", zh: "凉鞋" },
    { en: "shirt", zh: "衬衫" },
    { en: "sneaker", zh: "运动鞋" },
    { en: "bag", zh: "包" },
    { en: "ankle boot", zh: "短靴" },
  ],
  folders: ["fashion-mnist", "FashionMNIST/raw", "."],
  systemFolders: ["/usr/share/datasets/fashion-mnist"],
  urls: [
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
  ],
  package: "dataset-fashion-mnist",
};

export const MNIST_SOURCE: DatasetSource = {
  name: "mnist",
  title: "MNIST",
  train: files(
    "train",
    60000,
    "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
  ),
  test: files(
    "t10k",
    10000,
    "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
  ),
  classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"].map((en) => ({ en, zh: en })),
  folders: ["mnist", "MNIST/raw", "."],
  systemFolders: [],
  urls: [
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
  ],
  package: null,
};
