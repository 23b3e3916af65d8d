/** Blocks: layers as plain data, in the order in which an image goes through them. */

/** A convolution: kernels of kernelSize x kernelSize pixels. */
export interface Conv2dBlock {
  readonly type: "Conv2d";
  /** By default what comes before gives as many; a number that is another one is a mistake that is shown. */
  readonly inChannels?: number;
  readonly outChannels: number;
  readonly kernelSize: number;
  readonly stride: number;
  readonly padding: number;
}

/** A pooling layer: the largest value, or the mean, of each window. */
export interface PoolBlock {
  readonly type: "MaxPool2d" | "AvgPool2d";
  readonly kernelSize: number;
  readonly stride: number;
  readonly padding: number;
}

/** The mean over parts of the feature map, so that outputSize x outputSize values are left of any size. */
export interface AdaptivePoolBlock {
  readonly type: "AdaptiveAvgPool2d";
  readonly outputSize: number;
}

/** A fully connected layer. */
export interface LinearBlock {
  readonly type: "Linear";
  /** By default what comes before gives as many; a number that is another one is a mistake that is shown. */
  readonly inFeatures?: number;
  readonly outFeatures: number;
}

/** Leaves values out in training, each with probability p. */
export interface DropoutBlock {
  readonly type: "Dropout";
  readonly p: number;
}

/** Four parallel paths, their channels joined. */
export interface InceptionBlock {
  readonly type: "Inception";
  readonly c1: number;
  readonly c2: readonly [reduced: number, out: number];
  readonly c3: readonly [reduced: number, out: number];
  readonly c4: number;
}

export const ACTIVATION_TYPES = ["Sigmoid", "Tanh", "ReLU", "LeakyReLU", "ELU", "GELU", "SiLU"] as const;
export type ActivationType = (typeof ACTIVATION_TYPES)[number];

/** A layer without settings. */
export interface PlainBlock {
  readonly type: ActivationType | "BatchNorm2d" | "BatchNorm1d" | "Flatten";
}

export type Block =
  | Conv2dBlock
  | PoolBlock
  | AdaptivePoolBlock
  | LinearBlock
  | DropoutBlock
  | InceptionBlock
  | PlainBlock;

export type BlockType = Block["type"];

/** A new block of each type, with the settings that it begins with. The order is that of a menu. */
export const NEW_BLOCKS: readonly Block[] = [
  { type: "Conv2d", outChannels: 16, kernelSize: 3, stride: 1, padding: 1 },
  { type: "MaxPool2d", kernelSize: 2, stride: 2, padding: 0 },
  { type: "AvgPool2d", kernelSize: 2, stride: 2, padding: 0 },
  { type: "AdaptiveAvgPool2d", outputSize: 1 },
  { type: "BatchNorm2d" },
  { type: "BatchNorm1d" },
  ...ACTIVATION_TYPES.map((type): Block => ({ type })),
  { type: "Dropout", p: 0.5 },
  { type: "Inception", c1: 16, c2: [16, 24], c3: [4, 8], c4: 8 },
  { type: "Flatten" },
  { type: "Linear", outFeatures: 10 },
];

/** From where to where a setting of a block goes; all but `p` are integers. */
export const SETTING_RANGES = {
  inChannels: [1, 4096],
  outChannels: [1, 2048],
  kernelSize: [1, 31],
  stride: [1, 16],
  padding: [0, 15],
  outputSize: [1, 64],
  inFeatures: [1, 1_000_000],
  outFeatures: [1, 8192],
  p: [0, 0.95],
  c1: [1, 512],
  c2: [1, 512],
  c3: [1, 512],
  c4: [1, 512],
} as const satisfies Readonly<Record<string, readonly [least: number, most: number]>>;

export type BlockSetting = keyof typeof SETTING_RANGES;
