/** Networks with weights from a run or a weights file. */
import { existsSync, statSync } from "node:fs";
import { ArgumentError, didYouMean, FileError, StateDictError } from "../base/errors.ts";
import { networkOfFacts } from "../classifier/load_classifier.ts";
import { datasetEntry, datasetNames } from "../data/dataset_registry.ts";
import { readArraysFile } from "../io/arrays_file.ts";
import { toTensors } from "../io/state_dict_bytes.ts";
import { EDITIONS, entry, names } from "../models/index.ts";
import { isKnown } from "../models/registry.ts";
import type { Module } from "../nn/index.ts";
import { type ClassName, isClassName } from "../records/class_names.ts";
import { type ClassifierFacts, factsInTexts } from "../records/classifier_facts.ts";
import { keepMetadata } from "../records/loaded_metadata.ts";
import { keepClassNames } from "../records/network_classes.ts";
import { keepPreprocessing } from "../records/preprocessing.ts";
import { RUN_FILES, readRunConfig } from "../train/runs/run_folder.ts";
import { weightsOfRun } from "../train/runs/run_weights.ts";
import { isModelFile, networkFromFile } from "./model_file.ts";
import { loadPhotosRun } from "./photos/load_photos_run.ts";
import { isPhotosRun } from "./photos/photo_config.ts";
import {
  configure,
  type GivenSettings,
  hasConfig,
  readConfig,
  type TrainingConfig,
} from "./training_config.ts";
import { makeUntrained } from "./training_parts.ts";

/** What a trained network computes with: the run's settings, or the chapter's. */
export type NetworkSettings = Pick<
  TrainingConfig,
  | "data"
  | "dataDir"
  | "batchSize"
  | "resize"
  | "seed"
  | "engine"
  | "reproducible"
  | "exactConvolutions"
  | "precision"
  | "limitBatches"
>;

export interface LoadedNetwork {
  readonly net: Module;
  /** A registered name, or the file that it came from. */
  readonly model: string;
  readonly settings: NetworkSettings;
  readonly classes: readonly ClassName[];
  /** The file that the weights came from. */
  readonly weights: string;
  /** Of one image as the network got it, [C, H, W]; null if the run did not note it. */
  readonly inputShape: readonly number[] | null;
}

/** What a source reports. */
interface Source {
  readonly path: string;
  readonly isFolder: boolean;
  readonly weights: string;
  /** `config.json` of a run. */
  readonly run: Readonly<Record<string, unknown>>;
  /** The model's name: the run's, or the weights file's. */
  readonly named: string | null;
  /** What the weights themselves say of their network. */
  readonly facts: ClassifierFacts;
}

/**
 * Opens a run's folder (its best weights, else its last) or a weights file.
 *
 * @param model - a registered name, or a module that makes the network; needed when the source names no registered
 *   network.
 * @param given - settings that are not the run's.
 * @throws FileError when there is nothing; StateDictError for weights of another model.
 */
export async function loadNetwork(
  path: string,
  model: string | null,
  given: GivenSettings = {},
): Promise<LoadedNetwork> {
  if (model === null && given.data === undefined && isPhotosRun(path)) return networkOfPhotos(path, given);
  const source = await openSource(path);
  const own = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const configured = source.isFolder && hasConfig(source.run.config);
  // Images of another data set or size are prepared as commands do it.
  const isAsTrained = own.data === undefined && own.resize === undefined;
  const ofOwn = isAsTrained ? source : { ...source, facts: { ...source.facts, preprocessing: undefined } };
  if (model !== null && isModelFile(model)) {
    const net = await networkFromFile(model);
    const settings = configured ? { ...readConfig(path), ...own } : settingsBeside(source, own);
    return finish(net, model, settings, ofOwn);
  }
  const { architecture } = source.facts;
  if (architecture !== undefined && model === null && !configured) {
    const net = await networkOfFacts(
      architecture,
      (message) => new FileError(`${source.weights}: ${message}`),
    );
    const { batchSize } = presetOf(architecture.name);
    return finish(net, architecture.name, settingsBeside(source, { batchSize, ...own }), ofOwn);
  }
  if (!configured && isAsTrained) requireImagesOf(nameOf(model, source), source);
  const config =
    configured && model === null
      ? { ...readConfig(path), ...own }
      : configure(nameOf(model, source), { ...dataOf(source), ...own });
  return finish(makeUntrained(config), config.model, config, ofOwn);
}

/** @throws FileError for weights of a network of colours that do not say of which images: by default those are a data set's. */
function requireImagesOf(model: string, source: Source): void {
  const { data = datasetNames()[0] } = dataOf(source);
  if (source.facts.preprocessing !== undefined) return;
  if (!isKnown(model) || entry(model).inputShape[0] === datasetEntry(data).imageShape[0]) return;
  const what =
    "what its outputs stand for (class names), nor what is done to an image before (preprocessing)";
  throw new FileError(`${source.path} does not say ${what}`, {
    cure: "; train a network with its weights on images of your own with train.fineTune",
    reason: "no classifier",
    facts: { path: source.path, model },
  });
}

/** How the chapter trains such a network; nothing of one that is not registered. */
function presetOf(name: string): { readonly batchSize?: number } {
  return isKnown(name) ? entry(name).presets[EDITIONS[0]] : {};
}

