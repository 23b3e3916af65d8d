/**
 * 7.1 Deep convolutional neural networks (AlexNet)
 * 7.1 深度卷积神经网络（AlexNet）
 */
import { book as d2l, nn, randn } from "convoyant";
import { settings } from "./settings.ts";

const { batchSize, numEpochs, engine, shapesOnly, limit } = settings({ batchSize: 128, numEpochs: 10 });

// AlexNet has eight layers: five convolutions, two hidden dense layers and a dense output layer. It uses ReLU where
// LeNet has the sigmoid, and dropout where LeNet has only weight decay.
// AlexNet 共八层：卷积层五个，隐藏的全连接层两个，再加输出层。与 LeNet 相比，激活函数从 sigmoid 换成了 ReLU，
// 防止过拟合的手段除了权重衰减，还有暂退法。
const net = nn.Sequential(
  // A large 11x11 kernel, to capture objects. At the same time a stride of 4, to make height and width of the output
  // smaller. There are far more output channels than in LeNet.
  // 图片大了，第一层的窗口也要大（11×11），才看得到完整的物体；步幅取 4，高和宽很快变小。通道数比 LeNet 多得多。
  nn.Conv2d(1, 96, { kernelSize: 11, stride: 4, padding: 1 }), nn.ReLU(),
  nn.MaxPool2d({ kernelSize: 3, stride: 2 }),
  // A smaller window; a padding of 2 keeps height and width; more output channels.
  // 窗口变小，填充 2 让高和宽保持不变，通道继续增加。
  nn.Conv2d(96, 256, { kernelSize: 5, padding: 2 }), nn.ReLU(),
  nn.MaxPool2d({ kernelSize: 3, stride: 2 }),
  // Three convolutions in a row with a smaller window. But for the last, the channels grow further. No pooling
  // after the first two.
  // 接连三个小窗口的卷积，前两个之后都不做汇聚；通道数到最后一个才降下来。
  nn.Conv2d(256, 384, { kernelSize: 3, padding: 1 }), nn.ReLU(),
  nn.Conv2d(384, 384, { kernelSize: 3, padding: 1 }), nn.ReLU(),
  nn.Conv2d(384, 256, { kernelSize: 3, padding: 1 }), nn.ReLU(),
  nn.MaxPool2d({ kernelSize: 3, stride: 2 }),
  nn.Flatten(),
  // The dense layers have several times the outputs of LeNet's. Dropout against overfitting.
  // 全连接层比 LeNet 的宽好几倍，参数多，容易过拟合，所以加上暂退法。
  nn.Linear(6400, 4096), nn.ReLU(),
  nn.Dropout({ p: 0.5 }),
  nn.Linear(4096, 4096), nn.ReLU(),
  nn.Dropout({ p: 0.5 }),
  // The output layer. Fashion-MNIST has 10 classes, not the 1000 of the paper.
  // 输出层：Fashion-MNIST 只有 10 类，论文里的 ImageNet 是 1000 类。
  nn.Linear(4096, 10),
);

// One image with one channel, 224 pixels high and wide, to look at the output shape of every layer.
// 拿一张 224×224 的单通道图片逐层走一遍，看看形状怎样变化。
let X = randn(1, 1, 224, 224);
for (const layer of net) {
  X = layer(X);
  console.log(layer.constructor.name, "output shape:\t", X.shape);
}

if (!shapesOnly) {
  // Reading the data set: the images of 28x28 are enlarged to 224x224, as AlexNet expects them.
  // 读取数据：AlexNet 要 224×224 的输入，28×28 的图片先放大。
  const [trainIter, testIter] = limit(await d2l.loadDataFashionMnist(batchSize, { resize: 224 }));

  // Training: a smaller learning rate than LeNet's, as the network is deeper and wider and the images are larger.
  // 训练：网络更深更宽，图片也更大，学习率要比 LeNet 的小。
  const lr = 0.01;
  await d2l.trainCh6(net, trainIter, testIter, numEpochs, lr, await d2l.tryEngine(engine));
}
