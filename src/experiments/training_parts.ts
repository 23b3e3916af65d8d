/** Network, optimiser, scheduler and loaders, as a configuration describes them. */
import { ArgumentError } from "../base/errors.ts";
import { DataLoader } from "../data/data_loader.ts";
import { type Dataset, randomSplit } from "../data/dataset.ts";
import { type DatasetEntry, datasetEntry } from "../data/dataset_registry.ts";
import { LabelledImages } from "../data/labelled_images.ts";
import { Compose, Resize, ToTensor, type Transform } from "../data/transforms/index.ts";
import { create, entry, initXavier, type NetworkOptions } from "../models/index.ts";
import type { Module } from "../nn/index.ts";
import type { Optimizer } from "../optim/index.ts";
import { optimizerEntry } from "../optim/registry.ts";
import { schedulerEntry } from "../optim/schedulers/registry.ts";
import { type ClassName, shortClassName } from "../records/class_names.ts";
import { crossEntropy, manualSeed } from "../tensor/index.ts";
import type { FitOptions, Loader } from "../train/loop/fit_options.ts";
import { limitBatches } from "../train/loop/loaders.ts";
import { topKAccuracy } from "../train/metrics/metric_functions.ts";
import type { TrainingConfig } from "./training_config.ts";
import type { NetworkSettings } from "./weights.ts";

/** The network of a run, whose weights are about to be loaded: as many outputs as the data set has classes. */
export function makeUntrained({ model, edition, network, data }: TrainingConfig): Module {
  const numClasses = datasetEntry(data).classes.length;
  const outputs = entry(model).options.includes("numClasses") ? { numClasses } : {};
  return create(model, { edition, ...outputs, ...(network as NetworkOptions) });
}

/** The network with the chapter's initial weights, or those of its own that its entry keeps, by the seed. */
export function makeNetwork(config: TrainingConfig): Module {
  manualSeed(config.seed);
  const net = makeUntrained(config);
  return entry(config.model).ownInitialValues ? net : initXavier(net);
}

export function makeOptimizer(
  { optimizer, lr, momentum, weightDecay }: TrainingConfig,
  net: Module,
): Optimizer {
  return optimizerEntry(optimizer).make([...net.parameters()], { lr, momentum, weightDecay });
}

/** `fit`'s options besides loaders and optimiser. */
export function fitSettings(
  config: TrainingConfig,
  optimizer: Optimizer,
  stepsPerEpoch: number,
): Partial<FitOptions> {
  const { scheduler, labelSmoothing, patience, topk } = config;
  const named = scheduler === null ? null : schedulerEntry(scheduler.name);
  return {
    ...(named !== null && {
      scheduler: named.make(optimizer, scheduler?.options ?? {}, stepsPerEpoch),
      schedulerStep: named.per,
    }),
    ...(labelSmoothing > 0 && { loss: (output, target) => crossEntropy(output, target, { labelSmoothing }) }),
    ...(patience !== null && { earlyStopping: { patience } }),
    ...(topk.length > 0 && { metrics: Object.fromEntries(topk.map((k) => [`top${k}`, topKAccuracy(k)])) }),
  };
}

/** The parts of a data set as batches. */
export interface Loaders {
  readonly trainLoader: Loader;
  /** What was kept back of the training set; null when nothing was. */
  readonly valLoader: Loader | null;
  readonly testLoader: Loader;
  readonly classes: readonly ClassName[];
}

/** @param onProgress - called with what is being fetched, when the data is not on this machine yet. */
export async function makeLoaders(
  config: TrainingConfig,
  onProgress: (text: string) => void = () => {},
): Promise<Loaders> {
  const { batchSize, seed, valSplit, limitBatches: limit } = config;
  const set = datasetEntry(config.data);
  const whole = await openImages(set, true, config, onProgress);
  const test = await openImages(set, false, config, onProgress);
  const kept = Math.round(whole.length * valSplit);
  if (valSplit > 0 && (kept === 0 || kept === whole.length)) {
    throw new ArgumentError(
      `${config.data} has ${whole.length} training images: keeping back ${valSplit} of them leaves ${kept} to validate on ` +
        `and ${whole.length - kept} to train on; choose another share`,
    );
  }
  const [training, validation] =
    kept === 0 ? [whole] : randomSplit(whole, [whole.length - kept, kept], { seed });
  const load = (dataset: Dataset, shuffle: boolean): Loader => {
    const loader = DataLoader(dataset, { batchSize, seed, shuffle });
    return limit === null ? loader : limitBatches(loader, limit);
  };
  return {
    trainLoader: load(training, true),
    valLoader: validation === undefined ? null : load(validation, false),
    testLoader: load(test, false),
    classes: set.classes,
  };
}

/** The test set as batches. */
export async function openLoader(
  settings: NetworkSettings,
  onProgress: (text: string) => void = () => {},
): Promise<Loader> {
  const { batchSize, seed, limitBatches: limit } = settings;
  const images = await openImages(datasetEntry(settings.data), false, settings, onProgress);
  const loader = DataLoader(images, { batchSize, seed });
  return limit === null ? loader : limitBatches(loader, limit);
}

/**
 * The images of one part of a data set, as a network takes them.
 *
 * @param augmentations - random changes before they become numbers, for images of a side in pixels.
 */
export async function openImages(
  set: DatasetEntry,
  train: boolean,
  { resize, dataDir }: Pick<TrainingConfig, "resize" | "dataDir">,
  onProgress: (text: string) => void,
  augmentations: readonly ((side: number) => Transform)[] = [],
): Promise<LabelledImages> {
  const { images, labels } = await set.locate({ train, dataDir: dataDir ?? undefined, onProgress });
  const sized = resize === null ? [] : [Resize([resize, resize])];
  const side = resize ?? images.shape[images.shape.length - 1];
  const transforms = [...sized, ...augmentations.map((make) => make(side)), ToTensor()];
  const transform = transforms.length === 1 ? transforms[0] : Compose(transforms);
  return new LabelledImages(images, labels, {
    transform,
    classes: set.classes.map((_, i) => shortClassName(set.classes, i)),
  });
}
