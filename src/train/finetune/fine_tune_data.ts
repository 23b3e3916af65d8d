/** The data of a fine-tuning as loaders, with its classes and its loss. */
import { ArgumentError } from "../../base/errors.ts";
import { shownValue } from "../../base/shown_value.ts";
import { DataLoader } from "../../data/data_loader.ts";
import { ConcatDataset, Dataset, Subset } from "../../data/dataset.ts";
import { knownLabels } from "../../data/sampling/stratified_split.ts";
import { classWeights as balancedWeights } from "../../data/sampling/weighted_sampler.ts";
import { tensor } from "../../tensor/creation.ts";
import { crossEntropy } from "../../tensor/functions/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { BatchSource, Loader, LossFunction } from "../loop/fit_options.ts";
import { asLoader, requireAnew } from "../loop/loaders.ts";
import type { FineTuneData, FineTuneOptions } from "./fine_tune_options.ts";

/** Loaders and classes of a fine-tuning. */
export interface TuningData {
  readonly trainLoader: Loader;
  readonly testLoader: Loader | null;
  readonly plainLoader: Loader;
  readonly numClasses: number;
  readonly classNames: FineTuneOptions["classNames"];
}

/** @throws ArgumentError if the number of classes is not known, or something is not a data set or a loader. */
export function tuningData(options: FineTuneOptions): TuningData {
  const { data, batchSize = 32, mix = null } = options;
  if (typeof data !== "object" || data === null || data.train === undefined) {
    throw new ArgumentError(
      `fineTune: expected \`data\` to be { train, test, numClasses }, got ${shownValue(data)}`,
    );
  }
  if (mix !== null && !(data.train instanceof Dataset)) {
    throw new ArgumentError(
      "fineTune: `mix` is for a data set as `data.train`; give the mixes to the loader: DataLoader(dataset, { mix })",
    );
  }
  const { train, test = null, plain = null } = data;
  const inOrder = (source: Dataset | BatchSource, name: string) =>
    source instanceof Dataset ? DataLoader(source, { batchSize }) : asLoader(source, `data.${name}`);
  const trainLoader =
    train instanceof Dataset
      ? DataLoader(train, { batchSize, shuffle: true, mix })
      : asLoader(train, "data.train");
  const { epochs, freezeEpochs = 1, embeddingViews = 1 } = options;
  // A loader that serves both is walked for the embeddings too.
  requireAnew(trainLoader, "data.train", epochs + (plain === null && freezeEpochs > 0 ? embeddingViews : 0));
  const testLoader = test === null ? null : inOrder(test, "test");
  if (testLoader !== null) requireAnew(testLoader, "data.test", epochs + (freezeEpochs > 0 ? 1 : 0));
  const names = classesOfData(data);
  return {
    trainLoader,
    testLoader,
    plainLoader: inOrder(plain ?? train, plain === null ? "train" : "plain"),
    numClasses: numClassesOf(data.numClasses ?? options.classNames?.length ?? names?.length),
    classNames: options.classNames ?? names,
  };
}

function numClassesOf(given: unknown): number {
  if (Number.isSafeInteger(given) && (given as number) >= 2) return given as number;
  throw new ArgumentError(
    given === undefined
      ? "fineTune: the number of classes is not known; give it as `data.numClasses`, or a data set with `classes`"
      : `fineTune: expected the number of classes (\`data.numClasses\`) to be an integer of at least 2, got ${shownValue(given)}`,
  );
}

function datasetOf(source: Dataset | BatchSource): Dataset | undefined {
  if (source instanceof Dataset) return source;
  const { dataset } = source as { dataset?: unknown };
  return dataset instanceof Dataset ? dataset : undefined;
}

/** Names of the classes of a data set, if it or what it is a part of has some. */
function classesOfData({ train }: FineTuneData): readonly string[] | undefined {
  let dataset = datasetOf(train);
  while (dataset instanceof Subset || dataset instanceof ConcatDataset)
    dataset = dataset instanceof Subset ? dataset.dataset : dataset.datasets[0];
  const { classes } = (dataset ?? {}) as { classes?: unknown };
  return Array.isArray(classes) ? classes : undefined;
}

/** Cross-entropy with smoothed labels and factors for the classes; undefined for the plain one. */
export function tuningLoss(
  { data, labelSmoothing = 0, classWeights = null }: FineTuneOptions,
  numClasses: number,
): LossFunction | undefined {
  if (classWeights === null && labelSmoothing === 0) return undefined;
  if (classWeights === null) return (output, target) => crossEntropy(output, target, { labelSmoothing });
  const weight = weightTensor(data, classWeights, numClasses);
  // The mean over examples, which batches in slices need: `crossEntropy` would divide by the sum of the factors.
  return (output, target) =>
    crossEntropy(output, target, { weight, labelSmoothing, reduction: "none" }).mean();
}

function weightTensor(data: FineTuneData, given: "balanced" | readonly number[], numClasses: number): Tensor {
  const weights = given === "balanced" ? balancedWeights(countsOf(data, numClasses)) : given;
  const fits = Array.isArray(weights) && weights.length === numClasses;
  if (!fits || !weights.every((weight) => Number.isFinite(weight) && weight >= 0)) {
    throw new ArgumentError(
      `fineTune: expected \`classWeights\` to be "balanced" or ${numClasses} numbers of at least 0, one for each class, got ` +
        shownValue(given),
    );
  }
  return tensor([...weights]);
}

function countsOf({ train }: FineTuneData, numClasses: number): number[] {
  const dataset = datasetOf(train);
  const labels = dataset && knownLabels(dataset);
  if (labels === undefined) {
    throw new ArgumentError(
      'fineTune: classWeights: "balanced" needs a data set whose labels are known; give the factors: data.classWeights(counts)',
    );
  }
  const counts = new Array<number>(numClasses).fill(0);
  for (let i = 0; i < labels.length; i++) if (labels[i] < numClasses) counts[labels[i]]++;
  return counts;
}
