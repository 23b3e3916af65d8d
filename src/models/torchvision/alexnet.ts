/** AlexNet as torchvision ships it. */
import { type ArgumentsOf, parameterTable, withMaker } from "../../base/params/arguments.ts";
import { callable } from "../../base/params/callable.ts";
import * as nn from "../../nn/index.ts";
import { flatten } from "../../tensor/functions/index.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { pretrained } from "../pretrained/pretrained_network.ts";
import { imagenet1k } from "./weights.ts";

/** What `AlexNet` takes. */
export interface AlexNetOptions {
  /** Size of the output. @default 1000 */
  numClasses?: number;
  /** Probability with which a hidden dense unit is left out. @default 0.5 */
  dropout?: number;
}

const ALEXNET = parameterTable<AlexNetOptions>("AlexNet")(
  ["numClasses?:integer", "dropout?"],
  (numClasses = 1000, dropout = 0.5) => ({ numClasses, dropout }),
);

/** See {@link AlexNet}. */
export class AlexNetModule extends nn.Module {
  /** @internal Passes depend on nothing but inputs, tensors and settings. */
  static readonly recordsAlike = true;
  features: nn.Sequential;
  avgpool: nn.Module;
  classifier: nn.Sequential;

  constructor(...args: ArgumentsOf<typeof ALEXNET>) {
    super();
    const { numClasses, dropout } = ALEXNET.bind(args);
    this.features = nn.Sequential(
      nn.Conv2d(3, 64, 11, { stride: 4, padding: 2 }),
      nn.ReLU(true),
      nn.MaxPool2d(3, 2),
      nn.Conv2d(64, 192, 5, { padding: 2 }),
      nn.ReLU(true),
      nn.MaxPool2d(3, 2),
      nn.Conv2d(192, 384, 3, { padding: 1 }),
      nn.ReLU(true),
      nn.Conv2d(384, 256, 3, { padding: 1 }),
      nn.ReLU(true),
      nn.Conv2d(256, 256, 3, { padding: 1 }),
      nn.ReLU(true),
      nn.MaxPool2d(3, 2),
    );
    this.avgpool = nn.AdaptiveAvgPool2d([6, 6]);
    this.classifier = nn.Sequential(
      nn.Dropout(dropout),
      nn.Linear(256 * 6 * 6, 4096),
      nn.ReLU(true),
      nn.Dropout(dropout),
      nn.Linear(4096, 4096),
      nn.ReLU(true),
      nn.Linear(4096, numClasses),
    );
  }

  override forward(x: Tensor): Tensor {
    return this.classifier(flatten(this.avgpool(this.features(x)), 1));
  }
}

/**
 * AlexNet for ImageNet: [N, 3, H, W] (63x63 at least, 224x224 usually) to [N, 1000]; 61,100,840 parameters.
 *
 * State-dict keys and shapes are torchvision's.
 *
 * Source: A. Krizhevsky, "One weird trick for parallelizing convolutional neural networks", 2014.
 *
 * @example
 * ```ts no-run
 * const net = models.torchvision.AlexNet(1000);
 * ```
 */
export const AlexNet = callable("AlexNet", AlexNetModule);
export type AlexNet = AlexNetModule;

/**
 * A new `AlexNet`, with PyTorch's default initial values of weights, or a promise of one with torchvision's: see
 * {@link resnet18}.
 *
 * @example
 * ```ts no-run
 * const net = models.torchvision.alexnet();
 * const pretrained = await models.torchvision.alexnet({ weights: "IMAGENET1K_V1" });
 * ```
 */
export const alexnet = pretrained(
  "torchvision-alexnet",
  withMaker(ALEXNET, "alexnet", (...args) => new AlexNetModule(...args)),
  {
    IMAGENET1K_V1: imagenet1k("alexnet-owt-7be5be79.pth", 233.087),
  },
);
