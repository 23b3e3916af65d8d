/** The network that is trained on photographs, with its weights and what is done to an image before. */
import { existsSync, statSync } from "node:fs";
import { totalmem } from "node:os";
import { resolve } from "node:path";
import { ArgumentError, FileError, StateDictError } from "../../base/errors.ts";
import { networkOfFacts } from "../../classifier/load_classifier.ts";
import { readArraysFile } from "../../io/arrays_file.ts";
import { toTensors } from "../../io/state_dict_bytes.ts";
import { create, entry, type NetworkOptions, names } from "../../models/index.ts";
import type { Module } from "../../nn/index.ts";
import { factsInTexts } from "../../records/classifier_facts.ts";
import { keepMetadata } from "../../records/loaded_metadata.ts";
import { architectureOf, keepArchitecture } from "../../records/network_architecture.ts";
import { keepClassNames } from "../../records/network_classes.ts";
import { keepPreprocessing, type Preprocessing, preprocessingOf } from "../../records/preprocessing.ts";
import { formatBytes } from "../../report/number_text.ts";
import { classesOf, headsOf, renewHead } from "../../train/finetune/heads.ts";
import { loadNetwork } from "../weights.ts";
import { onnxClassifier } from "./onnx_backbone.ts";
import type { PhotosConfig } from "./photo_config.ts";
import { shortList } from "./photo_words.ts";

/** A network with the weights that training begins with. */
export interface StartNetwork {
  readonly net: Module;
  /** As `--from` has it, in its full form. */
  readonly from: string;
  readonly model: string | null;
  readonly initial: PhotosConfig["initial"];
  readonly preprocessing: Preprocessing;
}

/** What a network is chosen by. */
export interface NetworkRequest {
  /** A registered name, "scratch", a file of weights, an ONNX file, the folder of a run; null for the default. */
  readonly from: string | null;
  /** The registered name of the network, if the file does not say it, or of one that is trained from scratch. */
  readonly model: string | null;
  readonly imageSize: number | null;
  readonly classes: number;
  readonly onNote?: ((text: string) => void) | undefined;
}

/** The backbone without which nothing is asked for, and the network that is trained if its weights are unavailable. */
export const DEFAULT_BACKBONE = "efficientnet-lite0";
export const DEFAULT_SCRATCH = "resnet18";

/** Pixels of a side with weights of ImageNet, and of a network that is trained from scratch. */
const [PRETRAINED_SIZE, SCRATCH_SIZE] = [224, 96];

/** @throws FileError, ArgumentError, StateDictError for a source that is not one, or weights that do not fit. */
export async function startNetwork(request: NetworkRequest): Promise<StartNetwork> {
  const { from, model, onNote } = request;
  if (from === null) return defaultNetwork(request);
  if (from === "scratch") return scratchNetwork(request);
  const named = registeredName(from);
  if (named !== null) return publishedNetwork(named, request);
  if (!existsSync(from)) {
    throw new ArgumentError(
      `--from ${from}: it is neither a network that is known by name, nor a file, nor the folder of a run; networks with ` +
        `weights of ImageNet: ${shortList(imagenetNames(), 20)}`,
    );
  }
  if (statSync(from).isDirectory()) return runNetwork(from, request);
  requireRoom(from);
  if (/\.onnx$/i.test(from)) return onnxNetwork(from, request);
  const started = await weightsNetwork(from, model, request);
  const [head] = headsOf("train", started.net);
  if (classesOf(head) !== request.classes)
    onNote?.(
      `${from} is for ${classesOf(head)} classes, and the photographs have ${request.classes}: its last layer (${head.path}) is replaced by a new one`,
    );
  newHead(started.net, request.classes);
  return started;
}

/** "efficientnet_lite0" and "efficientnet-lite0" are the same name. */
function registeredName(from: string): string | null {
  const dashed = from.replaceAll("_", "-");
  return names().includes(dashed) ? dashed : null;
}

/** Names of networks of colour photographs. */
function imagenetNames(): string[] {
  return names().filter((name) => entry(name).inputShape[0] === 3);
}

async function defaultNetwork(request: NetworkRequest): Promise<StartNetwork> {
  try {
    return await publishedNetwork(request.model ?? DEFAULT_BACKBONE, request);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    request.onNote?.(
      `weights of ImageNet are not available, so that ${request.model ?? DEFAULT_SCRATCH} is trained from scratch (expect less, and give it more images): ${oneLine(error.message)}`,
    );
    return scratchNetwork(request);
  }
}

/** A note is a line. */
function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, " ");
}

async function publishedNetwork(
  model: string,
  { imageSize, classes }: NetworkRequest,
): Promise<StartNetwork> {
  requireColour(model);
  // The entry passes on what its call takes besides.
  const options = { numClasses: classes, weights: "DEFAULT", strict: false } as NetworkOptions;
  const net = await (entry(model).make(options) as unknown as Promise<Module>);
  const preprocessing = sized(preprocessingOf(net) as Preprocessing, imageSize);
  return { net, from: model, model, initial: "imagenet", preprocessing };
}

function scratchNetwork({ model, imageSize, classes }: NetworkRequest): StartNetwork {
  const name = model ?? DEFAULT_SCRATCH;
  requireColour(name);
  const net = create(name, { numClasses: classes });
  const side = imageSize ?? SCRATCH_SIZE;
  const preprocessing = sized(usualPreprocessing([0.5, 0.5, 0.5], [0.5, 0.5, 0.5]), side);
  return { net, from: "scratch", model: name, initial: "random", preprocessing };
}

function requireColour(model: string): void {
  const [channels] = entry(model).inputShape;
  if (channels === 3) return;
  throw new ArgumentError(
    `${model} takes images of one channel, and photographs have three: choose one of ${shortList(imagenetNames(), 20)}`,
  );
}

