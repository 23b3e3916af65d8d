/** From pixels to what a network sees. Workers run it, so it needs no tensors. */
import { FileError } from "../base/errors.ts";
import type { ArrayBatch } from "../data/array_batch.ts";
import { planesOf } from "../data/folders/load_images.ts";
import { runTransform } from "../data/transforms/run_transform.ts";
import type { TransformSpec } from "../data/transforms/transform_spec.ts";
import { DEFAULT_LIMIT } from "../io/images/image_settings.ts";
import type { Image } from "../records/image.ts";
import type { Preprocessing } from "../records/preprocessing.ts";

/** By how much an image that is not cropped is enlarged, so that there is something to crop. */
export const ENLARGED = 8 / 7;

/** Preprocessing draws no random numbers. */
export const NOTHING_RANDOM = { seed: 0, epoch: 0, indices: [0] };

/**
 * The image as the network sees it, float32 [1, C, H, W].
 *
 * @param spec - the description of `Preprocess(preprocessing)`.
 * @throws FileError for an image whose shape makes it huge when it is resized.
 */
export function inputOf(
  image: Image,
  preprocessing: Preprocessing,
  spec: TransformSpec,
  name: string,
): ArrayBatch {
  requireModest(image, preprocessing, name);
  return runTransform(spec, planesOf(image), NOTHING_RANDOM);
}

/** Height and width of the image when it has been resized. */
export function resizedSize({ width, height }: Image, { resize }: Preprocessing): readonly [number, number] {
  if (resize === null) return [height, width];
  const { size } = resize;
  if (typeof size !== "number") return size;
  const longer = Math.trunc((size * Math.max(width, height)) / Math.min(width, height));
  return width <= height ? [longer, size] : [size, longer];
}

/**
 * The shorter side of a long strip gets its length, and the longer one with it.
 *
 * @throws FileError if that makes an image huge.
 */
export function requireModest(image: Image, preprocessing: Preprocessing, name: string): void {
  const [height, width] = resizedSize(image, preprocessing);
  if (height * width * ENLARGED * ENLARGED <= DEFAULT_LIMIT) return;
  throw new FileError(
    `${name} is ${image.width} x ${image.height} pixels, which becomes ${width} x ${height} when its shorter side is resized; ` +
      "cut out the part that matters",
  );
}
