import { allocateArray, type TypedArray } from "../../../base/dtype.ts";
import { ShapeError } from "../../../base/errors.ts";
import type { ArrayBatch } from "../../array_batch.ts";
import { batchOf, type Images, imagesOf } from "../images.ts";

/** Operations of this folder work on one image at a time: `Images` whose count is 1. They never change their input. */
export type OneImage = Images;

/** The highest level: 255 for bytes, 1 for floats. */
export function highestLevel({ dtype }: OneImage): number {
  return dtype === "uint8" ? 255 : 1;
}

/** An image of the same size, with other values. */
export function withData(image: OneImage, data: TypedArray): OneImage {
  return { ...image, data };
}

/** An image whose every value is a function of the value that was there; bytes by a table of all 256. */
export function mapLevels(image: OneImage, level: (value: number) => number): OneImage {
  const data = allocateArray(image.dtype, image.data.length);
  if (image.dtype === "uint8") {
    const table = Uint8Array.from({ length: 256 }, (_, value) => level(value));
    for (let i = 0; i < data.length; i++) data[i] = table[image.data[i]];
  } else for (let i = 0; i < data.length; i++) data[i] = level(image.data[i]);
  return withData(image, data);
}

/** Within 0 and the highest level; for bytes also cut to an integer, as a conversion to uint8 does. */
export function toLevel(value: number, highest: number): number {
  const clamped = value < 0 ? 0 : value > highest ? highest : value;
  return highest === 255 ? Math.trunc(clamped) : clamped;
}

/**
 * Each image of a batch by itself.
 *
 * @throws ShapeError if the results differ in size.
 */
export function eachImage(
  batch: Readonly<ArrayBatch>,
  transform: string,
  operation: (image: OneImage, n: number) => OneImage,
): ArrayBatch {
  const images = imagesOf(batch, transform);
  const size = images.channels * images.height * images.width;
  const imageAt = (n: number): OneImage => ({
    ...images,
    count: 1,
    data: images.data.subarray(n * size, (n + 1) * size),
  });
  if (images.count === 0) return { ...batch };
  const first = operation(imageAt(0), 0);
  const out: Images = {
    ...first,
    count: images.count,
    data: allocateArray(first.dtype, images.count * first.data.length),
  };
  out.data.set(first.data, 0);
  for (let n = 1; n < images.count; n++) {
    const one = operation(imageAt(n), n);
    if (one.channels !== first.channels || one.height !== first.height || one.width !== first.width) {
      throw new ShapeError(
        `${transform}: the images of a batch became ${first.height} x ${first.width} and ${one.height} x ${one.width} pixels; ` +
          "put a Resize or a CenterCrop into the same pipeline, image by image, or leave out what changes the size",
      );
    }
    out.data.set(one.data, n * first.data.length);
  }
  return batchOf(out);
}

/** @throws ShapeError unless the image is grey or RGB. */
export function requireColours(image: OneImage, transform: string): void {
  if (image.channels === 1 || image.channels === 3) return;
  throw new ShapeError(`${transform}: expected images of 1 or 3 channels, got ${image.channels}`);
}
