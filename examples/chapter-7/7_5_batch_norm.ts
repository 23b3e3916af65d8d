/**
 * 7.5 Batch normalisation
 * 7.5 批量规范化
 */
import { book as d2l, isGradEnabled, nn, noGrad, ones, rand, sqrt, type Tensor, zeros } from "convoyant";
import { settings } from "./settings.ts";

const { batchSize, numEpochs, engine, shapesOnly, limit } = settings({ batchSize: 256, numEpochs: 10 });

// From scratch. In training the inputs are normalised by mean and variance of the batch, in prediction by their moving
// averages; then scale and offset are applied.
// 从零实现。训练时按这一批数据的均值和方差来规范化，预测时改用它们的移动平均；之后再乘以系数、加上偏移。
function batchNorm(
  X: Tensor,
  gamma: Tensor,
  beta: Tensor,
  movingMean: Tensor,
  movingVar: Tensor,
  { eps, momentum }: { eps: number; momentum: number },
): [Tensor, Tensor, Tensor] {
  let XHat: Tensor;
  // Whether gradients are recorded says whether this is training or prediction.
  // 正在记录梯度就是训练，否则是预测。
  if (!isGradEnabled()) {
    // Prediction: mean and variance of the moving average.
    // 预测：用移动平均。
    XHat = X.sub(movingMean).div(sqrt(movingVar.add(eps)));
  } else {
    let mean: Tensor;
    let variance: Tensor;
    if (X.ndim === 2) {
      // A dense layer: mean and variance over the examples.
      // 全连接层：对所有样本求每个特征的均值和方差。
      mean = X.mean({ dim: 0 });
      variance = X.sub(mean).pow(2).mean({ dim: 0 });
    } else {
      // A convolution: those of each channel (dim 1). X keeps its shape so that it can be broadcast later.
      // 卷积层：每个通道（第 1 维）一个均值、一个方差。保留维数，后面才能广播。
      mean = X.mean({ dim: [0, 2, 3], keepdim: true });
      variance = X.sub(mean).pow(2).mean({ dim: [0, 2, 3], keepdim: true });
    }
    // Training: mean and variance of the batch.
    // 训练：用这一批的均值和方差。
    XHat = X.sub(mean).div(sqrt(variance.add(eps)));
    // The moving averages follow.
    // 移动平均跟上新的一批。
    movingMean = movingMean.mul(momentum).add(mean.mul(1 - momentum));
    movingVar = movingVar.mul(momentum).add(variance.mul(1 - momentum));
  }
  // Scale and shift.
  // 乘以系数，加上偏移。
  const Y = gamma.mul(XHat).add(beta);
  return [Y, movingMean.data, movingVar.data];
}

class BatchNorm extends nn.Module {
  gamma: nn.Parameter;
  beta: nn.Parameter;
  movingMean: Tensor;
  movingVar: Tensor;

  // numFeatures: outputs of a dense layer, or output channels of a convolution.
  // numDims: 2 for a dense layer, 4 for a convolution.
  // numFeatures：全连接层有多少个输出，或者卷积层有多少个输出通道。
  // numDims：全连接层之后是 2，卷积层之后是 4。
  constructor(numFeatures: number, { numDims }: { numDims: 2 | 4 }) {
    super();
    const shape = numDims === 2 ? [1, numFeatures] : [1, numFeatures, 1, 1];
    // Scale and offset take part in training, and start as 1 and 0.
    // 要学习的系数和偏移，从 1 和 0 开始。
    this.gamma = nn.Parameter(ones(shape));
    this.beta = nn.Parameter(zeros(shape));
    // What is not a parameter starts as 0 and 1. As in the book it is not saved; registerBuffer would save it.
    // 不是参数的变量从 0 和 1 开始。与书中一样，它们不随权重保存；要保存就用 registerBuffer。
    this.movingMean = zeros(shape);
    this.movingVar = ones(shape);
  }

  override forward(X: Tensor): Tensor {
    // If X is on another device, the moving averages go there.
    // 如果 X 在别的设备上，把移动平均也放过去。
    if (this.movingMean.device !== X.device) {
      this.movingMean = this.movingMean.to(X.device);
      this.movingVar = this.movingVar.to(X.device);
    }
    // Keep the moving averages.
    // 记下新的移动平均。
    let Y: Tensor;
    [Y, this.movingMean, this.movingVar] = batchNorm(
      X, this.gamma, this.beta, this.movingMean, this.movingVar, { eps: 1e-5, momentum: 0.9 });
    return Y;
  }
}

function printShapes(net: nn.Sequential): void {
  let X = rand(2, 1, 28, 28);
  noGrad(() => {
    for (const layer of net) {
      X = layer(X);
      console.log(layer.constructor.name, "output shape:\t", X.shape);
    }
  });
}

// LeNet with batch normalisation: between the convolution or dense layer and its activation.
// 加上批量规范化的 LeNet：每一层算完之后、激活函数之前，先规范化。
const net = nn.Sequential(
  nn.Conv2d(1, 6, { kernelSize: 5 }), new BatchNorm(6, { numDims: 4 }), nn.Sigmoid(),
  nn.AvgPool2d({ kernelSize: 2, stride: 2 }),
  nn.Conv2d(6, 16, { kernelSize: 5 }), new BatchNorm(16, { numDims: 4 }), nn.Sigmoid(),
  nn.AvgPool2d({ kernelSize: 2, stride: 2 }), nn.Flatten(),
  nn.Linear(16 * 4 * 4, 120), new BatchNorm(120, { numDims: 2 }), nn.Sigmoid(),
  nn.Linear(120, 84), new BatchNorm(84, { numDims: 2 }), nn.Sigmoid(),
  nn.Linear(84, 10),
);

// The same, concise: the framework's own layers.
// 简明实现：换成框架自带的层，其余不变。
const conciseNet = nn.Sequential(
  nn.Conv2d(1, 6, { kernelSize: 5 }), nn.BatchNorm2d(6), nn.Sigmoid(),
  nn.AvgPool2d({ kernelSize: 2, stride: 2 }),
  nn.Conv2d(6, 16, { kernelSize: 5 }), nn.BatchNorm2d(16), nn.Sigmoid(),
  nn.AvgPool2d({ kernelSize: 2, stride: 2 }), nn.Flatten(),
  nn.Linear(256, 120), nn.BatchNorm1d(120), nn.Sigmoid(),
  nn.Linear(120, 84), nn.BatchNorm1d(84), nn.Sigmoid(),
  nn.Linear(84, 10),
);

if (shapesOnly) {
  printShapes(net);
} else {
  // The learning rate is much larger than LeNet's.
  // 学习率可以比 LeNet 的大得多。
  const lr = 1.0;
  const [trainIter, testIter] = limit(await d2l.loadDataFashionMnist(batchSize));
  await d2l.tryEngine(engine);
  printShapes(net);
  await d2l.trainCh6(net, trainIter, testIter, numEpochs, lr);

  // What the first layer has learned as scale and offset.
  // 看看第一层学到的系数和偏移。
  const first = net.at(1) as BatchNorm;
  console.log("gamma", await first.gamma.reshape(-1).tolist());
  console.log("beta", await first.beta.reshape(-1).tolist());

  await d2l.trainCh6(conciseNet, trainIter, testIter, numEpochs, lr);
}
