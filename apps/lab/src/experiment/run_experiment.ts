/** Between an experiment and the settings of a run of the command line (`config.json`). */
import { LabError } from "../worker/problem.ts";
import type { Block } from "./blocks.ts";
import { networkBlocks } from "./check.ts";
import { checkExperiment } from "./check_experiment.ts";
import {
  type Activation,
  EXPERIMENT_FORMAT,
  type Experiment,
  inputShapeOf,
  type KnownNetwork,
  type KnownOptions,
  type NetworkSource,
} from "./experiment.ts";
import { KNOWN_FACTS } from "./known_networks.ts";
import type { Layer } from "./layers.ts";

/** As the command line calls runs on photographs. */
export const PHOTOS_FORMAT = "convoyant-photos-1";

type Settings = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is Settings =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** How the command line calls the networks that the Lab knows, at their full size. */
const NAMES: Readonly<
  Record<string, { readonly name: KnownNetwork; readonly batchNorm: boolean; readonly size: number }>
> = {
  lenet: { name: "lenet", batchNorm: false, size: 28 },
  "bn-lenet": { name: "bn-lenet", batchNorm: true, size: 28 },
  alexnet: { name: "alexnet", batchNorm: false, size: 224 },
  vgg11: { name: "vgg", batchNorm: false, size: 224 },
  "vgg11-bn": { name: "vgg", batchNorm: true, size: 224 },
  nin: { name: "nin", batchNorm: false, size: 224 },
  googlenet: { name: "googlenet", batchNorm: false, size: 96 },
};

/** An edition of the book trains its VGG with a quarter of the channels. */
const WIDTH_OF_VGG = 4;

/**
 * The experiment that a run's `config.json` describes.
 *
 * @throws LabError "bad experiment" for a run that the Lab cannot show.
 */
export function experimentOfRun(file: unknown, title: string): Experiment {
  const config = isRecord(file) && isRecord(file.config) ? file.config : null;
  if (config === null) throw cannotShow("its settings are missing");
  if (config.format !== "convoyant-run-1")
    throw cannotShow(`its settings are of the form ${String(config.format)}`);
  if (config.data !== "fashion-mnist") throw cannotShow(`it was trained on ${String(config.data)}`);
  const network = networkOfRun(config);
  const momentum = Number(config.momentum) > 0;
  return checkExperiment({
    format: EXPERIMENT_FORMAT,
    title,
    data: { kind: "fashion-mnist", subset: false },
    networks: [network],
    training: {
      learningRate: config.lr,
      batchSize: config.batchSize,
      optimizer: config.optimizer === "adam" ? "adam" : momentum ? "momentum" : "sgd",
      weightDecay: config.weightDecay,
      seed: config.seed,
      epochs: Math.max(1, Number(config.epochs)),
    },
  });
}

const cannotShow = (why: string) => new LabError("bad experiment", `the Lab cannot show this run: ${why}`);

function networkOfRun({ model, network, resize, edition }: Settings): NetworkSource {
  const options = isRecord(network) ? network : {};
  if (model === "sequential")
    return { kind: "blocks", size: sizeOf(resize, 28), blocks: blocksOfLayers(options.layers) };
  const known = typeof model === "string" && Object.hasOwn(NAMES, model) ? NAMES[model] : null;
  if (known === null) throw cannotShow(`its network is ${String(model)}`);
  const standard = KNOWN_FACTS[known.name].options;
  const divisor =
    known.name === "vgg" ? Number(options.widthDivisor ?? (edition === undefined ? 1 : WIDTH_OF_VGG)) : 1;
  const chosen: KnownOptions = {
    width: 1 / divisor,
    size: sizeOf(resize, known.size),
    activation: (options.activation as Activation | undefined) ?? standard.activation,
    batchNorm: options.batchNorm === true || known.batchNorm,
    dropout: typeof options.dropout === "number" ? options.dropout : standard.dropout,
  };
  return { kind: "known", name: known.name, options: chosen };
}

const sizeOf = (resize: unknown, usual: number): number => (typeof resize === "number" ? resize : usual);

/** Layers as the library describes them; what comes in is found by the check again. */
export function blocksOfLayers(given: unknown): Block[] {
  const layers: unknown = typeof given === "string" ? JSON.parse(given) : given;
  if (!Array.isArray(layers)) throw cannotShow("its layers are missing");
  return layers.map((layer: Layer) => {
    const {
      type,
      inChannels: _inChannels,
      inFeatures: _inFeatures,
      numFeatures: _numFeatures,
      ...rest
    } = layer;
    if (type === "AdaptiveAvgPool2d")
      return {
        type,
        outputSize: Array.isArray(rest.outputSize) ? rest.outputSize[0] : rest.outputSize,
      } as Block;
    return { type, ...rest } as unknown as Block;
  });
}

/**
 * The settings of the run that is an experiment's training: what `config` of `config.json` holds; null if the command line
 * has none for it (own images, code).
 */
export function runSettings(
  experiment: Experiment,
  network: number,
  layers: readonly Layer[],
): Settings | null {
  const source = experiment.networks[network];
  if (experiment.data.kind !== "fashion-mnist" || networkBlocks(experiment, source) === null) return null;
  const { learningRate, batchSize, optimizer, weightDecay, seed, epochs } = experiment.training;
  const [, size] = inputShapeOf(experiment, source);
  return {
    format: "convoyant-run-1",
    ...modelOf(source, layers),
    data: "fashion-mnist",
    dataDir: null,
    epochs,
    batchSize,
    optimizer: optimizer === "adam" ? "adam" : "sgd",
    lr: learningRate,
    momentum: optimizer === "momentum" ? 0.9 : 0,
    weightDecay,
    resize: size === 28 ? null : size,
    seed,
    engine: "wasm",
    threads: null,
    limitBatches: null,
    edition: "zh",
  };
}

/** The settings of a run on photographs; null for another one. */
export function photosConfigOf(file: unknown): Settings | null {
  const config = isRecord(file) && isRecord(file.config) ? file.config : null;
  return config?.format === PHOTOS_FORMAT ? config : null;
}

/** The book's network by its name if it is that to the last channel, else its layers. */
export function modelOf(
  source: NetworkSource,
  layers: readonly Layer[],
): { model: string; network: Settings } {
  if (source.kind === "known" && source.options.width === 1 && source.options.size === 28) {
    const { activation, batchNorm, dropout } = source.options;
    if (source.name === "lenet") return { model: "lenet", network: { activation, batchNorm, dropout } };
    if (source.name === "bn-lenet" && activation === "sigmoid" && dropout === 0)
      return { model: "bn-lenet", network: {} };
  }
  return { model: "sequential", network: { layers: JSON.stringify(layers) } };
}
