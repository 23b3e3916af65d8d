/** Names that examples use without defining them, by topic. */
import type { data, Tensor } from "convoyant";
import * as convoyant from "convoyant";

interface Images {
  readonly net: convoyant.nn.Sequential;
  readonly optimizer: convoyant.optim.Optimizer;
  readonly x: Tensor;
  readonly y: Tensor;
  readonly dataset: data.Dataset;
  readonly trainLoader: data.DataLoader;
  readonly testLoader: data.DataLoader;
}

/** A small network on vectors and one batch for it; of the package, or of the sources under test. */
export function vectors({ nn, optim, randint, randn } = convoyant) {
  const net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3));
  const optimizer = optim.SGD(net.parameters(), { lr: 0.1 });
  const x = randn(8, 4);
  const y = randint(0, 3, [8]);
  /** One training step; gives its loss. */
  const trainStep = () => {
    const loss = nn.functional.crossEntropy(net(x), y);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    return loss;
  };
  return { net, optimizer, x, y, trainStep };
}

/** LeNet, a batch of images and loaders of a few more. */
export function images({ data, models, optim, rand, randint } = convoyant): Images {
  const net = models.initXavier(models.lenet());
  const optimizer = optim.SGD(net.parameters(), { lr: 0.1 });
  const x = rand(8, 1, 28, 28);
  const y = randint(0, 10, [8]);
  const dataset = data.TensorDataset(rand(32, 1, 28, 28), randint(0, 10, [32]));
  const trainLoader = data.DataLoader(dataset, { batchSize: 8, shuffle: true });
  const testLoader = data.DataLoader(dataset, { batchSize: 16 });
  return { net, optimizer, x, y, dataset, trainLoader, testLoader };
}
