import type { ArrayBatch } from "./array_batch.ts";
import { type BatchContext, buildBatch, type DatasetDescription } from "./batch_source.ts";
import { Dataset } from "./dataset.ts";
import type { Transform, TransformContext } from "./transforms/index.ts";
import { holdsFunction } from "./transforms/transform_spec.ts";

/** A transform of your own: gets and gives a batch [N, C, H, W]. It runs on the main thread. */
export type BatchFunction = (
  images: ArrayBatch,
  context: TransformContext,
) => ArrayBatch | Promise<ArrayBatch>;

/** What `LabelledImages` takes. */
export interface LabelledImagesOptions {
  /** What is done to the images of every batch; null, the default, leaves them as they are. */
  readonly transform?: Transform | BatchFunction | null;
  /** Names of the classes, in order; none by default. */
  readonly classes?: readonly string[];
}

/**
 * Images in memory with a class for each.
 *
 * @example
 * ```ts no-run
 * const test = await data.FashionMNIST({ train: false });
 * test.classes?.[0];
 * ```
 */
export class LabelledImages extends Dataset {
  /** uint8 images, [N, C, H, W]. */
  readonly images: ArrayBatch;
  /** int64 classes, [N]. */
  readonly labels: ArrayBatch;
  /** Names of the classes, in order. */
  readonly classes: readonly string[];
  /** What is done to the images of every batch; null leaves them as they are. */
  readonly transform: Transform | BatchFunction | null;

  constructor(images: ArrayBatch, labels: ArrayBatch, options: LabelledImagesOptions = {}) {
    super();
    this.images = images;
    this.labels = labels;
    this.transform = options.transform ?? null;
    this.classes = options.classes ?? [];
  }

  /** Number of images. */
  get length(): number {
    return this.images.shape[0];
  }

  override async getBatch(
    indices: ArrayLike<number>,
    context: BatchContext = { seed: 0, epoch: 0 },
  ): Promise<ArrayBatch[]> {
    const { transform } = this;
    const own = transform !== null && !("spec" in transform) ? transform : undefined;
    const [images, labels] = await buildBatch(this.#description(), indices, context);
    return [own === undefined ? images : await own(images, { ...context, indices }), labels];
  }

  override async describe(): Promise<DatasetDescription | undefined> {
    const { transform } = this;
    const own = transform !== null && (!("spec" in transform) || holdsFunction(transform.spec));
    return own ? undefined : this.#description();
  }

  #description(): DatasetDescription {
    const { transform } = this;
    const spec = transform !== null && "spec" in transform ? transform.spec : null;
    return { kind: "arrays", arrays: [this.images, this.labels], transform: spec };
  }
}
