import { ArgumentError } from "../../base/errors.ts";
import type { ArrayBatch } from "../array_batch.ts";
import { centerCrop, middleOf } from "./crops.ts";
import { batchOf, imagesOf } from "./images.ts";
import { resample } from "./resample.ts";
import type { ImageSize, SpecOf } from "./transform_spec.ts";

/** Resizes as torchvision's Resize does; see `resample` for the arithmetic. */
export function resize(
  batch: Readonly<ArrayBatch>,
  { size, interpolation = "bilinear", maxSize, antialias }: SpecOf<"Resize">,
): ArrayBatch {
  const images = imagesOf(batch, "Resize");
  const [height, width] = targetSize(images.height, images.width, size, maxSize);
  return batchOf(resample(images, height, width, interpolation, antialias));
}

/**
 * `Resize` and the `CenterCrop` after it: only the pixels that stay are computed, a third fewer of a photograph in the
 * proportions 4:3.
 */
export function resizeMiddle(
  batch: Readonly<ArrayBatch>,
  spec: SpecOf<"Resize">,
  middle: SpecOf<"CenterCrop">,
): ArrayBatch {
  const images = imagesOf(batch, "Resize");
  const [height, width] = targetSize(images.height, images.width, spec.size, spec.maxSize);
  const [rows, columns] = middle.size;
  // What is too small is padded.
  if (rows > height || columns > width) return centerCrop(resize(batch, spec), middle);
  const window = { ...middleOf({ height, width }, middle.size), height: rows, width: columns };
  const { interpolation = "bilinear", antialias } = spec;
  return batchOf(resample(images, height, width, interpolation, antialias, window));
}

/** One number is the length of the shorter edge; the other keeps the image's proportions. */
function targetSize(
  height: number,
  width: number,
  size: number | ImageSize,
  maxSize: number | null,
): ImageSize {
  if (typeof size !== "number") return size;
  const [short, long] = width <= height ? [width, height] : [height, width];
  let newShort = size;
  let newLong = Math.trunc((size * long) / short);
  if (maxSize !== null) {
    if (maxSize <= size) {
      throw new ArgumentError(`Resize: expected maxSize greater than size ${size}, got ${maxSize}`);
    }
    if (newLong > maxSize) {
      newShort = Math.trunc((maxSize * newShort) / newLong);
      newLong = maxSize;
    }
  }
  return width <= height ? [newLong, newShort] : [newShort, newLong];
}
