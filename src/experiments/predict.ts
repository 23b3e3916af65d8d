/** What a trained network makes of images. */
import { ArgumentError, IndexError } from "../base/errors.ts";
import { datasetEntry } from "../data/dataset_registry.ts";
import { openDataset, transforms } from "../data/index.ts";
import { readImage } from "../io/images/decode_image.ts";
import type { ClassName } from "../records/class_names.ts";
import type { Image } from "../records/image.ts";
import { fromTypedArray, noGrad, type Tensor } from "../tensor/index.ts";
import { outputOf } from "../train/loop/network_output.ts";
import { inPrecision, type Precision } from "../train/loop/precision.ts";
import { readyNetwork, type TrainedNetworkOptions } from "./evaluate.ts";
import type { NetworkSettings } from "./weights.ts";

export interface PredictOptions extends TrainedNetworkOptions {
  /** For dark objects on a white background: the data sets are white on black. */
  readonly invert?: boolean;
}

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
}

export interface Predictions {
  readonly model: string;
  readonly classes: readonly ClassName[];
  readonly precision: Precision;
  readonly predictions: readonly Prediction[];
}

interface Example {
  readonly name: string;
  readonly image: Image;
  readonly truth: number | null;
}

/**
 * Class probabilities of images: what `convoyant predict` does.
 *
 * @param source - a run's folder or a weights file.
 * @param images - each an image file (JPEG, PNG, WebP, GIF, BMP, PPM or PGM), or an image of the data set: `test:17`, `train:3`.
 * @example
 * ```ts no-run
 * import * as experiments from "convoyant/experiments";
 * const { predictions } = await experiments.predict("runs/first", ["test:17", "shoe.png"]);
 * predictions[0].predicted;
 * ```
 */
export async function predict(
  source: string,
  images: readonly string[],
  options: PredictOptions = {},
): Promise<Predictions> {
  const { net, model, settings, classes, precision } = await readyNetwork(source, options);
  const examples: Example[] = [];
  for (const image of images) examples.push(await readExample(image, settings, options));
  const predictions: Prediction[] = [];
  for (const example of examples) {
    const input = await toInput(example.image, settings);
    const logits = noGrad(() => inPrecision(precision, () => outputOf(net, input)));
    const [probabilities] = (await logits.softmax(1).tolist()) as number[][];
    const predicted = probabilities.reduce((best, p, i) => (p > probabilities[best] ? i : best), 0);
    predictions.push({ ...example, probabilities, predicted });
  }
  return { model, classes, precision, predictions };
}

async function readExample(
  name: string,
  settings: NetworkSettings,
  options: PredictOptions,
): Promise<Example> {
  const indexed = /^(train|test):(\d+)$/.exec(name);
  if (indexed !== null)
    return readFromDataset(name, indexed[1] === "train", Number(indexed[2]), settings, options);
  if (/^[a-z]+:/.test(name) && !/^[a-zA-Z]:[\\/]/.test(name)) {
    throw new ArgumentError(`expected an image file, or test:<index> or train:<index>, got "${name}"`);
  }
  const [channels] = datasetEntry(settings.data).imageShape;
  if (channels !== 1 && channels !== 3) {
    throw new ArgumentError(
      `${name}: image files have 1 or 3 channels, and images of ${settings.data} have ${channels}; ` +
        "name images of the data set (test:17)",
    );
  }
  const image = await readImage(name, { channels });
  const inverted = { ...image, data: image.data.map((sample) => 255 - sample) };
  return { name, image: options.invert ? inverted : image, truth: null };
}

async function readFromDataset(
  name: string,
  train: boolean,
  index: number,
  { data, dataDir }: NetworkSettings,
  { onNote }: PredictOptions,
): Promise<Example> {
  const dataset = await openDataset(data, { train, dataDir: dataDir ?? undefined, onProgress: onNote });
  if (index >= dataset.length) {
    throw new IndexError(
      `${name} is out of range: the ${train ? "training" : "test"} set has images 0 to ${dataset.length - 1}`,
    );
  }
  const { label, ...image } = dataset.image(index);
  return { name, image, truth: label };
}

/** The image as in training: resized in the same way, from 0 to 1. */
function toInput({ width, height, channels, data }: Image, settings: NetworkSettings): Promise<Tensor> {
  const [, tall, wide] = datasetEntry(settings.data).imageShape;
  const size: [number, number] = settings.resize === null ? [tall, wide] : [settings.resize, settings.resize];
  const planes = new Uint8Array(data.length);
  const plane = width * height;
  for (let i = 0; i < plane; i++)
    for (let c = 0; c < channels; c++) planes[c * plane + i] = data[i * channels + c];
  const pixels = fromTypedArray(planes, [1, channels, height, width], "uint8");
  const { Compose, Resize, ToTensor } = transforms;
  return (height === size[0] && width === size[1] ? ToTensor() : Compose([Resize(size), ToTensor()]))(pixels);
}
