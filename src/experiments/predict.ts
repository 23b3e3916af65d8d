/** What a trained network, or a pipeline of hand-made features, makes of images. */
import { statSync } from "node:fs";
import { ArgumentError, ConvoyantError, IndexError } from "../base/errors.ts";
import type { AbortSignalLike } from "../base/web_types.ts";
import { readInput, viewCount, viewsOf } from "../classifier/image_input.ts";
import { loadParts } from "../classifier/load_classifier.ts";
import { preprocessingOfDataset } from "../classifier/run_facts.ts";
import { meanOfViews, probabilitiesOf, type SendBatch, throughNetwork } from "../classifier/scores.ts";
import type { ArrayBatch } from "../data/array_batch.ts";
import { openDataset } from "../data/index.ts";
import { engineHere, fastestEngine } from "../engines/select.ts";
import { beginsAsOnnx, ONNX_HEAD_BYTES } from "../io/formats/onnx/begins_as_onnx.ts";
import { withRegularFile } from "../io/regular_file.ts";
import { gradCam, overlay, shownInput } from "../look/index.ts";
import type { Module } from "../nn/index.ts";
import type { ClassName } from "../records/class_names.ts";
import type { Image } from "../records/image.ts";
import { type Preprocessing, preprocessingOf } from "../records/preprocessing.ts";
import { fromTypedArray, useEngine } from "../tensor/index.ts";
import type { Precision } from "../train/loop/precision.ts";
import { openClassic, throughPipeline } from "./classic/classic_predictor.ts";
import { isClassic } from "./classic/saved_classic.ts";
import { readyNetwork, type TrainedNetworkOptions } from "./evaluate.ts";
import { engineOptions } from "./training_config.ts";

export interface PredictOptions extends TrainedNetworkOptions {
  /** For dark objects on a white background: the data sets are white on black. */
  readonly invert?: boolean;
  /** See `Classifier.predict`. @default false */
  readonly testTimeAugmentation?: boolean | number;
  /** What is laid over each image: where the network saw the likeliest class. Nothing by default. */
  readonly look?: PredictedLook | null;
  /** Ends the work before the next image. */
  readonly signal?: AbortSignalLike;
}

/** What `predict` can show of how a network came to its answer: Grad-CAM (see `look.gradCam`). */
export const PREDICTED_LOOKS = ["grad-cam"] as const;
export type PredictedLook = (typeof PREDICTED_LOOKS)[number];

export interface Prediction {
  /** As the image was named. */
  readonly name: string;
  readonly image: Image;
  /** Its class, when it is one of the data set's. */
  readonly truth: number | null;
  /** Of each class. */
  readonly probabilities: readonly number[];
  /** The likeliest class. */
  readonly predicted: number;
  /** What the network sees of the image, with what was asked for laid over it; only then. */
  readonly look?: Image;
}

export interface Predictions {
  readonly model: string;
  readonly classes: readonly ClassName[];
  readonly precision: Precision;
  readonly predictions: readonly Prediction[];
}

/** An image: a path or a place in the data set (`test:17`), or the bytes of a file and how they are called. */
export type PredictInput = string | { readonly name: string; readonly bytes: Uint8Array };

/** An image that could not be read, and why. */
export interface UnreadImage {
  readonly name: string;
  readonly error: ConvoyantError;
}

/**
 * Class probabilities of images: what `convoyant predict` does.
 *
 * @param source - a run's folder (of `convoyant classic`, too), a weights file or an ONNX file.
 * @param images - each an image file (JPEG, PNG, WebP, GIF, BMP, PPM or PGM), an image of the data set (`test:17`, `train:3`), or
 *   the bytes of a file with a name. `namedImages` finds those of folders.
 * @throws FileError for an image that cannot be read.
 * @example
 * ```ts no-run
 * import * as experiments from "convoyant/experiments";
 * const { predictions } = await experiments.predict("runs/first", ["test:17", "shoe.png"]);
 * predictions[0].predicted;
 * ```
 */
