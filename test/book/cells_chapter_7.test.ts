/**
 * The cells of chapter 7 of "Dive into Deep Learning" (PyTorch edition), typed in with changes of syntax only, and
 * executed. What had to change beyond syntax stands in examples/chapter-7/README.md.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  cat,
  book as d2l,
  isGradEnabled,
  manualSeed,
  nn,
  ones,
  rand,
  sqrt,
  stopEngine,
  type Tensor,
  useEngine,
  zeros,
} from "../../src/index.ts";
import { iterators, LAST, printed } from "./cell_output.ts";

before(async () => {
  await useEngine("wasm");
  manualSeed(0);
});
after(() => stopEngine());

const F = nn.functional;

class Inception extends nn.Module {
  constructor(inChannels: number, c1: number, c2: [number, number], c3: [number, number], c4: number) {
    super();
    this.p1_1 = nn.Conv2d(inChannels, c1, { kernelSize: 1 });
    this.p2_1 = nn.Conv2d(inChannels, c2[0], { kernelSize: 1 });
    this.p2_2 = nn.Conv2d(c2[0], c2[1], { kernelSize: 3, padding: 1 });
    this.p3_1 = nn.Conv2d(inChannels, c3[0], { kernelSize: 1 });
    this.p3_2 = nn.Conv2d(c3[0], c3[1], { kernelSize: 5, padding: 2 });
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
    return cat([p1, p2, p3, p4], { dim: 1 });
  }
}

test("7.4.1 the Inception block", () => {
  const block = new Inception(192, 64, [96, 128], [16, 32], 32);
  assert.deepEqual(block(rand(1, 192, 12, 12)).shape, [1, 256, 12, 12]);
  assert.deepEqual(
    block.namedChildren().map(([name]) => name),
    [...["p1_1", "p2_1", "p2_2", "p3_1", "p3_2", "p4_1", "p4_2"]],
  );
});

function batchNorm(
  X: Tensor,
  gamma: Tensor,
  beta: Tensor,
  movingMean: Tensor,
  movingVar: Tensor,
  { eps, momentum }: { eps: number; momentum: number },
): [Tensor, Tensor, Tensor] {
  let XHat: Tensor;
  if (!isGradEnabled()) {
    XHat = X.sub(movingMean).div(sqrt(movingVar.add(eps)));
  } else {
    assert.ok(X.shape.length === 2 || X.shape.length === 4);
    let mean: Tensor;
    let variance: Tensor;
    if (X.shape.length === 2) {
      mean = X.mean({ dim: 0 });
      variance = X.sub(mean).pow(2).mean({ dim: 0 });
    } else {
      mean = X.mean({ dim: [0, 2, 3], keepdim: true });
      variance = X.sub(mean)
        .pow(2)
        .mean({ dim: [0, 2, 3], keepdim: true });
    }
    XHat = X.sub(mean).div(sqrt(variance.add(eps)));
    movingMean = movingMean.mul(momentum).add(mean.mul(1.0 - momentum));
    movingVar = movingVar.mul(momentum).add(variance.mul(1.0 - momentum));
  }
  const Y = gamma.mul(XHat).add(beta);
  return [Y, movingMean.data, movingVar.data];
}

class BatchNorm extends nn.Module {
  gamma: nn.Parameter;
  beta: nn.Parameter;
  movingMean: Tensor;
  movingVar: Tensor;

  constructor(numFeatures: number, { numDims }: { numDims: number }) {
    super();
    const shape = numDims === 2 ? [1, numFeatures] : [1, numFeatures, 1, 1];
    this.gamma = nn.Parameter(ones(shape));
    this.beta = nn.Parameter(zeros(shape));
    this.movingMean = zeros(shape);
    this.movingVar = ones(shape);
  }

  override forward(X: Tensor): Tensor {
    if (this.movingMean.device !== X.device) {
      this.movingMean = this.movingMean.to(X.device);
      this.movingVar = this.movingVar.to(X.device);
    }
    let Y: Tensor;
    [Y, this.movingMean, this.movingVar] = batchNorm(
      X,
      this.gamma,
      this.beta,
      this.movingMean,
      this.movingVar,
      { eps: 1e-5, momentum: 0.9 },
    );
    return Y;
  }
}

test("7.5.3 to 7.5.5 batch normalisation is trained from scratch, and gives what the layer gives", async () => {
  const net = nn.Sequential(
    nn.Conv2d(1, 6, { kernelSize: 5 }),
    new BatchNorm(6, { numDims: 4 }),
    nn.Sigmoid(),
    nn.AvgPool2d({ kernelSize: 2, stride: 2 }),
    nn.Conv2d(6, 16, { kernelSize: 5 }),
    new BatchNorm(16, { numDims: 4 }),
    nn.Sigmoid(),
    nn.AvgPool2d({ kernelSize: 2, stride: 2 }),
    nn.Flatten(),
    nn.Linear(16 * 4 * 4, 120),
    new BatchNorm(120, { numDims: 2 }),
    nn.Sigmoid(),
    nn.Linear(120, 84),
    new BatchNorm(84, { numDims: 2 }),
    nn.Sigmoid(),
    nn.Linear(84, 10),
  );
  const [trainIter, testIter] = iterators(16, 28);
  const [lr, numEpochs] = [1.0, 2];
  const lines = await printed(() => d2l.trainCh6(net, trainIter, testIter, numEpochs, lr, d2l.tryGpu()));
  assert.match(lines[1][0].split("\n")[0], LAST);
  const first = net[1] as BatchNorm;
  const [gamma, beta] = [await first.gamma.reshape([-1]).tolist(), await first.beta.reshape([-1]).tolist()];
  assert.deepEqual([gamma.length, beta.length], [6, 6]);
  assert.ok(gamma.every(Number.isFinite) && beta.every(Number.isFinite));
  assert.ok((await first.movingMean.abs().sum().item()) > 0);

  const concise = nn.Sequential(
    nn.Conv2d(1, 6, { kernelSize: 5 }),
    nn.BatchNorm2d(6),
    nn.Sigmoid(),
    nn.AvgPool2d({ kernelSize: 2, stride: 2 }),
    nn.Conv2d(6, 16, { kernelSize: 5 }),
    nn.BatchNorm2d(16),
    nn.Sigmoid(),
    nn.AvgPool2d({ kernelSize: 2, stride: 2 }),
    nn.Flatten(),
    nn.Linear(256, 120),
    nn.BatchNorm1d(120),
    nn.Sigmoid(),
    nn.Linear(120, 84),
    nn.BatchNorm1d(84),
    nn.Sigmoid(),
    nn.Linear(84, 10),
  );
  const again = await printed(() => d2l.trainCh6(concise, trainIter, testIter, numEpochs, lr, d2l.tryGpu()));
  assert.match(again[1][0].split("\n")[0], LAST);
});
