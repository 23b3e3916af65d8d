/** Channels to pixels and back. */
import { ShapeError } from "../../../base/errors.ts";
import { formatShape } from "../../../base/shape.ts";
import { permute, reshape } from "../../../ops/shape/shape_ops.ts";
import { defineCall } from "../../define.ts";
import { Tensor, valueOf } from "../../tensor.ts";
import { named, sizes } from "./arguments.ts";

export interface PixelShuffleParameters {
  /** The tensor. */
  input: Tensor;
  /** How many times larger the image becomes. */
  upscaleFactor: number;
}

export interface PixelUnshuffleParameters {
  /** The tensor. */
  input: Tensor;
  /** How many times smaller the image becomes. */
  downscaleFactor: number;
}

export interface ChannelShuffleParameters {
  /** The tensor. */
  input: Tensor;
  /** How many groups the channels are divided into. */
  groups: number;
}

/**
 * [..., C r^2, H, W] to [..., C, H r, W r]: groups of channels become blocks of pixels.
 *
 * @example
 * ```ts
 * nn.functional.pixelShuffle(randn(8, 12, 7, 7), 2).shape; // [8, 3, 14, 14]
 * ```
 */
export const pixelShuffle = defineCall<PixelShuffleParameters>()(
  "pixelShuffle",
  ["input", "upscaleFactor"],
  (input, upscaleFactor) => {
    const x = valueOf(input, "input", named("pixelShuffle"));
    const [r] = sizes("pixelShuffle", "upscaleFactor", upscaleFactor, 1, 1);
    const lead = x.shape.slice(0, -3);
    const [channels, height, width] = x.shape.slice(-3);
    if (x.shape.length < 3 || channels % (r * r) !== 0) {
      throw new ShapeError(
        `${named("pixelShuffle")}: expected an input [..., C, H, W] with C divisible by ${r * r}, got ${formatShape(x.shape)}`,
      );
    }
    const parts = reshape(x, [...lead, channels / (r * r), r, r, height, width]);
    const n = lead.length;
    const order = [...lead.map((_, d) => d), n, n + 3, n + 1, n + 4, n + 2];
    return new Tensor(reshape(permute(parts, order), [...lead, channels / (r * r), height * r, width * r]));
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
export const pixelUnshuffle = defineCall<PixelUnshuffleParameters>()(
  "pixelUnshuffle",
  ["input", "downscaleFactor"],
  (input, downscaleFactor) => {
    const x = valueOf(input, "input", named("pixelUnshuffle"));
    const [r] = sizes("pixelUnshuffle", "downscaleFactor", downscaleFactor, 1, 1);
    const lead = x.shape.slice(0, -3);
    const [channels, height, width] = x.shape.slice(-3);
    if (x.shape.length < 3 || height % r !== 0 || width % r !== 0) {
      throw new ShapeError(
        `${named("pixelUnshuffle")}: expected an input [..., C, H, W] with H and W divisible by ${r}, got ${formatShape(x.shape)}`,
      );
    }
    const parts = reshape(x, [...lead, channels, height / r, r, width / r, r]);
    const n = lead.length;
    const order = [...lead.map((_, d) => d), n, n + 2, n + 4, n + 1, n + 3];
    return new Tensor(reshape(permute(parts, order), [...lead, channels * r * r, height / r, width / r]));
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
export const channelShuffle = defineCall<ChannelShuffleParameters>()(
  "channelShuffle",
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
