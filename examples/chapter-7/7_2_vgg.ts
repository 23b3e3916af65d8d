/**
 * 7.2 Networks using blocks (VGG)
 * 7.2 使用块的网络（VGG）
 */
import { book as d2l, nn, randn } from "convoyant";
import { settings } from "./settings.ts";

const { batchSize, numEpochs, engine, shapesOnly, limit } = settings({ batchSize: 128, numEpochs: 10 });

// A VGG block: convolutions with padding that keep the resolution, each with ReLU, and a pooling layer.
// VGG 块：带填充以保持分辨率的卷积层，非线性激活函数 ReLU，以及最大汇聚层。
function vggBlock(numConvs: number, inChannels: number, outChannels: number): nn.Sequential {
  const layers: nn.Module[] = [];
  for (let i = 0; i < numConvs; i++) {
    layers.push(nn.Conv2d(inChannels, outChannels, { kernelSize: 3, padding: 1 }));
    layers.push(nn.ReLU());
    inChannels = outChannels;
  }
  layers.push(nn.MaxPool2d({ kernelSize: 2, stride: 2 }));
  return nn.Sequential(...layers);
}

// Five blocks, the first two with one convolution, the other three with two. The first has 64 output channels, each
// further one twice as many, up to 512. Eight convolutions and three dense layers: VGG-11.
// 原始 VGG 网络有 5 个卷积块，其中前两个块各有一个卷积层，后三个块各包含两个卷积层。第一个模块有 64 个输出通道，
// 每个后续模块将输出通道数量翻倍，直到该数字达到 512。8 个卷积层和 3 个全连接层：VGG-11。
type ConvArch = readonly (readonly [numConvs: number, outChannels: number])[];
const convArch: ConvArch = [[1, 64], [1, 128], [2, 256], [2, 512], [2, 512]];

function vgg(convArch: ConvArch): nn.Sequential {
  const convBlks: nn.Module[] = [];
  let inChannels = 1;
  // The convolutional part.
  // 卷积层部分
  for (const [numConvs, outChannels] of convArch) {
    convBlks.push(vggBlock(numConvs, inChannels, outChannels));
    inChannels = outChannels;
  }
  return nn.Sequential(
    ...convBlks, nn.Flatten(),
    // The dense part.
    // 全连接层部分
    nn.Linear(inChannels * 7 * 7, 4096), nn.ReLU(), nn.Dropout(0.5),
    nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout(0.5),
    nn.Linear(4096, 10),
  );
}

// Height and width halve at every block.
// 在每个块的高度和宽度减半。
let X = randn(1, 1, 224, 224);
for (const blk of vgg(convArch)) {
  X = blk(X);
  console.log(blk.constructor.name, "output shape:\t", X.shape);
}

if (!shapesOnly) {
  // VGG-11 computes far more than AlexNet: a network with fewer channels will do for Fashion-MNIST.
  // 由于 VGG-11 比 AlexNet 计算量更大，因此构建一个通道数较少的网络，足够用于训练 Fashion-MNIST 数据集。
  const ratio = 4;
  const smallConvArch: ConvArch = convArch.map(([numConvs, outChannels]) => [numConvs, outChannels / ratio]);
  const net = vgg(smallConvArch);

  const lr = 0.05;
  const [trainIter, testIter] = limit(await d2l.loadDataFashionMnist(batchSize, { resize: 224 }));
  await d2l.trainCh6(net, trainIter, testIter, numEpochs, lr, await d2l.tryEngine(engine));
}
