/** AlexNet as the chapter builds it. */
import { type ArgumentsOf, parameterTable } from "../base/params/arguments.ts";
import * as nn from "../nn/index.ts";
import { keepArchitecture } from "../records/network_architecture.ts";
import { type ActivationName, activationLayer } from "./activations.ts";

/** What `alexnet` takes. */
export interface AlexNetOptions {
  /** Size of the output. @default 10 */
  numClasses?: number;
  /** The activation after each layer but the last. @default "relu" */
  activation?: ActivationName;
  /** Probability with which a hidden dense unit is left out. @default 0.5 */
  dropout?: number;
  /** Whether there is batch normalisation before each activation. @default false */
  batchNorm?: boolean;
}

const ALEXNET = parameterTable<AlexNetOptions>("alexnet")(
  ["numClasses?:integer", "activation?", "dropout?", "batchNorm?"],
  (numClasses = 10, activation = "relu", dropout = 0.5, batchNorm = false) => ({
    numClasses,
    activation,
    dropout,
    batchNorm,
  }),
);

/**
 * AlexNet for one channel and 10 classes: five convolutions, two hidden dense layers, ReLU and dropout.
 *
 * Input [N, 1, 224, 224], output [N, 10]; 46,764,746 parameters, 938 M multiply-adds an image. Shapes: 96x54x54,
 * 96x26x26, 256x26x26, 256x12x12, 384x12x12, 384x12x12, 256x12x12, 256x5x5, 6400, 4096, 4096, 10.
 *
 * Source: A. Krizhevsky, I. Sutskever, G. Hinton, "ImageNet classification with deep convolutional neural
 * networks", 2012; as given in "Dive into Deep Learning", section 7.1.2. See `torchvision.alexnet` for three
 * channels and 1000 classes.
 *
 * @param numClasses - size of the output.
 * @throws ArgumentError for an unknown activation.
 * @example
 * ```ts
 * const net = models.alexnet();
 * const variant = models.alexnet({ batchNorm: true, dropout: 0 });
 * ```
 */
export function alexnet(...args: ArgumentsOf<typeof ALEXNET>): nn.Sequential {
  const options = ALEXNET.bind(args);
  const { numClasses, activation, dropout, batchNorm } = options;
  const act = () => activationLayer("alexnet", activation);
  const norm = (channels: number) => (batchNorm ? [nn.BatchNorm2d(channels)] : []);
  const net = nn.Sequential(
    // A large 11x11 kernel, to capture objects; a stride of 4 makes the output small.
    ...[nn.Conv2d(1, 96, 11, { stride: 4, padding: 1 }), ...norm(96), act()],
    nn.MaxPool2d(3, { stride: 2 }),
    // A smaller window, padded so that height and width stay; more channels.
    ...[nn.Conv2d(96, 256, 5, { padding: 2 }), ...norm(256), act()],
    nn.MaxPool2d(3, { stride: 2 }),
    // Three convolutions in a row, without pooling between them.
    ...[nn.Conv2d(256, 384, 3, { padding: 1 }), ...norm(384), act()],
    ...[nn.Conv2d(384, 384, 3, { padding: 1 }), ...norm(384), act()],
    ...[nn.Conv2d(384, 256, 3, { padding: 1 }), ...norm(256), act()],
    nn.MaxPool2d(3, { stride: 2 }),
    nn.Flatten(),
    // Dense layers several times as large as LeNet's; dropout against overfitting.
    ...[nn.Linear(6400, 4096), act(), nn.Dropout(dropout)],
    ...[nn.Linear(4096, 4096), act(), nn.Dropout(dropout)],
    nn.Linear(4096, numClasses),
  );
  return keepArchitecture(net, { name: "alexnet", options });
}
