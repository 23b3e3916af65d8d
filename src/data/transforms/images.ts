import { allocateArray, type DType, type TypedArray } from "../../base/dtype.ts";
import { DTypeError, ShapeError } from "../../base/errors.ts";
import { formatShape } from "../../base/shape.ts";
import type { ArrayBatch } from "../array_batch.ts";

/** A batch of images, [N, C, H, W]; uint8 from 0 to 255, or float32. */
export interface Images {
  readonly data: TypedArray;
  readonly dtype: DType;
  readonly count: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** Looks at a batch as images; says which transform was given something else. */
export function imagesOf(batch: Readonly<ArrayBatch>, transform: string): Images {
  const { data, dtype, shape } = batch;
  if (shape.length !== 4) {
    throw new ShapeError(`${transform}: expected images [N, C, H, W], got ${formatShape(shape)}`);
  }
  if (dtype !== "uint8" && dtype !== "float32") {
    throw new DTypeError(`${transform}: expected images in uint8 or float32, got ${dtype}`);
  }
  const [count, channels, height, width] = shape;
  return { data, dtype, count, channels, height, width };
}

/** New images of another size, all zero, with what else is the same. */
export function blankLike(images: Images, height: number, width: number): Images {
  const data = allocateArray(images.dtype, images.count * images.channels * height * width);
  return { ...images, data, height, width };
}

export function batchOf({ data, dtype, count, channels, height, width }: Images): ArrayBatch {
  return { data, dtype, shape: [count, channels, height, width] };
}
