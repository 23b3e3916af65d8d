/** What `fineTune` takes and gives. */
import type { Dataset } from "../../data/dataset.ts";
import type { BatchMix } from "../../data/transforms/calls/mixing.ts";
import type { BatchSource, FitOptions, FitResult } from "../loop/fit_options.ts";
import type { ClassificationMetrics } from "../metrics/classification_metrics.ts";

/** What a network is fine-tuned on. */
export interface FineTuneData {
  /**
   * Images and labels to train on: a data set, or a loader, for a batch size, an order and mixes of your own.
   */
  readonly train: Dataset | BatchSource;
  /** Images and labels to test on after each epoch; no test by default. */
  readonly test?: Dataset | BatchSource | null;
  /**
   * The training images as the frozen backbone is to see them: the same ones without augmentation. `train` itself by
   * default.
   */
  readonly plain?: Dataset | BatchSource | null;
  /** Number of classes; by default the number of the data set's `classes`. */
  readonly numClasses?: number;
}

/** Options of `fit` that `fineTune` passes on. */
export type FineTuneFitOptions = Pick<
  FitOptions,
  | "precision"
  | "microBatch"
  | "earlyStopping"
  | "clipGradNorm"
  | "metrics"
  | "pointsPerEpoch"
  | "monitor"
  | "out"
  | "resume"
  | "name"
  | "classNames"
  | "settings"
  | "checkpointSeconds"
  | "signal"
  | "progress"
  | "callbacks"
>;

/** What `fineTune` takes. */
export interface FineTuneOptions extends FineTuneFitOptions {
  /** What to train and to test on. */
  readonly data: FineTuneData;
  /** Epochs of the whole network, after those of the head; 0 trains the head alone. */
  readonly epochs: number;
  /**
   * Epochs of the head alone, on embeddings that are computed once: cheap, so that many are made. 0: the whole network is
   * trained from the start. @default 40
   */
  readonly freezeEpochs?: number;
  /**
   * Highest learning rate of the head alone. Of the whole network it is baseLr / 2 for the head and less for the layers
   * below. @default 2e-3
   */
  readonly baseLr?: number;
  /** How many times smaller the rate of the lowest group of layers is than the head's. @default 100 */
  readonly lrMult?: number;
  /** Groups of layers with rates of their own, the head among them. @default 3 */
  readonly layerGroups?: number;
  /** Of AdamW, for the head alone and the whole network. @default 0.01 */
  readonly weightDecay?: number;
  /** Share of the steps in which the rate rises. @default 0.3 */
  readonly pctStart?: number;
  /** The first rate of the whole network is its highest / div. @default 5 */
  readonly div?: number;
  /**
   * `"all"`: the whole network at once; `"gradual"`: one more group of layers with each epoch, from the head down.
   * @default "all"
   */
  readonly unfreeze?: "all" | "gradual";
  /**
   * Running statistics of batch norm in the whole network: `"train"` moves them and normalises by the batch's, `"eval"`
   * keeps the pretrained ones, for small batches and few images. @default "eval"
   */
  readonly batchNorm?: "train" | "eval";
  /** Decay of a moving average (EMA) of the whole network's weights, which are the network's in the end; null for none. @default null */
  readonly ema?: number | null;
  /**
   * Where the network ends between its weights before the whole network was trained and those after it (or their average
   * with `ema`): before + interpolate (after - before). Between 0.3 and 0.7 it often classifies better than either, since
   * what the pretrained weights know is not given up for a few images. 1: as it was trained. @default 1
   *
   * Source: M. Wortsman et al., "Robust fine-tuning of zero-shot models", 2022 (WiSE-FT).
   */
  readonly interpolate?: number;
  /** Share of each label's probability that is spread evenly over all classes. @default 0 */
  readonly labelSmoothing?: number;
  /**
   * A factor for the loss of each class, or `"balanced"`: all classes count alike, however many images they have. The loss
   * is the mean over the examples of factor times cross-entropy. @default null
   */
  readonly classWeights?: "balanced" | readonly number[] | null;
  /** Images of a batch, for data sets. @default 32 */
  readonly batchSize?: number;
  /** Mixes the images of each batch of the whole network's training, for a data set: MixUp, CutMix. @default null */
  readonly mix?: BatchMix | readonly BatchMix[] | null;
  /**
   * Views of each image from which embeddings are computed: epochs of `data.plain`, or else of `data.train`, worth more than
   * one if these augment. @default 1
   */
  readonly embeddingViews?: number;
  /** Path of the head, such as `fc`; by default the network's last fully connected layer or 1x1 convolution. */
  readonly head?: string | null;
  /** Whether the head is replaced by a new one; without, it must be for as many classes. @default true */
  readonly newHead?: boolean;
}

/** What `fineTune` gives. */
export interface FineTuneResult {
  /** The training of the head on embeddings; null if there was none. */
  readonly frozen: FitResult | null;
  /** The training of the whole network; null if there was none. */
  readonly whole: FitResult | null;
  /** The last test metrics: of the averaged or interpolated weights, if that is what the network ends with. */
  readonly test: ClassificationMetrics | null;
  /** How it ended. */
  readonly outcome: FitResult["outcome"];
  /** Path of the head. */
  readonly head: string;
  /** Highest rates of the groups of layers, from the input to the head. */
  readonly rates: readonly number[];
}
