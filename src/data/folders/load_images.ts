/** Batches of images that lie in files: read, decoded, transformed one by one, then stacked. */
import { readBytes } from "#read_bytes";
import { isBytes } from "../../base/builtin_kinds.ts";
import { allocateArray } from "../../base/dtype.ts";
import { FileError, ShapeError } from "../../base/errors.ts";
import { formatShape, numel, sameShape } from "../../base/shape.ts";
import { decodeNamed, decoderVersion, MAX_IMAGE_BYTES } from "../../io/images/decode_image.ts";
import type { Image } from "../../records/image.ts";
import { type ArrayBatch, checkedIndex, gatherRows } from "../array_batch.ts";
import type { BatchContext } from "../batch_source.ts";
import { type ImageCache, useCache } from "../cache/image_cache.ts";
import { type CutPipeline, cutPipeline } from "../cache/leading_transforms.ts";
import { FIRST_POSITION, runTransform } from "../transforms/run_transform.ts";
import type { TransformContext } from "../transforms/transform_spec.ts";
import { type ImageSource, type ImagesDescription, nameOfSource } from "./image_source.ts";

/** A program's own function for each image, [1, C, H, W]. */
export type OneImageTransform = (
  image: ArrayBatch,
  context: TransformContext,
) => ArrayBatch | Promise<ArrayBatch>;

/** How many files are read while another image is decoded. */
const READ_AHEAD = 2;

/**
 * The chosen images, transformed and stacked, and their labels.
 *
 * @param own - takes the place of the description's transform.
 * @throws FileError for an image that cannot be read or decoded; ShapeError if the images of the batch differ in size.
 */
export async function loadImages(
  description: ImagesDescription,
  indices: ArrayLike<number>,
  context: BatchContext,
  own?: OneImageTransform,
): Promise<ArrayBatch[]> {
  const { sources, labels } = description;
  const rows = Array.from(indices, (index) => checkedIndex(index, sources.length));
  const stack = new ImageStack(description);
  const images = new PreparedImages(description, own);
  const reading: Promise<StartedImage>[] = [];
  for (let i = 0; i < rows.length; i++) {
    for (let next = reading.length; next < rows.length && next <= i + READ_AHEAD; next++) {
      const started = images.start(rows[next]);
      // Asked for ahead: there may be no awaiting caller yet when it fails.
      started.catch(() => {});
      reading.push(started);
    }
    const index = rows[i];
    const image = await images.finish(await reading[i], index);
    stack.add(await images.transform(image, { ...context, indices: [index] }), index, rows.length);
  }
  return [stack.batch, gatherRows(labels, rows)];
}

/** What is there before an image is decoded: itself, out of the cache, or the bytes of its file. */
type StartedImage = { readonly image: ArrayBatch } | { readonly bytes: Uint8Array };

/** Images on their way through decoder, cache and transform. */
class PreparedImages {
  readonly #description: ImagesDescription;
  readonly #cache: ImageCache | undefined;
  readonly #pipeline: CutPipeline;
  readonly #own: OneImageTransform | undefined;

  constructor(description: ImagesDescription, own: OneImageTransform | undefined) {
    const { cache, decode, transform } = description;
    this.#description = description;
    this.#own = own;
    // Without a cache nothing is gained by cutting the pipeline in two.
    const whole = { leading: [], following: transform === null ? [] : [transform] };
    this.#pipeline = cache === null ? whole : cutPipeline(transform);
    const { leading } = this.#pipeline;
    this.#cache =
      cache === null
        ? undefined
        : useCache(cache, { decode, decoder: decoderVersion(decode.decoder), leading });
  }