export async function predict(
  source: string,
  images: readonly PredictInput[],
  options: PredictOptions = {},
): Promise<Predictions> {
  for (const image of images) if (typeof image === "string") requireImageName(image);
  const predictor = await openPredictor(source, options);
  const predictions: Prediction[] = [];
  for await (const outcome of predictor.predictAll(images)) {
    if ("error" in outcome) throw outcome.error;
    predictions.push(outcome);
  }
  const { model, classes, precision } = predictor;
  return { model, classes, precision, predictions };
}

/** What an image of the data set is named. */
const PLACE = /^(train|test):(\d+)$/;

/** @throws ArgumentError for what looks like the name of a place in a data set and is none. */
export function requireImageName(name: string): void {
  if (PLACE.test(name) || !/^[a-z]+:/.test(name) || /^[a-zA-Z]:[\\/]/.test(name)) return;
  throw new ArgumentError(`expected an image file, or test:<index> or train:<index>, got "${name}"`);
}

/** What is known of a network before the first image. */
interface ReadyClassifier {
  readonly model: string;
  readonly classes: readonly ClassName[];
  readonly precision: Precision;
  readonly preprocessing: Preprocessing;
  /** Null for a pipeline of hand-made features. */
  readonly net: Module | null;
  readonly send: SendBatch;
  readonly batch: number | null;
  /** Of `test:17`; null if it is not known of which data set that is. */
  readonly data: { readonly name: string; readonly dataDir: string | undefined } | null;
}

/**
 * Opens the network of a run, a file of weights or an ONNX file, or a pipeline of hand-made features, on the engine that it
 * is to compute with.
 */
export async function openPredictor(source: string, options: PredictOptions = {}): Promise<Predictor> {
  const views = viewCount("predict", options.testTimeAugmentation);
  const ready = (await isOnnxFile(source))
    ? await readyOnnx(source, options)
    : (await isClassic(source))
      ? await readyClassic(source, options)
      : await readyWeights(source, options);
  return new Predictor(ready, views, options);
}

async function isOnnxFile(path: string): Promise<boolean> {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return false;
  return withRegularFile(path, async (file) =>
    beginsAsOnnx(await file.read(0, Math.min(ONNX_HEAD_BYTES, file.size))),
  );
}

async function useChosenEngine({ engine = null, threads = null }: PredictOptions): Promise<void> {
  await useEngine(
    engine === null ? fastestEngine() : engineHere(engine),
    engineOptions({ reproducible: false, threads }),
  );
}

async function readyOnnx(source: string, options: PredictOptions): Promise<ReadyClassifier> {
  await useChosenEngine(options);
  const { net, classes, preprocessing, batch } = await loadParts(source, {});
  const send = throughNetwork(net);
  return { model: source, classes, precision: "f32", preprocessing, net, send, batch, data: null };
}

async function readyClassic(source: string, options: PredictOptions): Promise<ReadyClassifier> {
  if (options.look != null)
    throw new ArgumentError(
      `${source} is a pipeline of hand-made features: ${options.look} shows where a network saw a class, and it has none`,
    );
  await useChosenEngine(options);
  const { pipeline, model, data } = await openClassic(source, options);
  const { classes, preprocessing } = pipeline;
  const send = throughPipeline(pipeline);
  return { model, classes, precision: "f32", preprocessing, net: null, send, batch: null, data };
}

async function readyWeights(source: string, options: PredictOptions): Promise<ReadyClassifier> {
  const { net, model, settings, classes, precision } = await readyNetwork(source, options);
  const { data: name, dataDir } = settings;
  const preprocessing = preprocessingOf(net) ?? preprocessingOfDataset(name, settings.resize);
  const data = { name, dataDir: dataDir ?? undefined };
  const send = throughNetwork(net, precision);
  return { model, classes, precision, preprocessing, net, send, batch: null, data };
}

/** How many images go through the network together. */
const BATCH = 32;

/** An image that was read: what the network sees of it. */
type ReadImage = Omit<Prediction, "probabilities" | "predicted"> & { readonly views: readonly ArrayBatch[] };

/** A network that is ready for images. */
export class Predictor {
  readonly #ready: ReadyClassifier;
  readonly #views: number;
  readonly #options: PredictOptions;
  readonly #datasets = new Map<boolean, ReturnType<typeof openDataset>>();

  constructor(ready: ReadyClassifier, views: number, options: PredictOptions) {
    this.#ready = ready;
    this.#views = views;
    this.#options = options;
  }

