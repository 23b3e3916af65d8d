/**
 * 7.4 Networks with parallel concatenations (GoogLeNet)
 * 7.4 含并行连结的网络（GoogLeNet）
 */
import { cat, book as d2l, nn, rand, type Tensor } from "convoyant";
import { settings } from "./settings.ts";

const { batchSize, numEpochs, engine, shapesOnly, limit } = settings({ batchSize: 128, numEpochs: 10 });
const F = nn.functional;

type Pair = readonly [number, number];

// An Inception block has four parallel paths. The first three have kernels of 1x1, 3x3 and 5x5; the middle two
// narrow their input by a 1x1 convolution first. The fourth pools, then changes the channels. All keep height and
// width, and their outputs are joined along the channels.
// Inception 块：同一个输入走四条路。前三条的窗口分别是 1×1、3×3、5×5，看到的范围各不相同；其中两条先用 1×1 卷积
// 减少通道，省下计算。第四条先做 3×3 最大汇聚，再用 1×1 卷积调整通道。四条路都不改变高和宽，结果沿通道拼在一起。
class Inception extends nn.Module {
  // c1 to c4 are the output channels of each path.
  // c1 到 c4：四条路各自的通道数
  constructor(inChannels: number, c1: number, c2: Pair, c3: Pair, c4: number) {
    super();
    // Path 1: a 1x1 convolution.
    // 第一条：只有 1×1 卷积
    this.p1_1 = nn.Conv2d(inChannels, c1, { kernelSize: 1 });
    // Path 2: a 1x1 convolution, then 3x3.
    // 第二条：1×1 卷积，再 3×3 卷积
    this.p2_1 = nn.Conv2d(inChannels, c2[0], { kernelSize: 1 });
    this.p2_2 = nn.Conv2d(c2[0], c2[1], { kernelSize: 3, padding: 1 });
    // Path 3: a 1x1 convolution, then 5x5.
    // 第三条：1×1 卷积，再 5×5 卷积
    this.p3_1 = nn.Conv2d(inChannels, c3[0], { kernelSize: 1 });
    this.p3_2 = nn.Conv2d(c3[0], c3[1], { kernelSize: 5, padding: 2 });
    // Path 4: 3x3 max pooling, then a 1x1 convolution.
    // 第四条：3×3 最大汇聚，再 1×1 卷积
    this.p4_1 = nn.MaxPool2d({ kernelSize: 3, stride: 1, padding: 1 });
    this.p4_2 = nn.Conv2d(inChannels, c4, { kernelSize: 1 });
  }

  declare p1_1: nn.Conv2d;
  declare p2_1: nn.Conv2d;
  declare p2_2: nn.Conv2d;
  declare p3_1: nn.Conv2d;
  declare p3_2: nn.Conv2d;
  declare p4_1: nn.Module;
  declare p4_2: nn.Conv2d;

  override forward(x: Tensor): Tensor {
    const p1 = F.relu(this.p1_1(x));
    const p2 = F.relu(this.p2_2(F.relu(this.p2_1(x))));
    const p3 = F.relu(this.p3_2(F.relu(this.p3_1(x))));
    const p4 = F.relu(this.p4_2(this.p4_1(x)));
    // Joined along the channels.
    // 沿通道拼接
    return cat([p1, p2, p3, p4], { dim: 1 });
  }
}

// GoogLeNet: nine Inception blocks and the average over the whole image.
// 整个 GoogLeNet：开头几个卷积，然后是九个 Inception 块，最后是全局平均汇聚和一个全连接层。
const b1 = nn.Sequential(
  nn.Conv2d(1, 64, { kernelSize: 7, stride: 2, padding: 3 }),
  nn.ReLU(),
  nn.MaxPool2d({ kernelSize: 3, stride: 2, padding: 1 }),
);

const b2 = nn.Sequential(
  nn.Conv2d(64, 64, { kernelSize: 1 }),
  nn.ReLU(),
  nn.Conv2d(64, 192, { kernelSize: 3, padding: 1 }),
  nn.ReLU(),
  nn.MaxPool2d({ kernelSize: 3, stride: 2, padding: 1 }),
);

const b3 = nn.Sequential(
  new Inception(192, 64, [96, 128], [16, 32], 32),
  new Inception(256, 128, [128, 192], [32, 96], 64),
  nn.MaxPool2d({ kernelSize: 3, stride: 2, padding: 1 }),
);

const b4 = nn.Sequential(
  new Inception(480, 192, [96, 208], [16, 48], 64),
  new Inception(512, 160, [112, 224], [24, 64], 64),
  new Inception(512, 128, [128, 256], [24, 64], 64),
  new Inception(512, 112, [144, 288], [32, 64], 64),
  new Inception(528, 256, [160, 320], [32, 128], 128),
  nn.MaxPool2d({ kernelSize: 3, stride: 2, padding: 1 }),
);

const b5 = nn.Sequential(
  new Inception(832, 256, [160, 320], [32, 128], 128),
  new Inception(832, 384, [192, 384], [48, 128], 128),
  nn.AdaptiveAvgPool2d([1, 1]),
  nn.Flatten(),
);

const net = nn.Sequential(b1, b2, b3, b4, b5, nn.Linear(1024, 10));

// Images of 96x96 instead of 224x224 make the training shorter.
// 用 96×96 而不是 224×224 的图片，计算量小得多，训练也快得多。
let X = rand(1, 1, 96, 96);
for (const layer of net) {
  X = layer(X);
  console.log(layer.constructor.name, "output shape:\t", X.shape);
}

if (!shapesOnly) {
  const lr = 0.1;
  const [trainIter, testIter] = limit(await d2l.loadDataFashionMnist(batchSize, { resize: 96 }));
  await d2l.trainCh6(net, trainIter, testIter, numEpochs, lr, await d2l.tryEngine(engine));
}
