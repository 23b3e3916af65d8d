/** A trained network with everything that it takes to use it on images. */

import { isPlainObject } from "../base/builtin_kinds.ts";
import { ArgumentError, didYouMean } from "../base/errors.ts";
import { shownValue } from "../base/shown_value.ts";
import type { ListenedSignal } from "../base/web_types.ts";
import type { ArrayBatch } from "../data/array_batch.ts";
import type { Module } from "../nn/index.ts";
import { type ClassName, shortClassName } from "../records/class_names.ts";
import { factsOf } from "../records/classifier_facts.ts";
import { keepArchitecture, type NetworkArchitecture } from "../records/network_architecture.ts";
import { keepClassNames } from "../records/network_classes.ts";
import { keepPreprocessing, type Preprocessing } from "../records/preprocessing.ts";
import { fromTypedArray, type Tensor } from "../tensor/tensor.ts";
import { type ClassifierBytesOptions, classifierBytes } from "./classifier_bytes.ts";
import type { ClassifierOptions, ClassifierSource } from "./classifier_options.ts";
import { type ClassifierImage, imageName, readInput, viewCount, viewsOf } from "./image_input.ts";
import { type ClassifierParts, loadParts, partsOf } from "./load_classifier.ts";
import { meanOfViews, probabilitiesOf, requireOutputs, type SendBatch, throughNetwork } from "./scores.ts";

/** What `predict` and `predictBatch` take. */
export interface ClassifyOptions {
  /**
   * Whether the probabilities are means over several views of an image: true for the image and its mirror image, 5 for the
   * corners and the centre of the enlarged image, 10 for those and their mirror images. @default false
   */
  readonly testTimeAugmentation?: boolean | number;
  /** Ends the work before the next image, or before the network is run. */
  readonly signal?: ListenedSignal | undefined;
}

/** What a classifier makes of an image. */
export interface Classification {
  /** The number of the likeliest class. */
  readonly index: number;
  /** What that class is called, in English if it has names in several languages. */
  readonly label: string;
  /** Its probability, 0 to 1. */
  readonly probability: number;
  /** Of each class, in the order of `classes`. */
  readonly probabilities: readonly number[];
}

/**
 * A trained network with everything that it takes to use it on images: what is done to an image before, and what the
 * outputs stand for. `Classifier.load` reads one, `Classifier.of` makes one of a network.
 *
 * @example
 * ```ts no-run
 * import { Classifier } from "convoyant/classifier";
 * const classifier = await Classifier.load("runs/first");
 * const { label, probability } = await classifier.predict("cat.jpg");
 * ```
 */
export class Classifier {
  /** What the outputs stand for, in order. */
  readonly classes: readonly ClassName[];
  /** What is done to an image before the network sees it. */
  readonly preprocessing: Preprocessing;
  /** How `models.create` makes such a network; null for one of an ONNX file, or of a module of your own. */
  readonly architecture: NetworkArchitecture | null;
  /** The network, in evaluation mode: batches [N, C, H, W] to scores [N, classes]. */
  readonly net: Module;
  readonly #batch: number | null;
  readonly #send: SendBatch;

  /**
   * How many images the network takes at once; null for any number.
   *
   * @internal
   */
  get batch(): number | null {
    return this.#batch;
  }

  private constructor({ net, classes, preprocessing, architecture, batch }: ClassifierParts) {
    this.net = net.eval();
    this.classes = classes;
    this.preprocessing = preprocessing;
    this.architecture = architecture;
    this.#batch = batch;
    keepClassNames(net, classes);
    keepPreprocessing(net, preprocessing);
    if (architecture !== null) keepArchitecture(net, architecture);
    requireOutputs(net, preprocessing, classes.length);
    this.#send = throughNetwork(net);
  }

  /**
   * Reads a classifier: the folder of a run, a file of weights (`.safetensors` with the facts in its metadata; of `.pth` and
   * others the options say what they do not), or an ONNX file with class names and preprocessing in its metadata, as
   * `onnx.export` writes it.
   *
   * @param source - in Node.js a path; in a page an address, seen from the page. On both: an absolute URL, bytes, a Blob or
   * File, or the Response of a `fetch`.
   * @throws FileError if it cannot be read, is damaged, does not say enough and the options do not either (the message names
   *   what is missing), is of another number of classes than its network, or larger than the memory; ArgumentError for
   *   any other source.
   * @example
   * ```ts no-run
   * import { Classifier } from "convoyant/classifier";
   * const own = await Classifier.load("runs/first");
   * const other = await Classifier.load("resnet18.pth", {
   *   architecture: "resnet18",
   *   classes: ["cat", "dog"],
   *   preprocessing: models.torchvision.resnet18.weights.IMAGENET1K_V1.preprocessing,
   * });
   * ```
   */
  static async load(source: ClassifierSource, options: ClassifierOptions = {}): Promise<Classifier> {
    return new Classifier(await loadParts(source, options));
  }

