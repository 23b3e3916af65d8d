/** Layers that move elements between channels and pixels. */
import type { Tensor } from "../tensor/tensor.ts";
import * as F from "./functional.ts";
import { defineLayer } from "./layer.ts";

export interface UpscaleSettings {
  upscaleFactor: number;
}
/** [N, C r^2, H, W] as [N, C, H r, W r]: sub-pixel convolution. */
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
/** [N, C, H r, W r] as [N, C r^2, H, W]. */
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
/** Channels of all groups in turn. */
export const ChannelShuffle = defineLayer<[groups: number] | [options: GroupSettings], GroupSettings>(
  "ChannelShuffle",
  ["groups"],
  {
    forward: ({ groups }, input: Tensor) => F.channelShuffle(input, groups),
    describe: (s) => `groups=${s.groups}`,
  },
);
export type ChannelShuffle = InstanceType<typeof ChannelShuffle>;
