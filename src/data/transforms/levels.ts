import { ArgumentError, DTypeError } from "../../base/errors.ts";
import type { ArrayBatch } from "../array_batch.ts";
import { batchOf, imagesOf } from "./images.ts";

/** i / 255 in float32, for every byte. */
const UNIT = Float32Array.from({ length: 256 }, (_, i) => i / 255);

/** uint8 from 0..255 to float32 in 0..1; float32 is passed on. */
export function toTensor(batch: Readonly<ArrayBatch>): ArrayBatch {
  if (batch.dtype === "float32") return { ...batch };
  if (batch.dtype !== "uint8")
    throw new DTypeError(`ToTensor: expected uint8 or float32, got ${batch.dtype}`);
  const data = new Float32Array(batch.data.length);
  for (let i = 0; i < data.length; i++) data[i] = UNIT[batch.data[i]];
  return { data, shape: batch.shape, dtype: "float32" };
}

/** (x - mean) / std for each channel, in float32. */
export function normalize(batch: Readonly<ArrayBatch>, spec: { mean: number[]; std: number[] }): ArrayBatch {
  const images = imagesOf(batch, "Normalize");
  if (images.dtype !== "float32") {
    throw new DTypeError(`Normalize: expected float32, got ${images.dtype}; put ToTensor() before it`);
  }
  const { channels } = images;
  for (const list of [spec.mean, spec.std]) {
    if (list.length !== 1 && list.length !== channels) {
      throw new ArgumentError(
        `Normalize: expected mean and std for ${channels} channels (or one for all), got ${list.length}`,
      );
    }
  }
  const data = new Float32Array(images.data.length);
  const plane = images.height * images.width;
  for (let p = 0; p < images.count * channels; p++) {
    const mean = Math.fround(spec.mean[spec.mean.length === 1 ? 0 : p % channels]);
    const std = Math.fround(spec.std[spec.std.length === 1 ? 0 : p % channels]);
    for (let i = p * plane; i < (p + 1) * plane; i++) data[i] = Math.fround(images.data[i] - mean) / std;
  }
  return batchOf({ ...images, data });
}
