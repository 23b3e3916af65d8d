/** Layers that move elements between channels and pixels. */
import type { Tensor } from "../../tensor/tensor.ts";
import * as F from "../functional.ts";
import { defineLayer } from "../module/layer.ts";

export interface UpscaleSettings {
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
export const PixelShuffle = defineLayer<
  [upscaleFactor: number] | [options: UpscaleSettings],
  UpscaleSettings
>("PixelShuffle", ["upscaleFactor"], {
  forward: ({ upscaleFactor }, input: Tensor) => F.pixelShuffle(input, upscaleFactor),
  describe: (s) => `upscale_factor=${s.upscaleFactor}`,
});
export type PixelShuffle = InstanceType<typeof PixelShuffle>;

export interface DownscaleSettings {
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
export const PixelUnshuffle = defineLayer<
  [downscaleFactor: number] | [options: DownscaleSettings],
  DownscaleSettings
>("PixelUnshuffle", ["downscaleFactor"], {
  forward: ({ downscaleFactor }, input: Tensor) => F.pixelUnshuffle(input, downscaleFactor),
  describe: (s) => `downscale_factor=${s.downscaleFactor}`,
});
export type PixelUnshuffle = InstanceType<typeof PixelUnshuffle>;

export interface GroupSettings {
  groups: number;
}
/**
 * Channels of all groups in turn.
 *
 * @example
 * ```ts
 * nn.ChannelShuffle(3)(randn(8, 6, 7, 7)).shape; // [8, 6, 7, 7]
 * ```
 */
export const ChannelShuffle = defineLayer<[groups: number] | [options: GroupSettings], GroupSettings>(
  "ChannelShuffle",
  ["groups"],
  {
    forward: ({ groups }, input: Tensor) => F.channelShuffle(input, groups),
    describe: (s) => `groups=${s.groups}`,
  },
);
export type ChannelShuffle = InstanceType<typeof ChannelShuffle>;
