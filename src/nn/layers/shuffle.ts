/** Layers that move elements between channels and pixels. */
import { parameterTable } from "../../base/params/arguments.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import * as F from "../functional.ts";
import { defineLayer } from "../module/layer.ts";

/** What `PixelShuffle` takes. */
export interface UpscaleSettings {
  /** The r by which height and width grow. */
  upscaleFactor: number;
}
/**
 * [N, C r^2, H, W] as [N, C, H r, W r]: sub-pixel convolution.
 *
 * @example
 * ```ts
 * nn.PixelShuffle(2)(randn(8, 12, 7, 7)).shape; // [8, 3, 14, 14]
 * ```
 */
export const PixelShuffle = defineLayer(
  parameterTable<UpscaleSettings>("PixelShuffle")(["upscaleFactor"], (upscaleFactor) => ({
    upscaleFactor,
  })),
  {
    forward: ({ upscaleFactor }, input: Tensor) => F.pixelShuffle.direct(input, upscaleFactor),
    describe: (s) => `upscale_factor=${s.upscaleFactor}`,
  },
);
export type PixelShuffle = InstanceType<typeof PixelShuffle>;

/** What `PixelUnshuffle` takes. */
export interface DownscaleSettings {
  /** The r by which height and width shrink. */
  downscaleFactor: number;
}
/**
 * [N, C, H r, W r] as [N, C r^2, H, W].
 *
 * @example
 * ```ts
 * nn.PixelUnshuffle(2)(randn(8, 3, 14, 14)).shape; // [8, 12, 7, 7]
 * ```
 */
export const PixelUnshuffle = defineLayer(
  parameterTable<DownscaleSettings>("PixelUnshuffle")(["downscaleFactor"], (downscaleFactor) => ({
    downscaleFactor,
  })),
  {
    forward: ({ downscaleFactor }, input: Tensor) => F.pixelUnshuffle.direct(input, downscaleFactor),
    describe: (s) => `downscale_factor=${s.downscaleFactor}`,
  },
);
export type PixelUnshuffle = InstanceType<typeof PixelUnshuffle>;

/** What `ChannelShuffle` takes. */
export interface GroupSettings {
  /** Groups of channels; they divide the number of channels. */
  groups: number;
}
/**
 * Interleaves the channels of all groups.
 *
 * @example
 * ```ts
 * nn.ChannelShuffle(3)(randn(8, 6, 7, 7)).shape; // [8, 6, 7, 7]
 * ```
 */
export const ChannelShuffle = defineLayer(
  parameterTable<GroupSettings>("ChannelShuffle")(["groups"], (groups) => ({ groups })),
  {
    forward: ({ groups }, input: Tensor) => F.channelShuffle.direct(input, groups),
    describe: (s) => `groups=${s.groups}`,
  },
);
export type ChannelShuffle = InstanceType<typeof ChannelShuffle>;
