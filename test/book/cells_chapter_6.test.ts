/**
 * The cells of chapter 6 of "Dive into Deep Learning" (PyTorch edition), typed in with changes of syntax only, and
 * executed. What had to change beyond syntax stands in examples/chapter-7/README.md.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  abs,
  arange,
  cat,
  book as d2l,
  manualSeed,
  matmul,
  nn,
  noGrad,
  ones,
  optim,
  rand,
  randn,
  stack,
  stopEngine,
  type Tensor,
  tensor,
  useEngine,
  zeros,
} from "../../src/index.ts";
import { iterators, LAST, printed } from "./cell_output.ts";

before(async () => {
  await useEngine("wasm");
  manualSeed(0);
});
after(() => stopEngine());

function corr2d(X: Tensor, K: Tensor): Tensor {
  const [h, w] = K.shape;
  const Y = zeros([X.shape[0] - h + 1, X.shape[1] - w + 1]);
  for (let i = 0; i < Y.shape[0]; i++)
    for (let j = 0; j < Y.shape[1]; j++)
      Y.setAt_(
        [i, j],
        X.at(`${i}:${i + h}`, `${j}:${j + w}`)
          .mul(K)
          .sum(),
      );
  return Y;
}

test("6.2.1 the cross-correlation", async () => {
  const X = tensor([
    [0.0, 1.0, 2.0],
    [3.0, 4.0, 5.0],
    [6.0, 7.0, 8.0],
  ]);
  const K = tensor([
    [0.0, 1.0],
    [2.0, 3.0],
  ]);
  const expected = [
    [19, 25],
    [37, 43],
  ];
  assert.deepEqual(await corr2d(X, K).tolist(), expected);
  assert.deepEqual(await d2l.corr2d(X, K).tolist(), expected);
});

test("6.2.2 a convolutional layer", async () => {
  class Conv2D extends nn.Module {
    weight: nn.Parameter;
    bias: nn.Parameter;

    constructor(kernelSize: number[]) {
      super();
      this.weight = nn.Parameter(rand(kernelSize));
      this.bias = nn.Parameter(zeros(1));
    }

    override forward(x: Tensor): Tensor {
      return corr2d(x, this.weight).add(this.bias);
    }
  }
  const layer = new Conv2D([2, 2]);
  const Y = layer(ones([3, 3]));
  Y.sum().backward();
  assert.deepEqual(
    [Y.shape, await layer.weight.grad?.tolist()],
    [
      [2, 2],
      [
        [4, 4],
        [4, 4],
      ],
    ],
  );
});

test("6.2.3 and 6.2.4 edges are found, and the kernel is learned", async () => {
  let X = ones([6, 8]);
  X.at(":", "2:6").fill_(0);
  const K = tensor([[1.0, -1.0]]);
  let Y = corr2d(X, K);
  assert.deepEqual((await Y.tolist())[0], [0, 1, 0, 0, 0, -1, 0]);
  assert.equal(await corr2d(X.t(), K).abs().sum().item(), 0);

  const conv2d = nn.Conv2d(1, 1, { kernelSize: [1, 2], bias: false });
  X = X.reshape([1, 1, 6, 8]);
  Y = Y.reshape([1, 1, 6, 7]);
  const lr = 3e-2;
  const losses: number[] = [];
  for (let i = 0; i < 10; i++) {
    const YHat = conv2d(X);
    const l = YHat.sub(Y).pow(2);
    conv2d.zeroGrad();
    l.sum().backward();
    conv2d.weight.data.at(":").sub_(conv2d.weight.grad!.mul(lr));
    if ((i + 1) % 2 === 0) losses.push(await l.sum().item());
  }
  assert.ok(
    losses.every((loss, i) => i === 0 || loss < losses[i - 1]),
    String(losses),
  );
  const [[left, right]] = await conv2d.weight.data.reshape([1, 2]).tolist();
  assert.ok(Math.abs(left - 1) < 0.15 && Math.abs(right + 1) < 0.15, `${left} ${right}`);
});

test("6.3 padding and stride", () => {
  function compConv2d(conv2d: nn.Conv2d, X: Tensor): Tensor {
    X = X.reshape([1, 1, ...X.shape]);
    const Y = conv2d(X);
    return Y.reshape(Y.shape.slice(2));
  }
  const X = rand([8, 8]);
  const layers = [
    nn.Conv2d(1, 1, { kernelSize: 3, padding: 1 }),
    nn.Conv2d(1, 1, { kernelSize: [5, 3], padding: [2, 1] }),
    nn.Conv2d(1, 1, { kernelSize: 3, padding: 1, stride: 2 }),
    nn.Conv2d(1, 1, { kernelSize: [3, 5], padding: [0, 1], stride: [3, 4] }),
  ];
  assert.deepEqual(
    layers.map((conv2d) => compConv2d(conv2d, X).shape),
    [
      [8, 8],
      [8, 8],
      [4, 4],
      [2, 2],
    ],
  );
});

test("6.4 several input and output channels", async () => {
  const corr2dMultiIn = (X: Tensor, K: Tensor): Tensor => {
    const kernels = K.unbind(0);
    return X.unbind(0)
      .map((x, i) => d2l.corr2d(x, kernels[i]))
      .reduce((sum, one) => sum.add(one));
  };
  let X = tensor([
    [
      [0.0, 1.0, 2.0],
      [3.0, 4.0, 5.0],
      [6.0, 7.0, 8.0],
    ],
    [
      [1.0, 2.0, 3.0],
      [4.0, 5.0, 6.0],
      [7.0, 8.0, 9.0],
    ],
  ]);
  let K = tensor([
    [
      [0.0, 1.0],
      [2.0, 3.0],
    ],
    [
      [1.0, 2.0],
      [3.0, 4.0],
    ],
  ]);
  assert.deepEqual(await corr2dMultiIn(X, K).tolist(), [
    [56, 72],
    [104, 120],
  ]);

  const corr2dMultiInOut = (X: Tensor, K: Tensor): Tensor =>
    stack(
      K.unbind(0).map((k) => corr2dMultiIn(X, k)),
      0,
    );
  K = stack([K, K.add(1), K.add(2)], 0);
  assert.deepEqual(K.shape, [3, 2, 2, 2]);
  assert.deepEqual(await corr2dMultiInOut(X, K).tolist(), [
    [
      [56, 72],
      [104, 120],
    ],
    [
      [76, 100],
      [148, 172],
    ],
    [
      [96, 128],
      [192, 224],
    ],
  ]);

  function corr2dMultiInOut1x1(X: Tensor, K: Tensor): Tensor {
    const [cI, h, w] = X.shape;
    const cO = K.shape[0];
    X = X.reshape([cI, h * w]);
    K = K.reshape([cO, cI]);
    const Y = matmul(K, X);
    return Y.reshape([cO, h, w]);
  }
  X = randn([3, 3, 3]);
  K = randn([2, 3, 1, 1]);
  const Y1 = corr2dMultiInOut1x1(X, K);
  const Y2 = corr2dMultiInOut(X, K);
  assert.ok((await abs(Y1.sub(Y2)).sum().item()) < 1e-5);
});

test("6.5 pooling", async () => {
  function pool2d(X: Tensor, poolSize: [number, number], mode = "max"): Tensor {
    const [pH, pW] = poolSize;
    const Y = zeros([X.shape[0] - pH + 1, X.shape[1] - pW + 1]);
    for (let i = 0; i < Y.shape[0]; i++) {
      for (let j = 0; j < Y.shape[1]; j++) {
        const window = X.at(`${i}: ${i + pH}`, `${j}: ${j + pW}`);
        if (mode === "max") Y.setAt_([i, j], window.max());
        else if (mode === "avg") Y.setAt_([i, j], window.mean());
      }
    }
    return Y;
  }
  let X = tensor([
    [0.0, 1.0, 2.0],
    [3.0, 4.0, 5.0],
    [6.0, 7.0, 8.0],
  ]);
  assert.deepEqual(await pool2d(X, [2, 2]).tolist(), [
    [4, 5],
    [7, 8],
  ]);
  assert.deepEqual(await pool2d(X, [2, 2], "avg").tolist(), [
    [2, 3],
    [5, 6],
  ]);

  X = arange(16, { dtype: "float32" }).reshape([1, 1, 4, 4]);
  let pool = nn.MaxPool2d(3);
  assert.deepEqual(await pool(X).tolist(), [[[[10]]]]);
  pool = nn.MaxPool2d(3, { padding: 1, stride: 2 });
  assert.deepEqual(await pool(X).tolist(), [
    [
      [
        [5, 7],
        [13, 15],
      ],
    ],
  ]);
  pool = nn.MaxPool2d([2, 3], { stride: [2, 3], padding: [0, 1] });
  assert.deepEqual(await pool(X).tolist(), [
    [
      [
        [5, 7],
        [13, 15],
      ],
    ],
  ]);
  X = cat([X, X.add(1)], 1);
  pool = nn.MaxPool2d(3, { padding: 1, stride: 2 });
  assert.deepEqual(await pool(X).tolist(), [
    [
      [
        [5, 7],
        [13, 15],
      ],
      [
        [6, 8],
        [14, 16],
      ],
    ],
  ]);
});

const lenet = () =>
  nn.Sequential(
    nn.Conv2d(1, 6, { kernelSize: 5, padding: 2 }),
    nn.Sigmoid(),
    nn.AvgPool2d({ kernelSize: 2, stride: 2 }),
    nn.Conv2d(6, 16, { kernelSize: 5 }),
    nn.Sigmoid(),
    nn.AvgPool2d({ kernelSize: 2, stride: 2 }),
    nn.Flatten(),
    nn.Linear(16 * 5 * 5, 120),
    nn.Sigmoid(),
    nn.Linear(120, 84),
    nn.Sigmoid(),
    nn.Linear(84, 10),
  );

test("6.6.1 LeNet, layer by layer", async () => {
  const net = lenet();
  const lines = await printed(() => {
    let X = rand([1, 1, 28, 28], { dtype: "float32" });
    for (const layer of net) {
      X = layer(X);
      console.log(layer.constructor.name, "output shape: \t", X.shape);
    }
  });
  assert.deepEqual(
    lines.map(([name, , shape]) => `${name} ${shape}`),
    [
      ...["Conv2d 1,6,28,28", "Sigmoid 1,6,28,28", "AvgPool2d 1,6,14,14", "Conv2d 1,16,10,10"],
      ...["Sigmoid 1,16,10,10", "AvgPool2d 1,16,5,5", "Flatten 1,400", "Linear 1,120", "Sigmoid 1,120"],
      ...["Linear 1,84", "Sigmoid 1,84", "Linear 1,10"],
    ],
  );
});

type Iterator = readonly (readonly [Tensor, Tensor])[];

async function evaluateAccuracyGpu(net: nn.Module, dataIter: Iterator, device?: "cpu"): Promise<number> {
  net.eval();
  device ??= net.parameters()[0].device;
  const metric = d2l.Accumulator(2);
  for (let [X, y] of dataIter) {
    X = X.to(device);
    y = y.to(device);
    metric.add(
      await d2l.accuracy(
        noGrad(() => net(X)),
        y,
      ),
      y.numel(),
    );
  }
  return metric[0] / metric[1];
}

async function trainCh6(
  net: nn.Module,
  trainIter: Iterator,
  testIter: Iterator,
  numEpochs: number,
  lr: number,
  device: "cpu",
): Promise<void> {
  function initWeights(m: nn.Module): void {
    if (m instanceof nn.Linear || m instanceof nn.Conv2d) nn.init.xavierUniform_(m.weight);
  }
  net.apply(initWeights);
  console.log("training on", device);
  net.to(device);
  const optimizer = optim.SGD(net.parameters(), { lr });
  const loss = nn.CrossEntropyLoss();
  const animator = d2l.Animator({
    xlabel: "epoch",
    xlim: [1, numEpochs],
    legend: ["train loss", "train acc", "test acc"],
  });
  const [timer, numBatches] = [d2l.Timer(), trainIter.length];
  let [trainL, trainAcc, testAcc] = [0, 0, 0];
  const metric = d2l.Accumulator(3);
  for (let epoch = 0; epoch < numEpochs; epoch++) {
    metric.reset();
    net.train();
    for (let [i, [X, y]] of trainIter.entries()) {
      timer.start();
      optimizer.zeroGrad();
      [X, y] = [X.to(device), y.to(device)];
      const yHat = net(X);
      const l = loss(yHat, y);
      l.backward();
      optimizer.step();
      metric.add((await l.item()) * X.shape[0], await d2l.accuracy(yHat, y), X.shape[0]);
      timer.stop();
      trainL = metric[0] / metric[2];
      trainAcc = metric[1] / metric[2];
      if ((i + 1) % Math.floor(numBatches / 2) === 0 || i === numBatches - 1)
        animator.add(epoch + (i + 1) / numBatches, [trainL, trainAcc, null]);
    }
    testAcc = await evaluateAccuracyGpu(net, testIter);
    animator.add(epoch + 1, [null, null, testAcc]);
  }
  console.log(`loss ${trainL.toFixed(3)}, train acc ${trainAcc.toFixed(3)}, test acc ${testAcc.toFixed(3)}`);
  console.log(`${((metric[2] * numEpochs) / timer.sum()).toFixed(1)} examples/sec on ${device}`);
}

test("6.6.2 LeNet is trained by the book's own loop, and by ours", async () => {
  const [trainIter, testIter] = iterators(16, 28);
  const [lr, numEpochs] = [0.9, 2];
  const own = await printed(() => trainCh6(lenet(), trainIter, testIter, numEpochs, lr, d2l.tryGpu()));
  assert.deepEqual(own[0], ["training on", "cpu"]);
  assert.match(own[1][0], LAST);
  const ours = await printed(() => d2l.trainCh6(lenet(), trainIter, testIter, numEpochs, lr, d2l.tryGpu()));
  assert.match(ours[1][0].split("\n")[0], LAST);
  const net = lenet();
  assert.equal(await d2l.evaluateAccuracyGpu(net, testIter), await evaluateAccuracyGpu(net, testIter));
});
