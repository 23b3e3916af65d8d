import { ArgumentError } from "../../base/errors.ts";
import { orderedRecord } from "../../base/key_order.ts";
import { printItself } from "../../base/printed_form.ts";
import { decoderVersion } from "../../io/images/decode_image.ts";
import type { ArrayBatch } from "../array_batch.ts";
import type { BatchContext, DatasetDescription } from "../batch_source.ts";
import { type CacheOptions, openCache } from "../cache/image_cache.ts";
import { cutPipeline, sizeAfter } from "../cache/leading_transforms.ts";
import { Dataset } from "../dataset.ts";
import type { BatchFunction } from "../labelled_images.ts";
import type { Transform } from "../transforms/index.ts";
import { holdsFunction } from "../transforms/transform_spec.ts";
import type { LeftOut } from "./folder_scan.ts";
import { type ImagesDescription, nameOfSource } from "./image_source.ts";
import { loadImages } from "./load_images.ts";

/** What a data set of image files is made of. */
export interface ImageFilesParts extends Omit<ImagesDescription, "kind" | "transform" | "cache"> {
  /** Options of the cache; undefined for none. */
  readonly cache: Required<CacheOptions> | undefined;
  readonly classes: readonly string[];
  readonly transform: Transform | BatchFunction | null;
  readonly unreadable: readonly LeftOut[];
  readonly skipped: readonly LeftOut[];
}

/**
 * Images in files, decoded when they are needed: what {@link ImageFolder} and {@link ImageList} give.
 *
 * @example
 * ```ts no-run
 * const dataset = await data.ImageFolder("photos/train");
 * const files: data.ImageFiles = dataset;
 * files.classes; // names in the order of the labels
 * ```
 */
export class ImageFiles extends Dataset {
  /** Names of the classes in the order of the labels. */
  readonly classes: readonly string[];
  /** What is done to each image, [1, C, H, W], before images are stacked; null leaves bytes from 0 to 255. */
  readonly transform: Transform | BatchFunction | null;
  /** Images that cannot be read, and why: they are not counted. */
  readonly unreadable: readonly LeftOut[];
  /** What else was left out, and why: hidden files, files of other kinds, links to what is counted already. */
  readonly skipped: readonly LeftOut[];
  readonly #description: ImagesDescription;

  constructor({ classes, transform, unreadable, skipped, cache, ...description }: ImageFilesParts) {
    super();
    // Not for the class: what a page does not use, its bundler can then leave out.
    printItself(this, () => `${this.title}(${this.length} images, ${classes.length} classes)`);
    this.classes = classes;
    this.transform = transform;
    this.unreadable = unreadable;
    this.skipped = skipped;
    const spec = transform !== null && "spec" in transform ? transform.spec : null;
    const size = sizeAfter(cutPipeline(spec).leading);
    const imageBytes = size && (description.decode.channels ?? 3) * size[0] * size[1];
    this.#description = {
      kind: "images",
      ...description,
      transform: spec,
      cache: cache === undefined ? null : openCache(cache, description.sources.length, imageBytes),
    };
  }

  /** Number of images. */
  get length(): number {
    return this.#description.sources.length;
  }

  /** The label of each class's name. */
  get classToIdx(): Readonly<Record<string, number>> {
    return orderedRecord(this.classes.map((name, label) => [name, label] as const));
  }

  /** Path and label of each image, in order. (What has no path, as a `Blob`, is called by its name.) */
  get samples(): readonly (readonly [path: string, label: number])[] {
    const { sources } = this.#description;
    const { targets } = this;
    return sources.map((source, i) => [nameOfSource(source, i), targets[i]] as const);
  }

  /**
   * The label of each image, in order.
   *
   * @throws ArgumentError if images may have several: see `labels`.
   */
  get targets(): readonly number[] {
    const { data, shape } = this.labels;
    if (shape.length === 1) return Array.from(data, Number);
    throw new ArgumentError(
      `${this.title}: an image may have several labels; \`labels\` holds a row for each`,
    );
  }

  /** The labels as batches have them: int64 [N], or with several labels for an image float32 [N, classes]. */
  get labels(): ArrayBatch {
    return this.#description.labels;
  }

  /** What decodes the images, with its version: "exact 0.1.0", or "sharp" with its own. A run records it. */
  get decoder(): string {
    return decoderVersion(this.#description.decode.decoder);
  }

  override async getBatch(
    indices: ArrayLike<number>,
    context: BatchContext = { seed: 0, epoch: 0 },
  ): Promise<ArrayBatch[]> {
    const { transform } = this;
    const description = this.#description;
    if (transform === null || "spec" in transform) return loadImages(description, indices, context);
    return loadImages(description, indices, context, async (image, of) => transform(image, of));
  }

  override async describe(): Promise<DatasetDescription | undefined> {
    const { transform } = this;
    const own = transform !== null && (!("spec" in transform) || holdsFunction(transform.spec));
    return own ? undefined : this.#description;
  }

  /** @internal The data set's name. */
  get title(): string {
    return this.#description.name;
  }
}