  /**
   * A classifier of a network that is known: one that was made with published weights, was trained by `fineTune`, or whose
   * facts are given. The network is put into evaluation mode.
   *
   * @throws ArgumentError that names what is not known of the network.
   * @example
   * ```ts
   * import { Classifier } from "convoyant/classifier";
   * const preprocessing = { resize: { size: [28, 28] as const, interpolation: "bilinear" as const }, crop: null };
   * const classifier = Classifier.of(models.lenet({ numClasses: 2 }), {
   *   classes: ["cat", "dog"],
   *   preprocessing: { ...preprocessing, mean: [0], std: [1], background: [255, 255, 255] },
   * });
   * const { probabilities } = await classifier.predict({ width: 2, height: 1, channels: 1, data: Uint8Array.of(0, 255) });
   * probabilities.length; // 2
   * ```
   */
  static of(net: Module, options: ClassifierOptions = {}): Classifier {
    return new Classifier(partsOf(net, options, factsOf));
  }

  /**
   * What the network sees of an image: float32 [1, C, H, W].
   *
   * @throws FileError if it cannot be read or is not an image.
   */
  async input(image: ClassifierImage): Promise<Tensor> {
    const of = "Classifier.input";
    const name = imageName(image, 0);
    const pixels = await readInput(of, image, this.preprocessing, name);
    const [{ data, shape, dtype }] = viewsOf(pixels, this.preprocessing, 1, name);
    return fromTypedArray(data, shape, dtype);
  }

  /**
   * What an image shows.
   *
   * @param image - pixels, the bytes of an image file, a Blob or File, or a path (in a page an address).
   * @throws FileError if it cannot be read or is not an image; ArgumentError for anything else that is not as expected; the
   *   signal's reason if it is aborted.
   */
  async predict(image: ClassifierImage, options: ClassifyOptions = {}): Promise<Classification> {
    const [prediction] = await this.#predict("Classifier.predict", [image], options);
    return prediction;
  }

  /**
   * What several images show: they go through the network together. They can be of any sizes.
   *
   * @throws as `predict`; the message names the image.
   */
  async predictBatch(
    images: readonly ClassifierImage[],
    options: ClassifyOptions = {},
  ): Promise<Classification[]> {
    if (!Array.isArray(images))
      throw new ArgumentError(
        `Classifier.predictBatch: expected a list of images, got ${shownValue(images)}`,
      );
    return this.#predict("Classifier.predictBatch", images, options);
  }

  /**
   * The classifier as a file: weights as safetensors, the rest in its metadata. `Classifier.load` reads it.
   *
   * @throws ArgumentError for a network that `models.create` cannot make, and for weights that float16 cannot hold.
   * @example
   * ```ts no-run
   * import { writeFile } from "node:fs/promises";
   * import { Classifier } from "convoyant/classifier";
   * const classifier = await Classifier.load("runs/first");
   * await writeFile("pets.safetensors", await classifier.toBytes({ dtype: "float16" }));
   * ```
   */
  toBytes(options: ClassifierBytesOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    return classifierBytes(this, options);
  }

  /**
   * The probabilities of each class for images that are preprocessed already, [1, C, H, W] each: for those whose workers do
   * that.
   *
   * @internal
   */
  predictInputs(inputs: readonly ArrayBatch[]): Promise<readonly (readonly number[])[]> {
    return probabilitiesOf(this.#send, inputs, this.#batch);
  }

  async #predict(
    of: string,
    images: readonly ClassifierImage[],
    options: ClassifyOptions,
  ): Promise<Classification[]> {
    const { views, signal } = checkedOptions(of, options);
    const inputs: ArrayBatch[] = [];
    for (const [i, image] of images.entries()) {
      signal?.throwIfAborted();
      const name = imageName(image, i);
      const pixels = await readInput(of, image, this.preprocessing, name);
      inputs.push(...viewsOf(pixels, this.preprocessing, views, name));
    }
    signal?.throwIfAborted();
    const rows = await probabilitiesOf(this.#send, inputs, this.#batch);
    signal?.throwIfAborted();
    return images.map((_, i) => this.#prediction(rows.slice(i * views, (i + 1) * views)));
  }

  /** Of the mean over the views of an image. */
  #prediction(views: readonly (readonly number[])[]): Classification {
    const { index, probabilities } = meanOfViews(views);
    const label = shortClassName(this.classes, index);
    return { index, label, probability: probabilities[index], probabilities };
  }
}

const OPTIONS = ["testTimeAugmentation", "signal"];

function checkedOptions(of: string, options: unknown) {
  if (!isPlainObject(options))
    throw new ArgumentError(`${of}: expected an object of options, got ${shownValue(options)}`);
  const unknown = Object.keys(options).find((name) => !OPTIONS.includes(name));
  if (unknown !== undefined)
    throw new ArgumentError(`${of}: unknown option ${shownValue(unknown)}${didYouMean(unknown, OPTIONS)}`);
  const { testTimeAugmentation, signal } = options as ClassifyOptions;
  return { views: viewCount(of, testTimeAugmentation), signal: signal ?? undefined };
}
