/** The two LeNets of the chapter. */
import { type ArgumentsOf, parameterTable } from "../base/params/arguments.ts";
import * as nn from "../nn/index.ts";
import { keepArchitecture } from "../records/network_architecture.ts";
import { type ActivationName, activationLayer } from "./activations.ts";
import { classCount } from "./class_count.ts";

/** What `lenet` takes. */
export interface LeNetOptions {
  /** Size of the output. @default 10 */
  numClasses?: number;
  /** The activation after each layer but the last. @default "sigmoid" */
  activation?: ActivationName;
  /** Probability with which a hidden dense unit is left out; 0 for no dropout layers at all. @default 0 */
  dropout?: number;
  /** Whether there is batch normalisation before each activation. @default false */
  batchNorm?: boolean;
}

const LENET = parameterTable<LeNetOptions>("lenet")(
  ["numClasses?:integer", "activation?", "dropout?", "batchNorm?"],
  (numClasses = 10, activation = "sigmoid", dropout = 0, batchNorm = false) => ({
    numClasses,
    activation,
    dropout,
    batchNorm,
  }),
);

/**
 * LeNet, the yardstick: two convolutions with average pooling, three dense layers, sigmoids between.
 *
 * Input [N, 1, 28, 28], output [N, 10]; 61,706 parameters. Shapes: 6x28x28, 6x14x14, 16x10x10, 16x5x5, 400,
 * 120, 84, 10. What the chapter changes in it one by one (activation, dropout, batch norm) are options.
 *
 * Source: Y. LeCun et al., "Gradient-based learning applied to document recognition", 1998; as given in "Dive
 * into Deep Learning", sections 6.6 and 7.1.
 *
 * @param numClasses - size of the output.
 * @throws ArgumentError for an unknown activation.
 * @example
 * ```ts
 * const net = models.initXavier(models.lenet());
 * const modern = models.lenet({ activation: "relu", batchNorm: true });
 * ```
 */
export function lenet(...args: ArgumentsOf<typeof LENET>): nn.Sequential {
  const options = LENET.bind(args);
  const { numClasses, activation, dropout, batchNorm } = options;
  const act = () => activationLayer("lenet", activation);
  const norm2d = (channels: number) => (batchNorm ? [nn.BatchNorm2d(channels)] : []);
  const norm1d = (features: number) => (batchNorm ? [nn.BatchNorm1d(features)] : []);
  const drop = () => (dropout !== 0 ? [nn.Dropout(dropout)] : []);
  const net = nn.Sequential(
    ...[nn.Conv2d(1, 6, 5, { padding: 2 }), ...norm2d(6), act(), nn.AvgPool2d(2, 2)],
    ...[nn.Conv2d(6, 16, 5), ...norm2d(16), act(), nn.AvgPool2d(2, 2)],
    nn.Flatten(),
    ...[nn.Linear(16 * 5 * 5, 120), ...norm1d(120), act(), ...drop()],
    ...[nn.Linear(120, 84), ...norm1d(84), act(), ...drop()],
    nn.Linear(84, numClasses),
  );
  return keepArchitecture(net, { name: "lenet", options });
}

const BN_LENET = classCount("bnLenet");

/**
 * LeNet with batch normalisation before each sigmoid, and no padding.
 *
 * Input [N, 1, 28, 28], output [N, 10]; 44,878 parameters.
 *
 * Source: "Dive into Deep Learning", section 7.5.5.
 *
 * @param numClasses - size of the output.
 * @example
 * ```ts
 * models.bnLenet()(x).shape; // [8, 10]
 * ```
 */
export function bnLenet(...args: ArgumentsOf<typeof BN_LENET>): nn.Sequential {
  const { numClasses } = BN_LENET.bind(args);
  const net = nn.Sequential(
    nn.Conv2d(1, 6, 5),
    nn.BatchNorm2d(6),
    nn.Sigmoid(),
    nn.AvgPool2d(2, 2),
    nn.Conv2d(6, 16, 5),
    nn.BatchNorm2d(16),
    nn.Sigmoid(),
    nn.AvgPool2d(2, 2),
    nn.Flatten(),
    nn.Linear(16 * 4 * 4, 120),
    nn.BatchNorm1d(120),
    nn.Sigmoid(),
    nn.Linear(120, 84),
    nn.BatchNorm1d(84),
    nn.Sigmoid(),
    nn.Linear(84, numClasses),
  );
  return keepArchitecture(net, { name: "bn-lenet", options: { numClasses } });
}
