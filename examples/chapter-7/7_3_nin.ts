/**
 * 7.3 Network in network (NiN)
 * 7.3 网络中的网络（NiN）
 */
import { book as d2l, nn, rand } from "convoyant";
import { settings } from "./settings.ts";

const { batchSize, numEpochs, engine, shapesOnly, limit } = settings({ batchSize: 128, numEpochs: 10 });

// A NiN block starts with an ordinary convolution; the two of 1x1 behind it act as dense layers at every pixel, with
// ReLU. The window of the first is the user's choice, the others' is 1x1.
// NiN 块以一个普通卷积层开始，后面是两个 1×1 的卷积层。这两个 1×1 卷积层充当带有 ReLU 激活函数的逐像素全连接层。
// 第一层的卷积窗口形状通常由用户设置，随后的卷积窗口形状固定为 1×1。
function ninBlock(inChannels: number, outChannels: number, kernelSize: number, strides: number, padding: number) {
  return nn.Sequential(
    nn.Conv2d(inChannels, outChannels, kernelSize, strides, padding),
    nn.ReLU(),
    nn.Conv2d(outChannels, outChannels, { kernelSize: 1 }), nn.ReLU(),
    nn.Conv2d(outChannels, outChannels, { kernelSize: 1 }), nn.ReLU(),
  );
}

// No dense layers: the last block has as many channels as there are classes, and the average over the whole picture
// gives the logits. So there are far fewer parameters.
// NiN 完全取消了全连接层：最后一个 NiN 块的输出通道数等于标签类别的数量，再用全局平均汇聚层生成对数几率。
// 这样显著减少了模型所需参数的数量。
const net = nn.Sequential(
  ninBlock(1, 96, 11, 4, 0),
  nn.MaxPool2d(3, { stride: 2 }),
  ninBlock(96, 256, 5, 1, 2),
  nn.MaxPool2d(3, { stride: 2 }),
  ninBlock(256, 384, 3, 1, 1),
  nn.MaxPool2d(3, { stride: 2 }),
  nn.Dropout(0.5),
  // There are 10 classes.
  // 标签类别数是 10
  ninBlock(384, 10, 3, 1, 1),
  nn.AdaptiveAvgPool2d([1, 1]),
  // From four dimensions to two: [batch, 10].
  // 将四维的输出转成二维的输出，其形状为（批量大小，10）
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
