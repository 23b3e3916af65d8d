/**
 * 7.3 Network in network (NiN)
 * 7.3 网络中的网络（NiN）
 */
import { book as d2l, nn, rand } from "convoyant";
import { settings } from "./settings.ts";

const { batchSize, numEpochs, engine, shapesOnly, limit } = settings({ batchSize: 128, numEpochs: 10 });

// A NiN block starts with an ordinary convolution; the two of 1x1 behind it act as dense layers at every pixel, with
// ReLU. The kernel size of the first is an argument, the others' is 1x1.
// NiN 块：先是一个普通的卷积，窗口由参数决定；再接两个 1×1 的卷积，相当于对每个像素的各通道做一次带 ReLU 的
// 全连接。
function ninBlock(inChannels: number, outChannels: number, kernelSize: number, strides: number, padding: number) {
  return nn.Sequential(
    nn.Conv2d(inChannels, outChannels, kernelSize, strides, padding),
    nn.ReLU(),
    nn.Conv2d(outChannels, outChannels, { kernelSize: 1 }), nn.ReLU(),
    nn.Conv2d(outChannels, outChannels, { kernelSize: 1 }), nn.ReLU(),
  );
}

// No dense layers: the last block has as many channels as there are classes, and the average over the whole image
// gives the logits. So there are far fewer parameters.
// 没有全连接层：最后一个块为每个类别给出一个通道，在整张图上取平均，就是这一类的得分。参数因此少了很多。
const net = nn.Sequential(
  ninBlock(1, 96, 11, 4, 0),
  nn.MaxPool2d(3, { stride: 2 }),
  ninBlock(96, 256, 5, 1, 2),
  nn.MaxPool2d(3, { stride: 2 }),
  ninBlock(256, 384, 3, 1, 1),
  nn.MaxPool2d(3, { stride: 2 }),
  nn.Dropout(0.5),
  // There are 10 classes.
  // 10 个类别，各占一个通道
  ninBlock(384, 10, 3, 1, 1),
  nn.AdaptiveAvgPool2d([1, 1]),
  // From four dimensions to two: [batch, 10].
  // 去掉两个大小为 1 的维度，形状成为（批量大小，10）
  nn.Flatten(),
);

let X = rand(1, 1, 224, 224);
for (const layer of net) {
  X = layer(X);
  console.log(layer.constructor.name, "output shape:\t", X.shape);
}

if (!shapesOnly) {
  const lr = 0.1;
  const [trainIter, testIter] = limit(await d2l.loadDataFashionMnist(batchSize, { resize: 224 }));
  await d2l.trainCh6(net, trainIter, testIter, numEpochs, lr, await d2l.tryEngine(engine));
}
