/** A trained network to look into, and images to look at it with. */
import { existsSync, statSync } from "node:fs";
import { ArgumentError, ConvoyantError, IndexError } from "../../base/errors.ts";
import { Classifier } from "../../classifier/index.ts";
import { preprocessingOfDataset } from "../../classifier/run_facts.ts";
import { datasetNames } from "../../data/dataset_registry.ts";
import { engineHere, fastestEngine } from "../../engines/select.ts";
import { readImage } from "../../io/images/decode_image.ts";
import { className, shortClassName } from "../../records/class_names.ts";
import type { Image } from "../../records/image.ts";
import { preprocessingOf } from "../../records/preprocessing.ts";
import { type Tensor, useEngine } from "../../tensor/index.ts";
import { readRunConfig } from "../../train/runs/run_folder.ts";
import { readyNetwork, type TrainedNetworkOptions } from "../evaluate.ts";
import { isPhotosRun } from "../photos/photo_config.ts";
import {
  type ImageCollection,
  imagesOfDataset,
  imagesOfFolder,
  type LookedImage,
  type OwnImages,
  photographsOfRun,
} from "./image_collections.ts";

/** A network with everything that it takes to give it images. */
export class LookedNetwork {
  readonly classifier: Classifier;
  readonly #images: OwnImages | null;

  /** @param images - null if it is not known what the network was trained on. */
  constructor(classifier: Classifier, images: OwnImages | null) {
    this.classifier = classifier;
    this.#images = images;
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
   * An image file, or an image of the data set or of the run's photographs (`test:17`).
   *
   * @throws FileError for a file that cannot be read; IndexError for a place that there is not.
   */
  async image(name: string): Promise<LookedImage> {
    const place = /^(train|test):(\d+)$/.exec(name);
    if (place === null) {
      if (/^[a-z]+:/.test(name) && !/^[a-zA-Z]:[\\/]/.test(name))
        throw new ArgumentError(`expected an image file, or test:<index> or train:<index>, got "${name}"`);
      return { name, image: await this.#read(name), label: null };
    }
    const { length, image } = await this.#own(place[1] as "train" | "test");
    const index = Number(place[2]);
    if (index >= length) throw new IndexError(`${name} is out of range: there are images 0 to ${length - 1}`);
    return image(index);
  }

  /** What the network sees of an image, [1, C, H, W]. */
  input(image: Image): Promise<Tensor> {
    return this.classifier.input(image);
  }

  /** Images of the test set, or of a folder that holds a folder for each class: some of each class. */
  async images(count: number, folder: string | null): Promise<LookedImage[]> {
    const { classifier } = this;
    const classes = classifier.classes.map((_, i) => shortClassName(classifier.classes, i));
    const { length, inOrder, image } = await (folder === null
      ? this.#own("test")
      : imagesOfFolder(folder, classes, this.#read));
    const step = inOrder ? Math.max(1, length / count) : 1;
    const found: LookedImage[] = [];
    for (let i = 0; i < Math.min(count, length); i++) found.push(await image(Math.floor(i * step)));
    return found;
  }

  readonly #read = (path: string): Promise<Image> => {
    const { mean, background } = this.classifier.preprocessing;
    return readImage(path, { channels: mean.length === 1 ? 1 : 3, background });
  };

  /** The images that the network was trained on, or tested with. */
  #own(part: "train" | "test"): Promise<ImageCollection> {
    if (this.#images !== null) return this.#images(part, this.#read);
    throw new ArgumentError(
      "it is not known which images the network belongs to: name a data set with --data, or images with --image or --images",
    );
  }
}

/**
 * Opens a run's folder or a file of weights, on the engine that it is to compute with.
 *
 * @throws FileError if it cannot be read, or a run has no weights yet; ArgumentError if it does not say which network it is.
 */
export async function openLooked(source: string, options: TrainedNetworkOptions): Promise<LookedNetwork> {
  const whole = options.model == null ? await asClassifier(source, options) : null;
  if (whole !== null) return new LookedNetwork(whole, ownImages(source, options));
  const { net, settings, classes } = await readyNetwork(source, options);
  const preprocessing = preprocessingOf(net) ?? preprocessingOfDataset(settings.data, settings.resize);
  const images =
    ownImages(source, options) ??
    imagesOfDataset(settings.data, settings.dataDir ?? undefined, options.onNote);
  return new LookedNetwork(Classifier.of(net, { classes, preprocessing }), images);
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

/** Of the data set that is named, or that a run was trained on, or the photographs of a run. */
function ownImages(source: string, { settings = {}, onNote }: TrainedNetworkOptions): OwnImages | null {
  const dataDir = settings.dataDir ?? undefined;
  if (settings.data !== undefined) return imagesOfDataset(settings.data, dataDir, onNote);
  if (!existsSync(source) || !statSync(source).isDirectory()) return null;
  if (isPhotosRun(source)) return (part, read) => photographsOfRun(source, part, read);
  const { data } = (readRunConfig(source).config ?? {}) as { data?: unknown };
  const isKnown = typeof data === "string" && datasetNames().includes(data);
  return isKnown ? imagesOfDataset(data, dataDir, onNote) : null;
}