/** A run on photographs; its settings of data are those of no data set. */
async function networkOfPhotos(path: string, given: GivenSettings): Promise<LoadedNetwork> {
  const { net, record, weights } = await loadPhotosRun(path);
  const { config, classes, preprocessing } = record;
  const { batchSize, seed, engine, precision } = { ...config, ...given };
  const side = config.imageSize;
  return {
    net,
    model: config.model ?? "network",
    classes,
    weights,
    settings: {
      data: datasetNames()[0],
      dataDir: null,
      resize: null,
      reproducible: false,
      exactConvolutions: false,
      limitBatches: null,
      batchSize,
      seed,
      engine,
      precision,
    },
    inputShape: [preprocessing.mean.length, side, side],
  };
}

/**
 * Loads weights into a network that is about to be trained.
 *
 * @param path - a weights file or the folder of a run.
 */
export async function loadWeightsInto(net: Module, path: string, model: string): Promise<void> {
  await loadFrom(await openSource(path), net, model);
}

async function finish(
  net: Module,
  model: string,
  settings: NetworkSettings,
  source: Source,
): Promise<LoadedNetwork> {
  await loadFrom(source, net, model);
  net.eval();
  const { classNames } = source.run;
  const known = Array.isArray(classNames) && classNames.every(isClassName) && classNames.length > 0;
  const ofRun = known ? (classNames as ClassName[]) : datasetEntry(settings.data).classes;
  const { classes = ofRun, preprocessing } = source.facts;
  keepClassNames(net, classes);
  if (preprocessing !== undefined) keepPreprocessing(net, preprocessing);
  return { net, model, settings, classes, weights: source.weights, inputShape: inputShapeOf(source) };
}

/** What the run noted of its images, if it is of images; else the size that its preprocessing gives. */
function inputShapeOf({ run: { inputShape }, facts: { preprocessing } }: Source): number[] | null {
  const given = preprocessing?.crop ?? preprocessing?.resize?.size;
  if (preprocessing !== undefined && typeof given === "object") return [preprocessing.mean.length, ...given];
  const isShape = Array.isArray(inputShape) && inputShape.length === 3;
  return isShape && inputShape.every((size) => Number.isSafeInteger(size) && size > 0) ? inputShape : null;
}

async function loadFrom(source: Source, net: Module, model: string): Promise<void> {
  const { tensors, metadata } = await readArraysFile(source.weights);
  try {
    const stateDict = toTensors(tensors);
    keepMetadata(stateDict, metadata);
    net.loadStateDict(stateDict);
  } catch (error) {
    if (!(error instanceof StateDictError)) throw error;
    const holds = modelIn(metadata);
    const named = holds === undefined || holds === model ? "" : ` (it says that it holds ${holds})`;
    throw new StateDictError(`${source.weights} does not fit ${model}${named}: ${error.message}`, {
      cause: error,
    });
  }
}

async function openSource(path: string): Promise<Source> {
  const isFolder = existsSync(path) && statSync(path).isDirectory();
  const weights = isFolder ? weightsOfRun(path) : path;
  const run = isFolder ? readRunConfig(path) : {};
  const { metadata } = await readArraysFile(weights);
  if (metadata.format === "convoyant-checkpoint-1") {
    throw new FileError(
      `${path} is a checkpoint, to go on training with: name the run's folder, or its ${RUN_FILES.best}`,
    );
  }
  const named = typeof run.model === "string" ? run.model : (modelIn(metadata) ?? null);
  const facts = factsInTexts(metadata, (message) => new FileError(`${weights}: ${message}`));
  return { path, isFolder, weights, run, named, facts };
}

/** The model that a header of safetensors names. */
function modelIn({ model }: Readonly<Record<string, unknown>>): string | undefined {
  return typeof model === "string" ? model : undefined;
}

/** The name of the network, which is a registered one. */
function nameOf(model: string | null, { path, named }: Source): string {
  if (model !== null) return model;
  if (named !== null && isKnown(named)) return named;
  const says = named === null ? "does not say which model it belongs to" : `holds the weights of ${named}`;
  const hint = named === null ? "" : didYouMean(named, names());
  const why = named === null ? "" : `, which is not a network that is known by name${hint}`;
  throw new ArgumentError(
    `${path} ${says}${why}: name it with --model, either a name (\`convoyant models\` lists them) or a module that ` +
      "exports a function which makes it (--model ./net.mjs)",
  );
}

/** The data set that a program noted with its run. */
function dataOf({ run }: Source): GivenSettings {
  const { data } = (run.config ?? {}) as { data?: unknown };
  return typeof data === "string" && datasetNames().includes(data) ? { data } : {};
}

/** Settings for a network of which only the file is known: images as large as those that the run trained on. */
function settingsBeside(source: Source, own: GivenSettings): NetworkSettings {
  const data = own.data ?? dataOf(source).data ?? datasetNames()[0];
  const [, height] = datasetEntry(data).imageShape;
  const side = inputShapeOf(source)?.[1] ?? height;
  const {
    batchSize = 128,
    dataDir = null,
    seed = 0,
    engine = "",
    precision = "f32",
    limitBatches = null,
  } = own;
  const { reproducible = false, exactConvolutions = false } = own;
  const resize = own.resize ?? (side === height ? null : side);
  const rounding = { reproducible, exactConvolutions, precision };
  return { data, dataDir, batchSize, resize, seed, engine, ...rounding, limitBatches };
}
