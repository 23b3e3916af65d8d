/** Text of the programs that ranks run: networks, data, and the hash of what a training leaves. */
export const NETWORKS = `
import { createHash } from "node:crypto";
const { cat, data, models, rand, randint } = convoyant;

class Inception extends nn.Module {
  constructor(channels, out) {
    super();
    this.one = nn.Conv2d(channels, out, 1);
    this.three = nn.Sequential(nn.Conv2d(channels, out, 1), nn.ReLU(), nn.Conv2d(out, out, 3, { padding: 1 }));
    this.five = nn.Sequential(nn.Conv2d(channels, 2, 1), nn.ReLU(), nn.Conv2d(2, out, 5, { padding: 2 }));
    this.pool = nn.Sequential(nn.MaxPool2d(3, { stride: 1, padding: 1 }), nn.Conv2d(channels, out, 1));
  }
  forward(x) {
    return cat([this.one(x), this.three(x), this.five(x), this.pool(x)], 1).relu();
  }
}

const NETWORKS = {
  // Of what a shard can have, some of everything: statistics, and random numbers.
  small: () =>
    nn.Sequential(
      nn.Conv2d(1, 4, 5, { stride: 4 }), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Dropout(0.3),
      nn.Linear(144, 10),
    ),
  lenet: () => models.lenet(),
  bnLenet: () => models.bnLenet(),
  googlenet: () =>
    nn.Sequential(
      nn.Conv2d(1, 8, 7, { stride: 2, padding: 3 }), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
      new Inception(8, 4), new Inception(16, 4), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.4),
      nn.Linear(16, 10),
    ),
  // Layers that wait for each other side by side.
  syncInception: () =>
    waitingSideBySide(
      nn.Sequential(
        nn.Conv2d(1, 4, 7, { stride: 4, padding: 3 }), nn.BatchNorm2d(4), nn.ReLU(), new Inception(4, 4),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.4), nn.Linear(16, 10),
      ),
    ),
  syncGooglenet: () => waitingSideBySide(NETWORKS.googlenet()),
};

/** Normalisations in two branches of each block, with statistics of all ranks. */
function waitingSideBySide(net) {
  for (const block of net.modules())
    if (block instanceof Inception) for (const branch of [block.three, block.pool]) branch.append(nn.BatchNorm2d(4));
  return nn.convertSyncBatchNorm(net);
}

/** Everything that a training is made of, the same in every process. */
function setUp(name, { examples = 67, batchSize = 32 } = {}) {
  manualSeed(5);
  const net = models.initXavier(NETWORKS[name]());
  const set = data.TensorDataset(rand(examples, 1, 28, 28), randint(0, 10, [examples]));
  const trainLoader = data.DataLoader(set, { batchSize, shuffle: true, seed: 1 });
  const testLoader = data.DataLoader(set, { batchSize: 40 });
  const optimizer = optim.SGD(net.parameters(), { lr: 0.1, momentum: 0.9, weightDecay: 1e-3 });
  return { net, trainLoader, testLoader, optimizer };
}

async function hashOf(net) {
  const hash = createHash("sha256");
  for (const [name, value] of Object.entries(net.stateDict())) {
    const { buffer, byteOffset, byteLength } = await value.data();
    hash.update(name).update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return hash.digest("hex").slice(0, 16);
}
`;
