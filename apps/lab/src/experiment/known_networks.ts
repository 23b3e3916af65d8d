/** The chapter's networks as blocks, at the width and for the images that are chosen. */
import type { ActivationType, Block } from "./blocks.ts";
import type { Activation, KnownNetwork, KnownOptions } from "./experiment.ts";

const LAYER_OF: Readonly<Record<Activation, ActivationType>> = {
  sigmoid: "Sigmoid",
  tanh: "Tanh",
  relu: "ReLU",
  leakyRelu: "LeakyReLU",
  elu: "ELU",
  gelu: "GELU",
  silu: "SiLU",
};

/** What each network is at first, and the section of the book that describes it. */
export const KNOWN_FACTS: Readonly<
  Record<KnownNetwork, { readonly title: string; readonly section: string; readonly options: KnownOptions }>
> = {
  lenet: { title: "LeNet", section: "6.6", options: options(1, 28, "sigmoid", 0) },
  "bn-lenet": {
    title: "BN-LeNet",
    section: "7.5",
    options: { ...options(1, 28, "sigmoid", 0), batchNorm: true },
  },
  alexnet: { title: "AlexNet", section: "7.1", options: options(1 / 8, 28, "relu", 0.5) },
  vgg: { title: "VGG-11", section: "7.2", options: options(1 / 8, 32, "relu", 0.5) },
  nin: { title: "NiN", section: "7.3", options: options(1 / 8, 32, "relu", 0.5) },
  googlenet: { title: "GoogLeNet", section: "7.4", options: options(1 / 4, 32, "relu", 0) },
};

function options(width: number, size: number, activation: Activation, dropout: number): KnownOptions {
  return { width, size, activation, batchNorm: false, dropout };
}

/** Below this many pixels an 11x11 kernel with a stride of 4 leaves nothing to look at. */
const LARGE = 128;

const conv = (outChannels: number, kernelSize: number, padding = 0, stride = 1): Block => ({
  type: "Conv2d",
  outChannels,
  kernelSize,
  stride,
  padding,
});
const maxPool = (kernelSize: number, stride: number, padding = 0): Block => ({
  type: "MaxPool2d",
  kernelSize,
  stride,
  padding,
});
const avgPool: Block = { type: "AvgPool2d", kernelSize: 2, stride: 2, padding: 0 };
const flatten: Block = { type: "Flatten" };
const linear = (outFeatures: number): Block => ({ type: "Linear", outFeatures });

/** What is repeated in a network. */
class Parts {
  readonly #options: KnownOptions;

  constructor(given: KnownOptions) {
    this.#options = given;
  }

