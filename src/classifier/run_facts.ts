/** What a run's settings say of its network, if its weights do not say it themselves: runs on the data sets of the chapter. */
import { isPlainObject } from "../base/builtin_kinds.ts";
import { datasetEntry, datasetNames } from "../data/dataset_registry.ts";
import { entry, isKnown } from "../models/registry.ts";
import { type ClassifierFacts, type FactFailure, requireClasses } from "../records/classifier_facts.ts";
import type { Preprocessing } from "../records/preprocessing.ts";

/** What commands do to the images of a data set: resized if the network takes another size, levels from 0 to 1. */
export function preprocessingOfDataset(name: string, resize: number | null): Preprocessing {
  const [channels, height, width] = datasetEntry(name).imageShape;
  return {
    resize: { size: resize === null ? [height, width] : [resize, resize], interpolation: "bilinear" },
    crop: null,
    mean: new Array(channels).fill(0),
    std: new Array(channels).fill(1),
    background: [255, 255, 255],
  };
}

/**
 * What the settings of a run say.
 *
 * @param config - `config.json` of the run.
 * @throws what `fail` makes, for class names that are none.
 */
export function factsOfRun(config: Readonly<Record<string, unknown>>, fail: FactFailure): ClassifierFacts {
  const { classNames, config: settings } = config;
  const classes = Array.isArray(classNames) ? requireClasses(classNames, fail) : undefined;
  const { format, model, data, edition, network, resize } = isPlainObject(settings) ? settings : {};
  const isOfDataset =
    format === "convoyant-run-1" && typeof data === "string" && datasetNames().includes(data);
  if (!isOfDataset || typeof model !== "string" || !isKnown(model)) return { classes };
  const dataset = datasetEntry(data);
  const outputs = entry(model).options.includes("numClasses") ? { numClasses: dataset.classes.length } : {};
  const options = { edition, ...outputs, ...(isPlainObject(network) ? network : {}) };
  const size = Number.isSafeInteger(resize) && (resize as number) > 0 ? (resize as number) : null;
  return {
    architecture: { name: model, options },
    classes: classes ?? dataset.classes,
    preprocessing: preprocessingOfDataset(data, size),
  };
}
