/** The stages that EfficientNet-B0 and EfficientNet-Lite0 share. */

/** Blocks of one size of image; the first of them has the step and the input's channels. */
export interface EfficientNetStage {
  /** Channels inside a block for each channel of its input. */
  readonly expansion: number;
  /** Size of the depthwise kernel in pixels. */
  readonly kernelSize: number;
  readonly stride: number;
  readonly inChannels: number;
  readonly outChannels: number;
  /** Number of blocks. */
  readonly count: number;
}

/** Table 1 of the paper. */
export const EFFICIENTNET_STAGES: readonly EfficientNetStage[] = [
  { expansion: 1, kernelSize: 3, stride: 1, inChannels: 32, outChannels: 16, count: 1 },
  { expansion: 6, kernelSize: 3, stride: 2, inChannels: 16, outChannels: 24, count: 2 },
  { expansion: 6, kernelSize: 5, stride: 2, inChannels: 24, outChannels: 40, count: 2 },
  { expansion: 6, kernelSize: 3, stride: 2, inChannels: 40, outChannels: 80, count: 3 },
  { expansion: 6, kernelSize: 5, stride: 1, inChannels: 80, outChannels: 112, count: 3 },
  { expansion: 6, kernelSize: 5, stride: 2, inChannels: 112, outChannels: 192, count: 4 },
  { expansion: 6, kernelSize: 3, stride: 1, inChannels: 192, outChannels: 320, count: 1 },
];
