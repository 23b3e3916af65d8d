/**
 * 7.5 Batch normalisation
 * 7.5 批量规范化
 */
import { book as d2l, isGradEnabled, nn, noGrad, ones, rand, sqrt, type Tensor, zeros } from "convoyant";
import { settings } from "./settings.ts";

const { batchSize, numEpochs, engine, shapesOnly, limit } = settings({ batchSize: 256, numEpochs: 10 });

// From scratch. In training the inputs are normalised by mean and variance of the batch, in prediction by their moving
// averages; then scale and offset are applied.
// 从零实现。训练时用当前小批量的均值和方差规范化输入，预测时用移动平均得到的均值和方差；接下来应用比例系数和比例偏移。
function batchNorm(
  X: Tensor,
  gamma: Tensor,
  beta: Tensor,
  movingMean: Tensor,
  movingVar: Tensor,
  eps: number,
  momentum: number,
): [Tensor, Tensor, Tensor] {
  let XHat: Tensor;
  // Whether gradients are recorded says whether this is training or prediction.
  // 通过 isGradEnabled 来判断当前模式是训练模式还是预测模式
  if (!isGradEnabled()) {
    // Prediction: mean and variance of the moving average.
    // 如果是在预测模式下，直接使用传入的移动平均所得的均值和方差
    XHat = X.sub(movingMean).div(sqrt(movingVar.add(eps)));
  } else {
    let mean: Tensor;
    let variance: Tensor;
    if (X.ndim === 2) {
      // A dense layer: mean and variance over the examples.
      // 使用全连接层的情况，计算特征维上的均值和方差
      mean = X.mean({ dim: 0 });
      variance = X.sub(mean).pow(2).mean({ dim: 0 });
    } else {
      // A convolution: those of each channel (dim 1). X keeps its shape so that it can be broadcast later.
      // 使用二维卷积层的情况，计算通道维上（axis=1）的均值和方差。
      // 这里我们需要保持 X 的形状以便后面可以做广播运算
      mean = X.mean({ dim: [0, 2, 3], keepdim: true });
      variance = X.sub(mean).pow(2).mean({ dim: [0, 2, 3], keepdim: true });
    }
    // Training: mean and variance of the batch.
    // 训练模式下，用当前的均值和方差做标准化
    XHat = X.sub(mean).div(sqrt(variance.add(eps)));
    // The moving averages follow.
    // 更新移动平均的均值和方差
    movingMean = movingMean.mul(momentum).add(mean.mul(1 - momentum));
    movingVar = movingVar.mul(momentum).add(variance.mul(1 - momentum));
  }
  // Scale and shift.
  // 缩放和移位
  const Y = gamma.mul(XHat).add(beta);
  return [Y, movingMean.detach(), movingVar.detach()];
}

class BatchNorm extends nn.Module {
  gamma: nn.Parameter;
  beta: nn.Parameter;
  declare movingMean: Tensor;
  declare movingVar: Tensor;

  // numFeatures: outputs of a dense layer, or output channels of a convolution.
  // numDims: 2 for a dense layer, 4 for a convolution.
  // numFeatures：完全连接层的输出数量或卷积层的输出通道数。
  // numDims：2 表示完全连接层，4 表示卷积层
  constructor(numFeatures: number, { numDims }: { numDims: 2 | 4 }) {
    super();
    const shape = numDims === 2 ? [1, numFeatures] : [1, numFeatures, 1, 1];
    // Scale and offset take part in training, and start as 1 and 0.
    // 参与求梯度和迭代的拉伸和偏移参数，分别初始化成 1 和 0
    this.gamma = nn.Parameter(ones(shape));
    this.beta = nn.Parameter(zeros(shape));
    // No parameters, but saved with them: mean 0 and variance 1.
    // 非模型参数的变量初始化为 0 和 1
    this.registerBuffer("moving_mean", zeros(shape));
    this.registerBuffer("moving_var", ones(shape));
  }

  override forward(X: Tensor): Tensor {
    const [Y, movingMean, movingVar] = batchNorm(X, this.gamma, this.beta, this.movingMean, this.movingVar, 1e-5, 0.9);
    // Keep the moving averages.
    // 保存更新过的 movingMean 和 movingVar
    noGrad(() => {
      this.movingMean.copy_(movingMean.reshape(this.movingMean.shape));
      this.movingVar.copy_(movingVar.reshape(this.movingVar.shape));
    });
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
// 使用批量规范化层的 LeNet：批量规范化是在卷积层或全连接层之后、相应的激活函数之前应用的。
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
// 简明实现：直接使用深度学习框架中定义的 BatchNorm。
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
  // 与之前的主要区别在于学习率大得多。
  const lr = 1.0;
  const [trainIter, testIter] = limit(await d2l.loadDataFashionMnist(batchSize));
  await d2l.tryEngine(engine);
  printShapes(net);
  await d2l.trainCh6(net, trainIter, testIter, numEpochs, lr);

  // What the first layer has learned as scale and offset.
  // 让我们来看看从第一个批量规范化层中学到的拉伸参数 gamma 和偏移参数 beta。
  const first = net.at(1) as BatchNorm;
  console.log("gamma", await first.gamma.reshape(-1).tolist());
  console.log("beta", await first.beta.reshape(-1).tolist());

  await d2l.trainCh6(conciseNet, trainIter, testIter, numEpochs, lr);
}
