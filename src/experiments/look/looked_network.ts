/** A trained network to look into, and images to look at it with. */
import { existsSync, statSync } from "node:fs";
import { ArgumentError, ConvoyantError, IndexError } from "../../base/errors.ts";
import { Classifier } from "../../classifier/index.ts";
import { preprocessingOfDataset } from "../../classifier/run_facts.ts";
import { datasetNames } from "../../data/dataset_registry.ts";
import { ImageFolder, openDataset } from "../../data/index.ts";
import type { OpenDataset } from "../../data/open_dataset.ts";
import { engineHere, fastestEngine } from "../../engines/select.ts";
import { readImage } from "../../io/images/decode_image.ts";
import { className, shortClassName } from "../../records/class_names.ts";
import type { Image } from "../../records/image.ts";
import { preprocessingOf } from "../../records/preprocessing.ts";
import { type Tensor, useEngine } from "../../tensor/index.ts";
import { readRunConfig } from "../../train/runs/run_folder.ts";
import { readyNetwork, type TrainedNetworkOptions } from "../evaluate.ts";

/** An image with its class, if that is known. */
export interface LookedImage {
  readonly name: string;
  readonly image: Image;
  readonly label: number | null;
}

/** A network with everything that it takes to give it images. */
export class LookedNetwork {
  readonly classifier: Classifier;
  readonly #data: { readonly name: string; readonly dataDir: string | undefined } | null;
  readonly #options: TrainedNetworkOptions;

  constructor(
    classifier: Classifier,
    data: { readonly name: string; readonly dataDir: string | undefined } | null,
    options: TrainedNetworkOptions,
  ) {
    this.classifier = classifier;
    this.#data = data;
    this.#options = options;
  }

  get net() {
    return this.classifier.net;
  }

  /** Of an input without the batch. */
  get shape(): readonly [channels: number, height: number, width: number] | null {
    const { mean, crop, resize } = this.classifier.preprocessing;
    const size = crop ?? (typeof resize?.size === "object" ? resize.size : null);
    return size === null ? null : [mean.length, size[0], size[1]];
  }

  /**
   * The number of a class: of its name, or the number itself.
   *
   * @throws ArgumentError for a class that there is not.
   */
  classNamed(text: string): number {
    const { classes } = this.classifier;
    const index = /^\d+$/.test(text)
      ? Number(text)
      : classes.findIndex((_, i) => [className(classes, i), shortClassName(classes, i)].includes(text));
    if (index >= 0 && index < classes.length) return index;
    const known = classes.slice(0, 30).map((_, i) => shortClassName(classes, i));
    throw new ArgumentError(
      `there is no class "${text}": expected a number from 0 to ${classes.length - 1}, or one of ${known.join(", ")}${classes.length > 30 ? ", ..." : ""}`,
    );
  }

  /**
   * An image file, or an image of the data set (`test:17`).
   *
   * @throws FileError for a file that cannot be read; IndexError for a place that the data set has not.
   */
  async image(name: string): Promise<LookedImage> {
    const place = /^(train|test):(\d+)$/.exec(name);
    if (place === null) {
      if (/^[a-z]+:/.test(name) && !/^[a-zA-Z]:[\\/]/.test(name))
        throw new ArgumentError(`expected an image file, or test:<index> or train:<index>, got "${name}"`);
      const channels = this.classifier.preprocessing.mean.length === 1 ? 1 : 3;
      return { name, image: await readImage(name, { channels }), label: null };
    }
    const dataset = await this.#dataset(place[1] === "train");
    const index = Number(place[2]);
    if (index >= dataset.length)
      throw new IndexError(`${name} is out of range: there are images 0 to ${dataset.length - 1}`);
    const { label, ...image } = dataset.image(index);
    return { name, image, label };
  }

  /** What the network sees of an image, [1, C, H, W]. */
  input(image: Image): Promise<Tensor> {
    return this.classifier.input(image);
  }

  /** The first images of the test set, or of a folder that holds a folder for each class. */
  async images(count: number, folder: string | null): Promise<LookedImage[]> {
    if (folder !== null) return this.#inFolder(folder, count);
    const dataset = await this.#dataset(false);
    return Array.from({ length: Math.min(count, dataset.length) }, (_, i) => {
      const { label, ...image } = dataset.image(i);
      return { name: `test:${i}`, image, label };
    });
  }

  async #inFolder(folder: string, count: number): Promise<LookedImage[]> {
    const { samples, classes } = await ImageFolder(folder);
    // Some of each class: files lie in the order of their classes.
    const step = Math.max(1, samples.length / count);
    const chosen = Array.from(
      { length: Math.min(count, samples.length) },
      (_, i) => samples[Math.floor(i * step)],
    );
    const own = this.classifier.classes.map((_, i) => shortClassName(this.classifier.classes, i));
    const found: LookedImage[] = [];
    for (const [path, label] of chosen) {
      const known = own.indexOf(classes[label]);
      found.push({ name: path, image: await readImage(path), label: known < 0 ? label : known });
    }
    return found;
  }

  #dataset(train: boolean): Promise<OpenDataset> {
    if (this.#data === null)
      throw new ArgumentError(
        "it is not known which data set the network belongs to: name it with --data, or images with --image or --images",
      );
    const { onNote } = this.#options;
    const { name, dataDir } = this.#data;
    return openDataset(name, { train, dataDir, ...(onNote !== undefined && { onProgress: onNote }) });
  }
}

/**
 * Opens a run's folder or a file of weights, on the engine that it is to compute with.
 *
 * @throws FileError if it cannot be read, or a run has no weights yet; ArgumentError if it does not say which network it is.
 */
export async function openLooked(source: string, options: TrainedNetworkOptions): Promise<LookedNetwork> {
  const whole = options.model == null ? await asClassifier(source, options) : null;
  if (whole !== null) return new LookedNetwork(whole, dataOf(source, options), options);
  const { net, settings, classes } = await readyNetwork(source, options);
  const preprocessing = preprocessingOf(net) ?? preprocessingOfDataset(settings.data, settings.resize);
  const data = { name: settings.data, dataDir: settings.dataDir ?? undefined };
  return new LookedNetwork(Classifier.of(net, { classes, preprocessing }), data, options);
}

/** Null if the source does not say enough of itself. */
async function asClassifier(source: string, options: TrainedNetworkOptions): Promise<Classifier | null> {
  const { engine = null, threads = null } = options;
  await useEngine(
    engine === null ? fastestEngine() : engineHere(engine),
    threads === null ? {} : { threads },
  );
  try {
    return await Classifier.load(source);
  } catch (error) {
    if (error instanceof ConvoyantError) return null;
    throw error;
  }
}

/** The data set that a run was trained on, or that is named. */
function dataOf(source: string, { settings = {} }: TrainedNetworkOptions) {
  const dataDir = settings.dataDir ?? undefined;
  if (settings.data !== undefined) return { name: settings.data, dataDir };
  if (!existsSync(source) || !statSync(source).isDirectory()) return null;
  const { data } = (readRunConfig(source).config ?? {}) as { data?: unknown };
  return typeof data === "string" && datasetNames().includes(data) ? { name: data, dataDir } : null;
}
