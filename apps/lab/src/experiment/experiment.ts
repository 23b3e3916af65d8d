/** An experiment: data, one network or two side by side, and how they are trained. Plain JSON. */
import type { Block } from "./blocks.ts";

/** What a file or an address says that it is. */
export const EXPERIMENT_FORMAT = "convoyant-lab-1";

/** The chapter's networks. */
export const KNOWN_NETWORKS = ["lenet", "bn-lenet", "alexnet", "vgg", "nin", "googlenet"] as const;
export type KnownNetwork = (typeof KNOWN_NETWORKS)[number];

/** As `models` of the library calls them. */
export const ACTIVATIONS = ["sigmoid", "tanh", "relu", "leakyRelu", "elu", "gelu", "silu"] as const;
export type Activation = (typeof ACTIVATIONS)[number];

/** Edges in pixels of the images that a network takes. */
export const IMAGE_SIZES = [28, 32, 48, 64, 96] as const;

/** What can be chosen about one of the chapter's networks. */
export interface KnownOptions {
  /** Share of the chapter's channels and hidden units: 1 is the book's network. */
  readonly width: number;
  /** Edge in pixels of an image. */
  readonly size: number;
  readonly activation: Activation;
  readonly batchNorm: boolean;
  /** Probability with which a hidden dense unit is left out; 0: no dropout. */
  readonly dropout: number;
}

export type NetworkSource =
  | { readonly kind: "known"; readonly name: KnownNetwork; readonly options: KnownOptions }
  | { readonly kind: "blocks"; readonly size: number; readonly blocks: readonly Block[] }
  /** The body of a function of `nn`, `models`, `classes`, `channels`, `size` that returns an `nn.Module`. */
  | { readonly kind: "code"; readonly size: number; readonly code: string };

export type DataSource =
  | { readonly kind: "fashion-mnist"; readonly subset: boolean }
  /** Images of the person's own; they lie in the image store of the browser, or in the experiment's file. */
  | { readonly kind: "images"; readonly classes: readonly string[]; readonly channels: 1 | 3 }
  /** A folder that `convoyant lab <folder>` serves. */
  | {
      readonly kind: "folder";
      readonly name: string;
      readonly classes: readonly string[];
      readonly channels: 1 | 3;
    };

export const OPTIMIZERS = ["sgd", "momentum", "adam"] as const;
export type OptimizerName = (typeof OPTIMIZERS)[number];

export interface Training {
  readonly learningRate: number;
  /** Images in a batch. */
  readonly batchSize: number;
  /** momentum: SGD with momentum 0.9. */
  readonly optimizer: OptimizerName;
  readonly weightDecay: number;
  /** Of the initial weights, the order of the images, and dropout. */
  readonly seed: number;
  /** Times through the training images after which it ends. */
  readonly epochs: number;
}

export interface Experiment {
  readonly format: typeof EXPERIMENT_FORMAT;
  readonly title: string;
  readonly data: DataSource;
  /** One, or two that are trained side by side on the same batches. */
  readonly networks: readonly NetworkSource[];
  readonly training: Training;
}

/** LeNet with ReLU on the subset of Fashion-MNIST: what the Lab opens with. With sigmoid it learns nothing for minutes. */
export const FIRST_EXPERIMENT: Experiment = {
  format: EXPERIMENT_FORMAT,
  title: "LeNet",
  data: { kind: "fashion-mnist", subset: true },
  networks: [
    {
      kind: "known",
      name: "lenet",
      options: { width: 1, size: 28, activation: "relu", batchNorm: false, dropout: 0 },
    },
  ],
  training: {
    learningRate: 0.1,
    batchSize: 64,
    optimizer: "sgd",
    weightDecay: 0,
    seed: 0,
    epochs: 10,
  },
};

export const LIMITS = {
  title: 200,
  classes: 1000,
  classLetters: 100,
  networks: 2,
  blocks: 200,
  codeLetters: 100_000,
  leastSize: 8,
  mostSize: 224,
  leastWidth: 1 / 16,
  mostWidth: 2,
  mostBatch: 4096,
  mostEpochs: 10_000,
} as const;

/** Shape of an image as the networks of an experiment take it. */
export function inputShapeOf(
  { data }: Pick<Experiment, "data">,
  network: NetworkSource,
): readonly [channels: number, height: number, width: number] {
  const size = network.kind === "known" ? network.options.size : network.size;
  return [data.kind === "fashion-mnist" ? 1 : data.channels, size, size];
}

/** How many classes its networks tell apart. */
export function classCountOf({ data }: Pick<Experiment, "data">): number {
  return data.kind === "fashion-mnist" ? 10 : data.classes.length;
}
