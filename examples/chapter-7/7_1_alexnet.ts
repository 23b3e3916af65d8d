/**
 * 7.1 Deep convolutional neural networks (AlexNet)
 * 7.1 深度卷积神经网络（AlexNet）
 */
import { book as d2l, nn, randn } from "convoyant";
import { settings } from "./settings.ts";

const { batchSize, numEpochs, engine, shapesOnly, limit } = settings({ batchSize: 128, numEpochs: 10 });

// AlexNet has eight layers: five convolutions, two hidden dense layers and a dense output layer. It uses ReLU where
// LeNet has the sigmoid, and dropout where LeNet has only weight decay.
// AlexNet 由八层组成：五个卷积层、两个全连接隐藏层和一个全连接输出层。它使用 ReLU 而不是 sigmoid 作为激活函数，
// 并通过暂退法控制全连接层的模型复杂度，而 LeNet 只使用了权重衰减。
const net = nn.Sequential(
  // A window of 11x11, to catch objects. At the same time a stride of 4, to make height and width of the output
  // smaller. There are far more output channels than in LeNet.
  // 这里使用一个 11*11 的更大窗口来捕捉对象。同时，步幅为 4，以减少输出的高度和宽度。
  // 另外，输出通道的数目远大于 LeNet
  nn.Conv2d(1, 96, { kernelSize: 11, stride: 4, padding: 1 }), nn.ReLU(),
  nn.MaxPool2d({ kernelSize: 3, stride: 2 }),
  // A smaller window; a padding of 2 keeps height and width; more output channels.
  // 减小卷积窗口，使用填充为 2 来使得输入与输出的高和宽一致，且增大输出通道数
  nn.Conv2d(96, 256, { kernelSize: 5, padding: 2 }), nn.ReLU(),
  nn.MaxPool2d({ kernelSize: 3, stride: 2 }),
  // Three convolutions in a row with a smaller window. But for the last, the channels grow further. No pooling
  // after the first two.
  // 使用三个连续的卷积层和较小的卷积窗口。除了最后的卷积层，输出通道的数量进一步增加。
  // 在前两个卷积层之后，汇聚层不用于减少输入的高度和宽度
  nn.Conv2d(256, 384, { kernelSize: 3, padding: 1 }), nn.ReLU(),
  nn.Conv2d(384, 384, { kernelSize: 3, padding: 1 }), nn.ReLU(),
  nn.Conv2d(384, 256, { kernelSize: 3, padding: 1 }), nn.ReLU(),
  nn.MaxPool2d({ kernelSize: 3, stride: 2 }),
  nn.Flatten(),
  // The dense layers have several times the outputs of LeNet's. Dropout against overfitting.
  // 这里，全连接层的输出数量是 LeNet 中的好几倍。使用 dropout 层来减轻过拟合
  nn.Linear(6400, 4096), nn.ReLU(),
  nn.Dropout({ p: 0.5 }),
  nn.Linear(4096, 4096), nn.ReLU(),
  nn.Dropout({ p: 0.5 }),
  // The output layer. Fashion-MNIST has 10 classes, not the 1000 of the paper.
  // 最后是输出层。由于这里使用 Fashion-MNIST，所以用类别数为 10，而非论文中的 1000
  nn.Linear(4096, 10),
);

// One picture with one channel, 224 pixels high and wide, to look at the output shape of every layer.
// 构造一个高度和宽度都为 224 的单通道数据，来观察每一层输出的形状。
let X = randn(1, 1, 224, 224);
for (const layer of net) {
  X = layer(X);
  console.log(layer.constructor.name, "output shape:\t", X.shape);
}

if (!shapesOnly) {
  // Reading the data set: the pictures of 28x28 are enlarged to 224x224, as AlexNet expects them.
  // 读取数据集：将 28*28 的图像放大到 224*224，以匹配 AlexNet 的输入。
  const [trainIter, testIter] = limit(await d2l.loadDataFashionMnist(batchSize, { resize: 224 }));

  // Training: a smaller learning rate than LeNet's, as the network is deeper and wider and the pictures are larger.
  // 训练：与 LeNet 相比，使用更小的学习速率，这是因为网络更深更广、图像分辨率更高。
  const lr = 0.01;
  await d2l.trainCh6(net, trainIter, testIter, numEpochs, lr, await d2l.tryEngine(engine));
}
