/** Batch normalisation written with plain tensor operations, and LeNet with it. */

import { ShapeError } from "../base/errors.ts";
import type { ArgumentsOf } from "../base/params/arguments.ts";
import { callable } from "../base/params/callable.ts";
import { formatShape } from "../base/shape.ts";
import * as nn from "../nn/index.ts";
import { keepArchitecture } from "../records/network_architecture.ts";
import { isGradEnabled, noGrad, ones, sqrt, type Tensor, zeros } from "../tensor/index.ts";
import { classCount } from "./class_count.ts";

/**
 * Batch normalisation: y = gamma (x - mean) / sqrt(variance + eps) + beta, for a dense layer's [N, features] or a
 * convolution's [N, channels, height, width].
 *
 * While gradients are recorded (training), mean and variance are those of the batch, and the moving ones follow:
 * moving = momentum moving + (1 - momentum) batch. The momentum weighs the OLD value, and the moving variance takes
 * the biased one, mean((x - mean)^2); `nn.BatchNorm2d` has it the other way round on both counts. Inside `noGrad`
 * (prediction) the moving ones are used.
 *
 * Source: "Dive into Deep Learning", section 7.5.3, `batch_norm`.
 *
 * @param gamma - scale, [1, features] or [1, channels, 1, 1], as are `beta` and the moving tensors.
 * @returns the normalised X, the new moving mean and the new moving variance, the last two without gradient.
 * @throws ShapeError for an X of neither two nor four dimensions.
 * @example
 * ```ts
 * const [moving, one] = [zeros(1, 3), ones(1, 3)];
 * const [normalised] = book.batchNorm(rand(8, 3), one, moving, moving, one, 1e-5, 0.9);
 * console.log(await normalised.mean(0).tolist());
 * ```
 */
export function batchNorm(
  X: Tensor,
  gamma: Tensor,
  beta: Tensor,
  movingMean: Tensor,
  movingVar: Tensor,
  eps: number,
  momentum: number,
): [Y: Tensor, movingMean: Tensor, movingVar: Tensor] {
  if (X.ndim !== 2 && X.ndim !== 4) {
    throw new ShapeError(
      `batchNorm: expected [N, features] or [N, channels, height, width], got ${formatShape(X.shape)}`,
    );
  }
  let XHat: Tensor;
  if (!isGradEnabled()) {
    // Prediction: the moving average of mean and variance.
    XHat = X.sub(movingMean).div(sqrt(movingVar.add(eps)));
  } else {
    // A dense layer: mean and variance of each feature. A convolution: those of each channel, kept as
    // [1, channels, 1, 1] so that they broadcast.
    const dims = X.ndim === 2 ? [0] : [0, 2, 3];
    const mean = X.mean({ dim: dims, keepdim: true });
    const variance = X.sub(mean).pow(2).mean({ dim: dims, keepdim: true });
    XHat = X.sub(mean).div(sqrt(variance.add(eps)));
    movingMean = movingMean.mul(momentum).add(mean.mul(1 - momentum));
    movingVar = movingVar.mul(momentum).add(variance.mul(1 - momentum));
  }
  const Y = gamma.mul(XHat).add(beta);
  return [Y, movingMean.detach(), movingVar.detach()];
}

/** See {@link BatchNorm}. */
export class ScratchBatchNorm extends nn.Module {
  gamma: nn.Parameter;
  beta: nn.Parameter;
  declare movingMean: Tensor;
  declare movingVar: Tensor;
  readonly numFeatures: number;
  readonly numDims: 2 | 4;

  constructor(numFeatures: number, numDims: 2 | 4) {
    super();
    this.numFeatures = numFeatures;
    this.numDims = numDims;
    const shape = numDims === 2 ? [1, numFeatures] : [1, numFeatures, 1, 1];
    // Scale and offset take part in training, and start as 1 and 0.
    this.gamma = nn.Parameter(ones(shape));
    this.beta = nn.Parameter(zeros(shape));
    // These are not parameters; as buffers they are saved with the network.
    this.registerBuffer("moving_mean", zeros(shape));
    this.registerBuffer("moving_var", ones(shape));
  }

  override forward(X: Tensor): Tensor {
    const [Y, movingMean, movingVar] = batchNorm(
      X,
      this.gamma,
      this.beta,
      this.movingMean,
      this.movingVar,
      1e-5,
      0.9,
    );
    if (isGradEnabled()) {
      noGrad(() => {
        this.movingMean.copy_(movingMean);
        this.movingVar.copy_(movingVar);
      });
    }
    return Y;
  }

  override extraRepr(): string {
    return `${this.numFeatures}, num_dims=${this.numDims}`;
  }
}

/**
 * The book's own layer of batch normalisation; see {@link batchNorm} and, for daily use, `nn.BatchNorm2d`.
 *
 * Source: "Dive into Deep Learning", section 7.5.3, `BatchNorm`.
 *
 * @param numFeatures - outputs of a dense layer, or channels of a convolution.
 * @param numDims - 2 behind a dense layer, 4 behind a convolution.
 * @example
 * ```ts
 * book.BatchNorm(6, 4)(randn(8, 6, 24, 24)).shape; // [8, 6, 24, 24]
 * ```
 */
export const BatchNorm = callable("BatchNorm", ScratchBatchNorm);
export type BatchNorm = ScratchBatchNorm;

const BN_LENET_SCRATCH = classCount("bnLenetScratch");

/**
 * LeNet with the batch normalisation from scratch; otherwise `bnLenet`.
 *
 * Input [N, 1, 28, 28], output [N, 10]; 44,878 parameters.
 *
 * Source: "Dive into Deep Learning", section 7.5.4.
 *
 * @param numClasses - size of the output.
 * @example
 * ```ts
 * book.bnLenetScratch()(x).shape; // [8, 10]
 * ```
 */
export function bnLenetScratch(...args: ArgumentsOf<typeof BN_LENET_SCRATCH>): nn.Sequential {
  const options = BN_LENET_SCRATCH.bind(args);
  const { numClasses } = options;
  const net = nn.Sequential(
    ...[
      nn.Conv2d(1, 6, { kernelSize: 5 }),
      BatchNorm(6, 4),
      nn.Sigmoid(),
      nn.AvgPool2d({ kernelSize: 2, stride: 2 }),
    ],
    ...[
      nn.Conv2d(6, 16, { kernelSize: 5 }),
      BatchNorm(16, 4),
      nn.Sigmoid(),
      nn.AvgPool2d({ kernelSize: 2, stride: 2 }),
    ],
    nn.Flatten(),
    ...[nn.Linear(16 * 4 * 4, 120), BatchNorm(120, 2), nn.Sigmoid()],
    ...[nn.Linear(120, 84), BatchNorm(84, 2), nn.Sigmoid()],
    nn.Linear(84, numClasses),
  );
  return keepArchitecture(net, { name: "bn-lenet-scratch", options });
}
