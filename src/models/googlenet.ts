/** Networks with parallel paths: the Inception block and GoogLeNet. */
import { type ArgumentsOf, parameterTable } from "../base/params/arguments.ts";
import { callable } from "../base/params/callable.ts";
import * as nn from "../nn/index.ts";
import { type ImageShape, keepInputShape } from "../records/input_shape.ts";
import { keepArchitecture } from "../records/network_architecture.ts";
import { cat, relu } from "../tensor/functions/index.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { classCount } from "./class_count.ts";

/** The images that the chapter gives it. */
export const GOOGLENET_SHAPE: ImageShape = [1, 96, 96];

/** Channels of the narrowing 1x1 convolution of a path, and of the one behind it. */
export type PathChannels = readonly [reduced: number, out: number];

/** What `Inception` takes. */
export interface InceptionOptions {
  /** Channels of the input. */
  inChannels: number;
  /** Channels of the 1x1 path. */
  c1: number;
  /** Channels of the two convolutions of the 3x3 path. */
  c2: PathChannels;
  /** Channels of the two convolutions of the 5x5 path. */
  c3: PathChannels;
  /** Channels behind the pooling. */
  c4: number;
}

const INCEPTION = parameterTable<InceptionOptions>("Inception")(
  ["inChannels", "c1", "c2", "c3", "c4"],
  (inChannels, c1, c2, c3, c4) => ({ inChannels, c1, c2, c3, c4 }),
);

/** See {@link Inception}. */
export class InceptionBlock extends nn.Module {
  /** @internal Passes depend on nothing but inputs, tensors and settings. */
  static readonly recordsAlike = true;
  /** Path 1: a 1x1 convolution. */
  p1_1: nn.Conv2d;
  /** Path 2: 1x1, then 3x3. */
  p2_1: nn.Conv2d;
  p2_2: nn.Conv2d;
  /** Path 3: 1x1, then 5x5. */
  p3_1: nn.Conv2d;
  p3_2: nn.Conv2d;
  /** Path 4: 3x3 max pooling, then 1x1. */
  p4_1: nn.Module;
  p4_2: nn.Conv2d;

  constructor(...args: ArgumentsOf<typeof INCEPTION>) {
    super();
    const { inChannels, c1, c2, c3, c4 } = INCEPTION.bind(args);
    this.p1_1 = nn.Conv2d(inChannels, c1, { kernelSize: 1 });
    this.p2_1 = nn.Conv2d(inChannels, c2[0], { kernelSize: 1 });
    this.p2_2 = nn.Conv2d(c2[0], c2[1], { kernelSize: 3, padding: 1 });
    this.p3_1 = nn.Conv2d(inChannels, c3[0], { kernelSize: 1 });
    this.p3_2 = nn.Conv2d(c3[0], c3[1], { kernelSize: 5, padding: 2 });
    this.p4_1 = nn.MaxPool2d({ kernelSize: 3, stride: 1, padding: 1 });
    this.p4_2 = nn.Conv2d(inChannels, c4, { kernelSize: 1 });
  }

  override forward(x: Tensor): Tensor {
    const p1 = relu(this.p1_1(x));
    const p2 = relu(this.p2_2(relu(this.p2_1(x))));
    const p3 = relu(this.p3_2(relu(this.p3_1(x))));
    const p4 = relu(this.p4_2(this.p4_1(x)));
    // The four paths side by side, as channels.
    return cat([p1, p2, p3, p4], { dim: 1 });
  }
}

/**
 * The Inception block: four parallel paths that keep height and width, their channels joined. ReLU after each
 * convolution.
 *
 * [N, inChannels, H, W] becomes [N, c1 + c2[1] + c3[1] + c4, H, W].
 *
 * Source: "Dive into Deep Learning", section 7.4.1.
 *
 * @param c1 - channels of the 1x1 path.
 * @param c2 - channels of the two convolutions of the 3x3 path.
 * @param c3 - channels of the two convolutions of the 5x5 path.
 * @param c4 - channels behind the pooling.
 * @example
 * ```ts
 * models.Inception(192, 64, [96, 128], [16, 32], 32);
 * ```
 */
export const Inception = callable("Inception", InceptionBlock);
export type Inception = InceptionBlock;

const GOOGLENET = classCount("googlenet");

/**
 * GoogLeNet for one channel and 10 classes, in the chapter's simplified form: nine Inception blocks, averages over
 * the whole image, one dense layer; no auxiliary heads.
 *
 * Input [N, 1, 96, 96], output [N, 10]; 5,977,530 parameters, 276 M multiply-adds an image. Shapes: 64x24x24,
 * 192x12x12, 480x6x6, 832x3x3, 1024, 10.
 *
 * Source: C. Szegedy et al., "Going deeper with convolutions", 2015; as given in "Dive into Deep Learning", section
 * 7.4.2. See `torchvision.googlenet` for three channels, batch norm and the auxiliary heads.
 *
 * @param numClasses - size of the output.
 * @example
 * ```ts
 * const net = models.googlenet();
 * [...net.parameters()].reduce((sum, p) => sum + p.numel(), 0); // 5977530
 * ```
 */
export function googlenet(...args: ArgumentsOf<typeof GOOGLENET>): nn.Sequential {
  const { numClasses } = GOOGLENET.bind(args);
  const pool = () => nn.MaxPool2d({ kernelSize: 3, stride: 2, padding: 1 });
  const b1 = nn.Sequential(nn.Conv2d(1, 64, { kernelSize: 7, stride: 2, padding: 3 }), nn.ReLU(), pool());
  const b2 = nn.Sequential(
    nn.Conv2d(64, 64, { kernelSize: 1 }),
    nn.ReLU(),
    nn.Conv2d(64, 192, { kernelSize: 3, padding: 1 }),
    nn.ReLU(),
    pool(),
  );
  const b3 = nn.Sequential(
    Inception(192, 64, [96, 128], [16, 32], 32),
    Inception(256, 128, [128, 192], [32, 96], 64),
    pool(),
  );
  const b4 = nn.Sequential(
    Inception(480, 192, [96, 208], [16, 48], 64),
    Inception(512, 160, [112, 224], [24, 64], 64),
    Inception(512, 128, [128, 256], [24, 64], 64),
    Inception(512, 112, [144, 288], [32, 64], 64),
    Inception(528, 256, [160, 320], [32, 128], 128),
    pool(),
  );
  const b5 = nn.Sequential(
    Inception(832, 256, [160, 320], [32, 128], 128),
    Inception(832, 384, [192, 384], [48, 128], 128),
    nn.AdaptiveAvgPool2d([1, 1]),
    nn.Flatten(),
  );
  const net = nn.Sequential(b1, b2, b3, b4, b5, nn.Linear(1024, numClasses));
  keepInputShape(net, GOOGLENET_SHAPE);
  return keepArchitecture(net, { name: "googlenet", options: { numClasses } });
}
