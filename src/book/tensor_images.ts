/** Tensors as images to look at. */

import { isFloating } from "../base/dtype.ts";
import { ArgumentError, ShapeError } from "../base/errors.ts";
import { formatShape } from "../base/shape.ts";
import type { Image } from "../records/image.ts";
import { Tensor } from "../tensor/tensor.ts";

/** Numbers of one image, row by row from the top; the channels of a pixel beside each other. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3 | 4;
  readonly data: ArrayLike<number>;
  /** Whether they are bytes, 0 to 255. */
  readonly areBytes: boolean;
}

/**
 * Images of a tensor [N, H, W] or [N, C, H, W], or of a list of tensors [H, W], [C, H, W] or [H, W, C] with 1, 3 or
 * 4 channels; read together.
 */
export async function pixelsOf(of: string, name: string, given: unknown): Promise<Pixels[]> {
  const list = given instanceof Tensor ? batch(of, name, given) : given;
  if (!Array.isArray(list))
    throw new ArgumentError(`${of}: expected \`${name}\` to be a Tensor of images or a list of them`);
  return Promise.all(
    list.map(async (image) => {
      if (!(image instanceof Tensor)) throw new ArgumentError(`${of}: expected every image to be a Tensor`);
      return pixels(of, image.shape, await image.data(), !isFloating(image.dtype));
    }),
  );
}

function batch(of: string, name: string, images: Tensor): Tensor[] {
  if (images.ndim === 3 || images.ndim === 4) return images.unbind(0);
  throw new ShapeError(
    `${of}: expected \`${name}\` of shape [N, H, W] or [N, C, H, W], got ${formatShape(images.shape)}`,
  );
}

function pixels(of: string, shape: readonly number[], data: ArrayLike<number>, areBytes: boolean): Pixels {
  const isChannels = (n: number): n is 1 | 3 | 4 => n === 1 || n === 3 || n === 4;
  if (shape.length === 2) return { height: shape[0], width: shape[1], channels: 1, data, areBytes };
  const [first, middle, last] = shape;
  if (shape.length === 3 && isChannels(first)) {
    const plane = middle * last;
    const beside = new Float64Array(first * plane);
    for (let c = 0; c < first; c++)
      for (let i = 0; i < plane; i++) beside[i * first + c] = Number(data[c * plane + i]);
    return { height: middle, width: last, channels: first, data: beside, areBytes };
  }
  if (shape.length === 3 && isChannels(last))
    return { height: first, width: middle, channels: last, data, areBytes };
  throw new ShapeError(
    `${of}: expected images of shape [H, W], [C, H, W] or [H, W, C] with 1, 3 or 4 channels, got ${formatShape(shape)}`,
  );
}

/**
 * An image as it is shown: grey ones from their smallest value (black) to their largest (white), as matplotlib does;
 * colours from 0 to 1; bytes as they are.
 */
export function shownImage({ width, height, channels, data, areBytes }: Pixels): Image {
  const out = new Uint8Array(data.length);
  const [low, high] = areBytes ? [0, 255] : channels === 1 ? finiteRange([data]) : [0, 1];
  const scale = high > low ? 255 / (high - low) : 0;
  for (let i = 0; i < out.length; i++)
    out[i] = Math.round(Math.min(255, Math.max(0, (Number(data[i]) - low) * scale)));
  return { width, height, channels, data: out };
}

/** The smallest and the largest finite value. */
export function finiteRange(lists: readonly ArrayLike<number>[]): [low: number, high: number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const list of lists) {
    for (let i = 0; i < list.length; i++) {
      const value = Number(list[i]);
      if (!Number.isFinite(value)) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return low <= high ? [low, high] : [0, 0];
}
