/** The two LeNets of the chapter. */
import * as nn from "../nn/index.ts";

/**
 * LeNet, the yardstick: two convolutions with average pooling, three dense layers, sigmoids between.
 *
 * Input [N, 1, 28, 28], output [N, 10]; 61,706 parameters. Shapes: 6x28x28, 6x14x14, 16x10x10, 16x5x5, 400,
 * 120, 84, 10.
 *
 * Source: Y. LeCun et al., "Gradient-based learning applied to document recognition", 1998; as given in "Dive
 * into Deep Learning", sections 6.6 and 7.1.
 *
 * @param numClasses - size of the output.
 * @example
 * ```ts
 * const net = models.initXavier(models.lenet());
 * ```
 */
export function lenet(numClasses = 10): nn.Sequential {
  return nn.Sequential(
    nn.Conv2d(1, 6, 5, { padding: 2 }),
    nn.Sigmoid(),
    nn.AvgPool2d(2, 2),
    nn.Conv2d(6, 16, 5),
    nn.Sigmoid(),
    nn.AvgPool2d(2, 2),
    nn.Flatten(),
    nn.Linear(16 * 5 * 5, 120),
    nn.Sigmoid(),
    nn.Linear(120, 84),
    nn.Sigmoid(),
    nn.Linear(84, numClasses),
  );
}

/**
 * LeNet with batch normalisation before each sigmoid, and no padding.
 *
 * Input [N, 1, 28, 28], output [N, 10]; 44,878 parameters.
 *
 * Source: "Dive into Deep Learning", section 7.5.
 *
 * @param numClasses - size of the output.
 */
export function bnLenet(numClasses = 10): nn.Sequential {
  return nn.Sequential(
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
}