  get model(): string {
    return this.#ready.model;
  }

  get classes(): readonly ClassName[] {
    return this.#ready.classes;
  }

  get precision(): Precision {
    return this.#ready.precision;
  }

  /** What the network makes of each image, in order, or why it could not be read. The next batch is read meanwhile. */
  async *predictAll(images: Iterable<PredictInput>): AsyncGenerator<Prediction | UnreadImage> {
    let under: Promise<(Prediction | UnreadImage)[]> | null = null;
    let batch: (ReadImage | UnreadImage)[] = [];
    const size = Math.max(1, Math.floor(BATCH / this.#views));
    for (const input of images) {
      if (this.#options.signal?.aborted) break;
      batch.push(await this.#tryRead(input));
      if (batch.length < size) continue;
      const next = this.#classify(batch);
      next.catch(() => {});
      if (under !== null) yield* await under;
      [under, batch] = [next, []];
    }
    if (under !== null) yield* await under;
    yield* await this.#classify(batch);
  }

  async #tryRead(input: PredictInput): Promise<ReadImage | UnreadImage> {
    try {
      return await this.#read(input);
    } catch (error) {
      if (!(error instanceof ConvoyantError)) throw error;
      return { name: typeof input === "string" ? input : input.name, error };
    }
  }

  async #read(input: PredictInput): Promise<ReadImage> {
    const { preprocessing } = this.#ready;
    const name = typeof input === "string" ? input : input.name;
    const place = typeof input === "string" ? PLACE.exec(name) : null;
    const found = place === null ? null : await this.#imageOfDataset(name, place);
    const source = found?.image ?? (typeof input === "string" ? input : input.bytes);
    const read = await readInput("predict", source, preprocessing, name);
    const inverted = this.#options.invert === true && found === null;
    const image = inverted ? { ...read, data: read.data.map((level) => 255 - level) } : read;
    const views = viewsOf(image, preprocessing, this.#views, name);
    return { name, image, truth: found?.truth ?? null, views };
  }

  async #imageOfDataset(
    name: string,
    [, part, digits]: RegExpExecArray,
  ): Promise<{ readonly image: Image; readonly truth: number }> {
    const { data } = this.#ready;
    if (data === null)
      throw new ArgumentError(
        `${name}: ${this.#ready.model} does not say of which data set; name an image file`,
      );
    const train = part === "train";
    let opening = this.#datasets.get(train);
    if (opening === undefined) {
      opening = openDataset(data.name, {
        train,
        dataDir: data.dataDir,
        onProgress: this.#options.onNote,
      });
      this.#datasets.set(train, opening);
    }
    const dataset = await opening;
    const index = Number(digits);
    if (index >= dataset.length)
      throw new IndexError(
        `${name} is out of range: the ${train ? "training" : "test"} set has images 0 to ${dataset.length - 1}`,
      );
    const { label, ...image } = dataset.image(index);
    return { image, truth: label };
  }

  async #classify(batch: readonly (ReadImage | UnreadImage)[]): Promise<(Prediction | UnreadImage)[]> {
    const { send, batch: most } = this.#ready;
    const views = batch.flatMap((one) => ("error" in one ? [] : one.views));
    const rows = views.length === 0 ? [] : await probabilitiesOf(send, views, most);
    let at = 0;
    const predictions: (Prediction | UnreadImage)[] = [];
    for (const one of batch) {
      if ("error" in one) {
        predictions.push(one);
        continue;
      }
      const { views: own, ...rest } = one;
      const { index, probabilities } = meanOfViews(rows.slice(at, at + own.length));
      at += own.length;
      const look = this.#options.look == null ? {} : { look: await this.#lookAt(own[0], index) };
      predictions.push({ ...rest, probabilities, predicted: index, ...look });
    }
    return predictions;
  }

  async #lookAt({ data, shape }: ArrayBatch, classIndex: number): Promise<Image> {
    const { net, preprocessing } = this.#ready;
    const input = fromTypedArray(data as Float32Array, [1, ...shape.slice(-3)], "float32");
    const seen = await gradCam(net as Module, input, { classIndex });
    return overlay(await shownInput(input, preprocessing), seen);
  }
}
