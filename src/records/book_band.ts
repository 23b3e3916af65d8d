/**
 * What 10 epochs of the chapter's networks give: the authors' own runs on one GPU, the median and the 10th to 90th
 * percentile over their published re-executions of "Dive into Deep Learning", chapter 7.
 */

/** A quantity over the authors' runs. */
export interface Band {
  median: number;
  /** 10th percentile. */
  low: number;
  /** 90th percentile. */
  high: number;
}

export interface BookBand {
  model: BookModel;
  /** The name in running text. */
  title: string;
  epochs: number;
  /** How many runs the authors published, and how many of them failed (stuck at 2.303, or NaN). */
  runs: number;
  failedRuns: number;
  trainLoss: Band;
  trainAccuracy: Band;
  testAccuracy: Band;
  /** Median on their GPU. */
  examplesPerSecond: number;
  /** What a reader of the comparison must know. */
  note?: string;
}

export type BookModel = "lenet" | "alexnet" | "vgg11" | "nin" | "googlenet" | "bn-lenet-scratch" | "bn-lenet";

const jumpingTestAccuracy =
  "The test accuracy of this network jumps between epochs, so it is shown but not judged.";

const band = (median: number, low: number, high: number): Band => ({ median, low, high });

/**
 * What the authors' own runs of the chapter's networks gave, in the order of the chapter.
 *
 * @example
 * ```ts
 * book.bookBands.map(({ title }) => title)[0]; // "LeNet"
 * ```
 */
export const bookBands: readonly BookBand[] = [
  {
    model: "lenet",
    title: "LeNet",
    epochs: 10,
    runs: 57,
    failedRuns: 0,
    trainLoss: band(0.468, 0.457, 0.481),
    trainAccuracy: band(0.824, 0.817, 0.829),
    testAccuracy: band(0.807, 0.787, 0.82),
    examplesPerSecond: 83142,
    note: jumpingTestAccuracy,
  },
  {
    model: "alexnet",
    title: "AlexNet",
    epochs: 10,
    runs: 82,
    failedRuns: 0,
    trainLoss: band(0.329, 0.326, 0.331),
    trainAccuracy: band(0.879, 0.878, 0.881),
    testAccuracy: band(0.881, 0.875, 0.884),
    examplesPerSecond: 4145,
  },
  {
    model: "vgg11",
    title: "VGG-11 (channels / 4)",
    epochs: 10,
    runs: 73,
    failedRuns: 0,
    trainLoss: band(0.178, 0.172, 0.181),
    trainAccuracy: band(0.935, 0.933, 0.937),
    testAccuracy: band(0.919, 0.911, 0.923),
    examplesPerSecond: 2553,
  },
  {
    model: "nin",
    title: "NiN",
    epochs: 10,
    runs: 74,
    failedRuns: 13,
    trainLoss: band(0.369, 0.336, 0.583),
    trainAccuracy: band(0.862, 0.783, 0.876),
    testAccuracy: band(0.854, 0.752, 0.877),
    examplesPerSecond: 3200,
    note: "About one run in six fails at lr 0.1 (stuck at 2.303, or NaN), in PyTorch as here; lr 0.05 is the steady choice.",
  },
  {
    model: "googlenet",
    title: "GoogLeNet",
    epochs: 10,
    runs: 51,
    failedRuns: 1,
    trainLoss: band(0.248, 0.24, 0.262),
    trainAccuracy: band(0.905, 0.898, 0.909),
    testAccuracy: band(0.889, 0.874, 0.895),
    examplesPerSecond: 3458,
  },
  {
    model: "bn-lenet-scratch",
    title: "BN-LeNet from scratch",
    epochs: 10,
    runs: 51,
    failedRuns: 0,
    trainLoss: band(0.267, 0.262, 0.273),
    trainAccuracy: band(0.901, 0.899, 0.904),
    testAccuracy: band(0.828, 0.703, 0.873),
    examplesPerSecond: 35045,
    note: jumpingTestAccuracy,
  },
  {
    model: "bn-lenet",
    title: "BN-LeNet",
    epochs: 10,
    runs: 49,
    failedRuns: 0,
    trainLoss: band(0.268, 0.263, 0.275),
    trainAccuracy: band(0.901, 0.898, 0.903),
    testAccuracy: band(0.83, 0.773, 0.871),
    examplesPerSecond: 60849,
    note: jumpingTestAccuracy,
  },
];

/**
 * What the authors' own runs of a network gave: loss, accuracy, speed, and how many of the runs failed.
 *
 * @param model - its name on the command line or in the API ("bn-lenet", "bnLenet").
 * @returns undefined for a network that they did not train.
 * @example
 * ```ts
 * book.bookBand("alexnet")?.testAccuracy.median; // 0.881
 * ```
 */
export function bookBand(model: string): BookBand | undefined {
  const plain = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, "");
  return bookBands.find((entry) => plain(entry.model) === plain(model));
}
