/** MixUp and CutMix: each image of a batch together with the one before it, and their labels with it. */
import { ArgumentError, DTypeError, ShapeError } from "../../base/errors.ts";
import { formatShape } from "../../base/shape.ts";
import type { ArrayBatch } from "../array_batch.ts";
import { imagesOf } from "./images.ts";
import { f32 } from "./operations/rounding.ts";
import type { Rectangle } from "./random_rectangle.ts";

/** lambda x + (1 - lambda) times the image before; the first one is mixed with the last. */
export function mixImages(batch: Readonly<ArrayBatch>, lambda: number): ArrayBatch {
  const { count, dtype } = imagesOf(batch, "MixUp");
  if (dtype !== "float32")
    throw new DTypeError(`MixUp: expected float32 images, got ${dtype}; put ToTensor() into the transform`);
  return { ...batch, data: mixedRows(batch.data, count, lambda) };
}

/** Each image with a rectangle of the image before. */
export function cutImages(batch: Readonly<ArrayBatch>, box: Rectangle): ArrayBatch {
  const { data, count, channels, height, width } = imagesOf(batch, "CutMix");
  const out = data.slice();
  const size = channels * height * width;
  for (let n = 0; n < count; n++) {
    const before = (n + count - 1) % count;
    for (let c = 0; c < channels; c++) {
      for (let y = box.top; y < box.top + box.height; y++) {
        const from = (c * height + y) * width + box.left;
        out.set(data.subarray(before * size + from, before * size + from + box.width), n * size + from);
      }
    }
  }
  return { ...batch, data: out };
}

/** Labels as probabilities [N, numClasses], mixed like the images. */
export function mixLabels(probabilities: ArrayBatch, lambda: number): ArrayBatch {
  return { ...probabilities, data: mixedRows(probabilities.data, probabilities.shape[0], lambda) };
}

function mixedRows(data: ArrayLike<number>, count: number, lambda: number): Float32Array {
  const size = data.length / Math.max(1, count);
  const [own, other] = [f32(lambda), f32(1 - lambda)];
  const out = new Float32Array(data.length);
  for (let i = 0; i < out.length; i++) {
    const before = i < size ? data.length - size + i : i - size;
    out[i] = f32(f32(data[before] * other) + f32(data[i] * own));
  }
  return out;
}

/**
 * Labels as probabilities: class numbers [N] become one row each, rows [N, C] stay.
 *
 * @throws ShapeError for another shape, ArgumentError for a label that is not a class.
 */
export function probabilitiesOf(
  labels: ArrayBatch,
  count: number,
  numClasses: number | null,
  of: string,
): ArrayBatch {
  const { shape, data } = labels;
  if ((shape.length !== 1 && shape.length !== 2) || shape[0] !== count) {
    throw new ShapeError(
      `${of}: expected labels [${count}] or [${count}, classes] for ${count} images, got ${formatShape(shape)}`,
    );
  }
  if (shape.length === 2) {
    if (numClasses !== null && shape[1] !== numClasses)
      throw new ShapeError(`${of}: expected labels of ${numClasses} classes, got ${formatShape(shape)}`);
    return { shape, dtype: "float32", data: Float32Array.from(data, Number) };
  }
  if (numClasses === null)
    throw new ArgumentError(
      `${of}: give \`numClasses\`: labels are class numbers, and a row of probabilities is needed`,
    );
  const rows = new Float32Array(count * numClasses);
  for (let n = 0; n < count; n++) {
    const label = Number(data[n]);
    if (!(Number.isInteger(label) && label >= 0 && label < numClasses))
      throw new ArgumentError(`${of}: expected labels from 0 to ${numClasses - 1}, got ${label}`);
    rows[n * numClasses + label] = 1;
  }
  return { shape: [count, numClasses], dtype: "float32", data: rows };
}

/** The part of an image that a rectangle leaves: lambda of its labels. */
export function lambdaOf(box: Rectangle, height: number, width: number): number {
  return 1 - (box.width * box.height) / (width * height);
}
