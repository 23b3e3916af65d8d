/** Channels to pixels and back. */

import { ShapeError } from "../../../base/errors.ts";
import { formatShape } from "../../../base/shape.ts";
import type { Value } from "../../../graph/node.ts";
import { permute, reshape } from "../../../ops/shape/shape_ops.ts";
import type { InputParameter } from "../../input_parameter.ts";
import { defineCall, Tensor, valueOf } from "../../tensor.ts";
import { named, sizes } from "./arguments.ts";

export interface PixelShuffleParameters extends InputParameter {
  /** How many times larger the image becomes. */
  upscaleFactor: number;
}

export interface PixelUnshuffleParameters extends InputParameter {
  /** How many times smaller the image becomes. */
  downscaleFactor: number;
}

export interface ChannelShuffleParameters extends InputParameter {
  /** How many groups the channels are divided into. */
  groups: number;
}

type ImageShape = readonly [channels: number, height: number, width: number];

/** An image [..., C, H, W], taken apart. */
interface ImageParts {
  readonly value: Value;
  /** The dimensions before the channels. */
  readonly lead: readonly number[];
  readonly sizes: ImageShape;
}

/** @throws ShapeError if the input is not an image or its sizes do not fit, which `needed` says in words. */
function imageOf(of: string, value: Value, needed: string, fits: (sizes: ImageShape) => boolean): ImageParts {
  const sizes = value.shape.slice(-3) as unknown as ImageShape;
  if (value.shape.length >= 3 && fits(sizes)) return { value, lead: value.shape.slice(0, -3), sizes };
  throw new ShapeError(
    `${named(of)}: expected an input [..., C, H, W] with ${needed}, got ${formatShape(value.shape)}`,
  );
}

/** An image seen as `parts`, its dimensions put in this order and joined to `sizes`. */
function regrouped(
  { value, lead }: ImageParts,
  parts: readonly number[],
  order: readonly number[],
  sizes: readonly number[],
): Tensor {
  const dims = [...lead.map((_, d) => d), ...order.map((d) => lead.length + d)];
  return new Tensor(reshape(permute(reshape(value, [...lead, ...parts]), dims), [...lead, ...sizes]));
}

/**
 * [..., C r^2, H, W] to [..., C, H r, W r]: groups of channels become blocks of pixels.
 *
 * @example
 * ```ts
 * nn.functional.pixelShuffle(randn(8, 12, 7, 7), 2).shape; // [8, 3, 14, 14]
 * ```
 */
export const pixelShuffle = defineCall<PixelShuffleParameters>("pixelShuffle")(
  ["input", "upscaleFactor"],
  (input, upscaleFactor) => {
    const value = valueOf(input, "input", named("pixelShuffle"));
    const [r] = sizes("pixelShuffle", "upscaleFactor", upscaleFactor, 1, 1);
    const image = imageOf("pixelShuffle", value, `C divisible by ${r * r}`, ([c]) => c % (r * r) === 0);
    const [channels, height, width] = image.sizes;
    const rest = channels / (r * r);
    return regrouped(image, [rest, r, r, height, width], [0, 3, 1, 4, 2], [rest, height * r, width * r]);
  },
);

/**
 * [..., C, H r, W r] to [..., C r^2, H, W]: undoes `pixelShuffle`.
 *
 * @example
 * ```ts
 * nn.functional.pixelUnshuffle(randn(8, 3, 14, 14), 2).shape; // [8, 12, 7, 7]
 * ```
 */
export const pixelUnshuffle = defineCall<PixelUnshuffleParameters>("pixelUnshuffle")(
  ["input", "downscaleFactor"],
  (input, downscaleFactor) => {
    const value = valueOf(input, "input", named("pixelUnshuffle"));
    const [r] = sizes("pixelUnshuffle", "downscaleFactor", downscaleFactor, 1, 1);
    const divisible = ([, h, w]: ImageShape) => h % r === 0 && w % r === 0;
    const image = imageOf("pixelUnshuffle", value, `H and W divisible by ${r}`, divisible);
    const [channels, height, width] = image.sizes;
    const [down, across] = [height / r, width / r];
    return regrouped(
      image,
      [channels, down, r, across, r],
      [0, 2, 4, 1, 3],
      [channels * r * r, down, across],
    );
  },
);

/**
 * Deals the channels of each group out to all groups: [N, g k, ...] seen as [N, g, k] is transposed.
 *
 * @example
 * ```ts
 * nn.functional.channelShuffle(randn(8, 6, 7, 7), 3).shape; // [8, 6, 7, 7]
 * ```
 */
export const channelShuffle = defineCall<ChannelShuffleParameters>("channelShuffle")(
  ["input", "groups"],
  (input, groups) => {
    const x = valueOf(input, "input", named("channelShuffle"));
    const [g] = sizes("channelShuffle", "groups", groups, 1, 1);
    const [batch, channels, ...rest] = x.shape;
    if (x.shape.length < 3 || channels % g !== 0) {
      throw new ShapeError(
        `${named("channelShuffle")}: expected an input [N, C, ...] with C divisible by ${g}, got ${formatShape(x.shape)}`,
      );
    }
    const parts = reshape(x, [batch, g, channels / g, ...rest]);
    return new Tensor(reshape(permute(parts, [0, 2, 1, ...rest.map((_, d) => d + 3)]), x.shape));
  },
);