async function runNetwork(
  from: string,
  { model, imageSize, classes }: NetworkRequest,
): Promise<StartNetwork> {
  const loaded = await loadNetwork(from, model);
  const preprocessing = preprocessingOf(loaded.net);
  if (preprocessing === undefined)
    throw new ArgumentError(
      `--from ${from}: the run does not say what is done to an image before its network sees it (it is one of ${loaded.settings.data}); ` +
        "start from a run on photographs, or from a network of ImageNet",
    );
  newHead(loaded.net, classes);
  return {
    net: loaded.net,
    from: resolve(from),
    model: names().includes(loaded.model) ? loaded.model : null,
    initial: "run",
    preprocessing: sized(preprocessing, imageSize),
  };
}

async function onnxNetwork(from: string, { imageSize, classes }: NetworkRequest): Promise<StartNetwork> {
  const { net, side, preprocessing: own } = await onnxClassifier(from, classes);
  if (imageSize !== null && side !== null && side !== imageSize)
    throw new ArgumentError(
      `--resize ${imageSize}: ${from} takes images of ${side} pixels a side; leave --resize out`,
    );
  const preprocessing = sized(own ?? usualPreprocessing(), side ?? imageSize);
  return { net, from: resolve(from), model: null, initial: "onnx", preprocessing };
}

async function weightsNetwork(
  from: string,
  given: string | null,
  { imageSize }: NetworkRequest,
): Promise<StartNetwork> {
  const { tensors, metadata } = await readArraysFile(from);
  const fail = (message: string) => new FileError(`--from ${from}: ${message}`);
  const facts = factsInTexts(metadata, fail);
  const stated = facts.architecture?.name ?? metadata.model;
  const model = given ?? (typeof stated === "string" && names().includes(stated) ? stated : null);
  // What a classifier file says of its network is all of it; a name that is given comes first.
  const described = given === null ? facts.architecture : undefined;
  if (model === null && described === undefined) {
    throw new ArgumentError(
      `--from ${from}: it does not say which network its weights belong to; name it with --model, such as --model resnet18 (networks ` +
        `of photographs: ${shortList(imagenetNames(), 20)})`,
    );
  }
  if (model !== null) requireColour(model);
  const net = described === undefined ? create(model as string) : await networkOfFacts(described, fail);
  const stateDict = toTensors(tensors);
  keepMetadata(stateDict, metadata);
  const { missingKeys } = net.loadStateDict(stateDict, { strict: false });
  const heads = headsOf("train", net);
  const others = missingKeys.filter((key) => !heads.some(({ path }) => key.startsWith(`${path}.`)));
  if (others.length > 0) {
    throw new StateDictError(
      `--from ${from}: its weights do not fit ${model ?? described?.name}: ${others.length} of the network's tensors are missing or of another shape ` +
        `(${shortList(others, 3)}); name the network that they belong to with --model`,
    );
  }
  return {
    net,
    from: resolve(from),
    model,
    initial: "file",
    preprocessing: sized(facts.preprocessing ?? preprocessingOf(net) ?? usualPreprocessing(), imageSize),
  };
}

/** Gives a network a new head for that many classes. */
export function newHead(net: Module, classes: number): void {
  for (const head of headsOf("train", net)) renewHead(net, head, classes);
}

/** ImageNet's, as torchvision's weights have it. */
function usualPreprocessing(
  mean: readonly number[] = [0.485, 0.456, 0.406],
  std: readonly number[] = [0.229, 0.224, 0.225],
): Preprocessing {
  return {
    resize: { size: 256, interpolation: "bilinear" },
    crop: [PRETRAINED_SIZE, PRETRAINED_SIZE],
    mean,
    std,
    background: [255, 255, 255],
  };
}

/** The same for images of another size: the margin around the middle keeps its proportion. */
function sized(preprocessing: Preprocessing, size: number | null): Preprocessing {
  const { resize, crop } = preprocessing;
  if (size === null || (crop?.[0] === size && crop[1] === size)) return preprocessing;
  const interpolation = resize?.interpolation ?? "bilinear";
  if (crop === null && resize !== null && typeof resize.size !== "number")
    return { ...preprocessing, resize: { size: [size, size], interpolation } };
  const whole = typeof resize?.size === "number" && crop ? resize.size / crop[0] : 1;
  // An even margin on either side.
  const margin = 4 * Math.round((size * (whole - 1)) / 4);
  return { ...preprocessing, resize: { size: size + margin, interpolation }, crop: [size, size] };
}

/** Pixels of a side that the network is given. */
export function sideOf({ resize, crop }: Preprocessing): number {
  if (crop !== null) return crop[0];
  const size = resize?.size ?? PRETRAINED_SIZE;
  return typeof size === "number" ? size : size[0];
}

/** Puts on a network what makes it a classifier: its files of weights then carry it. */
export function keepFacts(
  { net, model }: Pick<StartNetwork, "net" | "model">,
  preprocessing: Preprocessing,
  classes: readonly string[],
): void {
  keepPreprocessing(net, preprocessing);
  keepClassNames(net, classes);
  // Otherwise the network says by itself how it is made.
  if (model !== null && architectureOf(net)?.name !== model)
    keepArchitecture(net, { name: model, options: { numClasses: classes.length } });
}

/** @throws FileError for weights that the memory has no room for, before they are read. */
function requireRoom(path: string): void {
  const { size } = statSync(path);
  const limit = totalmem();
  if (size <= limit) return;
  throw new FileError(
    `--from ${path}: it has ${formatBytes(size)}, and this machine has ${formatBytes(limit)} of memory; use a smaller network`,
  );
}