  channels(full: number): number {
    return Math.max(1, Math.round(full * this.#options.width));
  }

  activation(): Block {
    return { type: LAYER_OF[this.#options.activation] };
  }

  /** Behind a convolution: batch norm if it is chosen, and the activation. */
  active2d(): Block[] {
    return [...(this.#options.batchNorm ? [{ type: "BatchNorm2d" } as const] : []), this.activation()];
  }

  /** Behind a dense layer; AlexNet and VGG normalise feature maps alone. */
  active1d(normalises = false): Block[] {
    const { batchNorm, dropout } = this.#options;
    return [
      ...(batchNorm && normalises ? [{ type: "BatchNorm1d" } as const] : []),
      this.activation(),
      ...(dropout > 0 ? [{ type: "Dropout", p: dropout } as const] : []),
    ];
  }
}

/** The blocks of one of the chapter's networks. */
export function blocksOf(name: KnownNetwork, given: KnownOptions, classes: number): readonly Block[] {
  const parts = new Parts(name === "bn-lenet" ? { ...given, batchNorm: true } : given);
  return NETWORKS[name](parts, given, classes);
}

type Build = (parts: Parts, given: KnownOptions, classes: number) => Block[];

/** Section 6.6: two convolutions with average pooling, three dense layers. */
const lenet =
  (padding: number): Build =>
  (parts, _given, classes) => [
    conv(parts.channels(6), 5, padding),
    ...parts.active2d(),
    avgPool,
    conv(parts.channels(16), 5),
    ...parts.active2d(),
    avgPool,
    flatten,
    linear(parts.channels(120)),
    ...parts.active1d(true),
    linear(parts.channels(84)),
    ...parts.active1d(true),
    linear(classes),
  ];

const NETWORKS: Readonly<Record<KnownNetwork, Build>> = {
  lenet: lenet(2),
  // Section 7.5.5.
  "bn-lenet": lenet(0),
  // Section 7.1.2; small images get small kernels.
  alexnet: (parts, { size }, classes) => {
    const pool = size < LARGE ? maxPool(2, 2) : maxPool(3, 2);
    const first = size < LARGE ? conv(parts.channels(96), 5, 2) : conv(parts.channels(96), 11, 1, 4);
    const widths = [384, 384, 256].map((full) => parts.channels(full));
    return [
      first,
      ...parts.active2d(),
      pool,
      conv(parts.channels(256), 5, 2),
      ...parts.active2d(),
      pool,
      ...widths.flatMap((width) => [conv(width, 3, 1), ...parts.active2d()]),
      pool,
      flatten,
      linear(parts.channels(4096)),
      ...parts.active1d(),
      linear(parts.channels(4096)),
      ...parts.active1d(),
      linear(classes),
    ];
  },
  // Section 7.2.2, VGG-11; pooling ends when nothing is left to halve.
  vgg: (parts, { size }, classes) => {
    let side = size;
    const blocks = [
      [1, 64],
      [1, 128],
      [2, 256],
      [2, 512],
      [2, 512],
    ].flatMap(([convolutions, full]) => {
      const pools = side >= 2;
      if (pools) side = Math.floor(side / 2);
      return [
        ...Array.from({ length: convolutions }, () => [
          conv(parts.channels(full), 3, 1),
          ...parts.active2d(),
        ]).flat(),
        ...(pools ? [maxPool(2, 2)] : []),
      ];
    });
    return [
      ...blocks,
      flatten,
      linear(parts.channels(4096)),
      ...parts.active1d(),
      linear(parts.channels(4096)),
      ...parts.active1d(),
      linear(classes),
    ];
  },
  // Section 7.3.2.
  nin: (parts, { size, dropout }, classes) => {
    const pool = size < LARGE ? maxPool(2, 2) : maxPool(3, 2);
    const block = (width: number, first: Block) => [
      first,
      ...parts.active2d(),
      conv(width, 1),
      ...parts.active2d(),
      conv(width, 1),
      ...parts.active2d(),
    ];
    const [a, b, c] = [96, 256, 384].map((full) => parts.channels(full));
    return [
      ...block(a, size < LARGE ? conv(a, 5, 2) : conv(a, 11, 0, 4)),
      pool,
      ...block(b, conv(b, 5, 2)),
      pool,
      ...block(c, conv(c, 3, 1)),
      pool,
      ...(dropout > 0 ? [{ type: "Dropout", p: dropout } as const] : []),
      ...block(classes, conv(classes, 3, 1)),
      { type: "AdaptiveAvgPool2d", outputSize: 1 },
      flatten,
    ];
  },
  // Section 7.4.2.
  googlenet: (parts, { size }, classes) => {
    const pool = maxPool(3, 2, 1);
    const n = (full: number) => parts.channels(full);
    const inception = (
      c1: number,
      c2: readonly [number, number],
      c3: readonly [number, number],
      c4: number,
    ) =>
      ({
        type: "Inception",
        c1: n(c1),
        c2: [n(c2[0]), n(c2[1])],
        c3: [n(c3[0]), n(c3[1])],
        c4: n(c4),
      }) as const;
    // Small images are not halved twice before anything has been seen.
    const stem =
      size < 64
        ? [conv(n(64), 3, 1), ...parts.active2d()]
        : [conv(n(64), 7, 3, 2), ...parts.active2d(), pool];
    return [
      ...stem,
      conv(n(64), 1),
      ...parts.active2d(),
      conv(n(192), 3, 1),
      ...parts.active2d(),
      pool,
      inception(64, [96, 128], [16, 32], 32),
      inception(128, [128, 192], [32, 96], 64),
      pool,
      inception(192, [96, 208], [16, 48], 64),
      inception(160, [112, 224], [24, 64], 64),
      inception(128, [128, 256], [24, 64], 64),
      inception(112, [144, 288], [32, 64], 64),
      inception(256, [160, 320], [32, 128], 128),
      pool,
      inception(256, [160, 320], [32, 128], 128),
      inception(384, [192, 384], [48, 128], 128),
      { type: "AdaptiveAvgPool2d", outputSize: 1 },
      flatten,
      linear(classes),
    ];
  },
};
