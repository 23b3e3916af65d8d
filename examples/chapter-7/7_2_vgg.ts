/**
 * 7.2 Networks using blocks (VGG)
 * 7.2 使用块的网络（VGG）
 */
import { book as d2l, nn, randn } from "convoyant";
import { settings } from "./settings.ts";

const { batchSize, numEpochs, engine, shapesOnly, limit } = settings({ batchSize: 128, numEpochs: 10 });

// A VGG block: convolutions with padding that keep the resolution, each with ReLU, and a pooling layer.
// VGG 块：若干个带填充的 3×3 卷积（高和宽不变），各接一个 ReLU，最后用最大汇聚把高和宽减半。
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
// 五个块：前两个各含一个卷积，后三个各含两个。通道从 64 开始逐块翻倍，到 512 为止。八个卷积层加三个全连接层，
// 一共十一层，所以叫 VGG-11。
type ConvArch = readonly (readonly [numConvs: number, outChannels: number])[];
const convArch: ConvArch = [[1, 64], [1, 128], [2, 256], [2, 512], [2, 512]];

function vgg(convArch: ConvArch): nn.Sequential {
  const convBlks: nn.Module[] = [];
  let inChannels = 1;
  // The convolutional part.
  // 前半：卷积块
  for (const [numConvs, outChannels] of convArch) {
    convBlks.push(vggBlock(numConvs, inChannels, outChannels));
    inChannels = outChannels;
  }
  return nn.Sequential(
    ...convBlks, nn.Flatten(),
    // The dense part.
    // 后半：全连接层
    nn.Linear(inChannels * 7 * 7, 4096), nn.ReLU(), nn.Dropout(0.5),
    nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout(0.5),
    nn.Linear(4096, 10),
  );
}

// Height and width halve at every block.
// 每过一个块，高和宽都减半。
let X = randn(1, 1, 224, 224);
for (const blk of vgg(convArch)) {
  X = blk(X);
  console.log(blk.constructor.name, "output shape:\t", X.shape);
}

if (!shapesOnly) {
  // VGG-11 computes far more than AlexNet: a network with fewer channels will do for Fashion-MNIST.
  // VGG-11 的计算量比 AlexNet 大得多。对 Fashion-MNIST 来说，四分之一的通道就够了。
  const ratio = 4;
  const smallConvArch: ConvArch = convArch.map(([numConvs, outChannels]) => [numConvs, outChannels / ratio]);
  const net = vgg(smallConvArch);

  const lr = 0.05;
  const [trainIter, testIter] = limit(await d2l.loadDataFashionMnist(batchSize, { resize: 224 }));
  await d2l.trainCh6(net, trainIter, testIter, numEpochs, lr, await d2l.tryEngine(engine));
}