  async start(index: number): Promise<StartedImage> {
    const cached = this.#cache?.before(index);
    return cached !== undefined
      ? { image: cached }
      : { bytes: await bytesOf(this.#description.sources[index], index) };
  }

  /** The image behind the steady start of the pipeline. */
  async finish(started: StartedImage, index: number): Promise<ArrayBatch> {
    if ("image" in started) return started.image;
    const { bytes } = started;
    const cached = this.#cache?.with(index, bytes);
    if (cached !== undefined) return cached;
    const { leading } = this.#pipeline;
    const context = { seed: 0, epoch: 0, indices: [index] };
    const pixels = await decoded(this.#description, bytes, index);
    const image = runTransform({ kind: "Compose", transforms: [...leading] }, pixels, context);
    this.#cache?.put(index, bytes, image);
    return image;
  }

  /** What is left of the pipeline. */
  transform(image: ArrayBatch, context: TransformContext): ArrayBatch | Promise<ArrayBatch> {
    if (this.#own !== undefined) return this.#own(image, context);
    const { leading, following } = this.#pipeline;
    if (following.length === 0) return image;
    const rest = { kind: "Compose" as const, transforms: [...following] };
    return runTransform(rest, image, context, FIRST_POSITION + leading.length);
  }
}

async function bytesOf(source: ImageSource, index: number): Promise<Uint8Array> {
  if (typeof source === "string") return readBytes(source, MAX_IMAGE_BYTES);
  if (isBytes(source)) return source;
  try {
    return new Uint8Array(await source.arrayBuffer());
  } catch (error) {
    const reason = (error as Error).message;
    throw new FileError(`${nameOfSource(source, index)} cannot be read: ${reason}; choose the file again`, {
      cause: error,
    });
  }
}

/** An image as [1, C, H, W] of bytes. */
async function decoded(
  { name, sources, decode }: ImagesDescription,
  bytes: Uint8Array,
  index: number,
): Promise<ArrayBatch> {
  return planesOf(await decodeNamed(name, bytes, nameOfSource(sources[index], index), decode));
}

/** The channels of an image one after the other, [1, C, H, W]. */
export function planesOf({ width, height, channels, data }: Image): ArrayBatch {
  const shape = [1, channels, height, width];
  if (channels === 1) return { data, shape, dtype: "uint8" };
  const plane = width * height;
  const planes = new Uint8Array(channels * plane);
  for (let c = 0; c < channels; c++)
    for (let i = 0, from = c, to = c * plane; i < plane; i++, from += channels) planes[to + i] = data[from];
  return { data: planes, shape, dtype: "uint8" };
}

/** Images of one size that come one after the other. */
class ImageStack {
  readonly #description: ImagesDescription;
  #batch: ArrayBatch | undefined;
  #first = 0;
  #count = 0;

  constructor(description: ImagesDescription) {
    this.#description = description;
  }

  /** The images so far; of none, no pixels. */
  get batch(): ArrayBatch {
    return this.#batch ?? { data: new Uint8Array(0), shape: [0, 3, 0, 0], dtype: "uint8" };
  }

  /** @throws ShapeError unless it is of the first image's size. */
  add(image: ArrayBatch, index: number, most: number): void {
    const shape = image.shape.slice(1);
    if (this.#batch === undefined) {
      const data = allocateArray(image.dtype, most * numel(shape));
      this.#batch = { data, shape: [most, ...shape], dtype: image.dtype };
      this.#first = index;
    }
    const batch = this.#batch;
    if (image.shape[0] !== 1 || image.dtype !== batch.dtype || !sameShape(shape, batch.shape.slice(1)))
      throw this.#differs(image, index);
    batch.data.set(image.data, this.#count++ * numel(shape));
  }

  #differs(image: ArrayBatch, index: number): ShapeError {
    const { name, sources } = this.#description;
    const batch = this.#batch as ArrayBatch;
    const shown = ({ shape, dtype }: ArrayBatch, of: number) => {
      const one = shape.slice(1);
      const size = one.length === 3 ? `${one[2]} x ${one[1]} pixels, ${one[0]} channels` : formatShape(one);
      return `${nameOfSource(sources[of], of)} (${size}, ${dtype})`;
    };
    return new ShapeError(
      `${name}: the images of a batch must have one size, but ${shown(batch, this.#first)} and ${shown(image, index)} ` +
        "differ after the transform; put Resize([224, 224]), RandomResizedCrop(224), or Resize(256) and CenterCrop(224) " +
        "into it (Resize with one number keeps proportions)",
    );
  }
}
