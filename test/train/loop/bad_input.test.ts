import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as models from "../../../src/models/index.ts";
import * as nn from "../../../src/nn/index.ts";
import * as optim from "../../../src/optim/index.ts";
import { defaultSession } from "../../../src/runtime/runtime.ts";
import {
  fromTypedArray,
  manualSeed,
  rand,
  stopEngine,
  type Tensor,
  tensor,
  useEngine,
  zeros,
} from "../../../src/tensor/index.ts";
import { fit } from "../../../src/train/index.ts";
import { quadrants } from "../small_data.ts";

before(() => useEngine("wasm", { threads: 1 }));
after(stopEngine);

const images = (count: number, channels = 1, size = 28) => rand(count, channels, size, size);

function train(net: nn.Module, trainLoader: [Tensor, Tensor][], lr = 0.1, microBatch?: number) {
  const optimizer = optim.SGD(net.parameters(), { lr });
  return fit(net, { trainLoader, optimizer, epochs: 1, microBatch });
}

test("shapes that do not fit name the layer by its path, and both shapes", async () => {
  const labels = tensor([1, 2]);
  await assert.rejects(train(models.lenet(), [[images(2, 3), labels]]), {
    name: "ShapeError",
    message: "conv2d (net.0): expected 1 input channels, got 3 in [2, 3, 28, 28]; weight is [6, 1, 5, 5]",
  });
  await assert.rejects(train(models.lenet(), [[images(2, 1, 32), labels]]), {
    name: "ShapeError",
    message: /^linear \(net\.7\): expected 400 input features, got 576 in \[2, 576\]; weight is \[120, 400\]/,
  });
  class Own extends nn.Module {
    features = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU());
    classifier = nn.Linear(10, 2);
    override forward(x: Tensor): Tensor {
      return this.classifier(this.features(x).flatten(1));
    }
  }
  await assert.rejects(
    train(new Own(), [[images(2, 1, 5), labels]]),
    /^ShapeError: linear \(net\.classifier\): expected 10 input features, got 36/,
  );
  await assert.rejects(
    train(models.lenet(), [[images(3), labels]]),
    /ShapeError: crossEntropy.*\b3\b.*\b2\b/,
  );
});

test("labels out of range name the label, its place and the range", async () => {
  const [x] = quadrants(3, 1);
  for (const wrong of [4, -1]) {
    await assert.rejects(train(nn.Linear(2, 4), [[x, tensor([0, wrong, 1])]]), {
      name: "IndexError",
      message: new RegExp(`label ${wrong} at position 1 is out of range: expected 0 to 3`),
    });
  }
});

test("wrong dtypes name what was given and how to convert it", async () => {
  const bytes = fromTypedArray(new Uint8Array(2 * 784), [2, 1, 28, 28], "uint8");
  await assert.rejects(train(models.lenet(), [[bytes, tensor([1, 2])]]), {
    name: "DTypeError",
    message: /^conv2d \(net\.0\): expected .* floating-point dtype, got uint8.*\.to\("float32"\)/,
  });
  const [x] = quadrants(3, 1);
  await assert.rejects(
    train(nn.Linear(2, 4), [[x, tensor([0.5, 1, 2])]]),
    /DTypeError: crossEntropy: expected class labels of an integer dtype .*got float32 \[3\]; convert labels with \.to\("int64"\)/,
  );
});

test("a batch of one in batch norm training names the layer, in the middle of an epoch too", async () => {
  const net = nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.Linear(8, 4));
  const [x, y] = quadrants(33, 1);
  const batches: [Tensor, Tensor][] = [
    [x.narrow(0, 0, 32), y.narrow(0, 0, 32)],
    [x.narrow(0, 32, 1), y.narrow(0, 32, 1)],
  ];
  await assert.rejects(train(net, batches), {
    name: "ShapeError",
    message:
      /^batchNorm \(net\.1\): .*got input size \[1, 8\]; use a larger batch \(dropLast for the last one\) or eval\(\)/,
  });
});

test("a step that does not fit the memory, and must not be cut, says so before anything is allocated", async () => {
  manualSeed(0);
  const net = nn.Sequential(nn.Conv2d(1, 64, 5), nn.ReLU(), nn.Flatten(), nn.Linear(64 * 24 * 24, 10));
  await net.parameters()[0].data();
  const resident = process.memoryUsage.rss();
  const arena = defaultSession().memory().arenaBytes;
  const x = zeros(20_000, 1, 28, 28);
  const y = zeros([20_000], { dtype: "int64" });
  await assert.rejects(train(net, [[x, y]], 0.1, 20_000), {
    name: "OutOfMemoryError",
    message: /out of memory: .*needs [\d.]+ GiB, .* of at most 4\.0 GiB are taken; use a smaller batch/,
  });
  assert.equal(defaultSession().memory().arenaBytes, arena);
  assert.ok(process.memoryUsage.rss() - resident < 500e6, "memory was taken");
  // The engine goes on with what fits.
  assert.equal(await rand(3).sum().mul(0).item(), 0);
});

test("calls in an order that cannot work say which one is missing", () => {
  const net = nn.Linear(2, 4);
  const [x, y] = quadrants(4, 1);
  const loss = nn.functional.crossEntropy(net(x), y);
  loss.backward();
  assert.throws(() => loss.backward(), {
    name: "AutogradError",
    message: /walked before.*retainGraph: true/,
  });
  assert.throws(() => rand(3).sum().backward(), {
    name: "AutogradError",
    message: /does not require a gradient and has no graph/,
  });
  assert.throws(() => net(x).backward(), {
    name: "AutogradError",
    message: /only for one element.*\[4, 4\]; pass `gradient`/,
  });
});

test("a training whose batch fails can be followed by one that works", async () => {
  const [x, y] = quadrants(8, 1);
  const net = nn.Linear(2, 4);
  await assert.rejects(train(net, [[x, tensor([9, 0, 0, 0, 0, 0, 0, 0])]]), /label 9/);
  const { step } = await train(nn.Linear(2, 4), [[x, y]]);
  assert.equal(step, 1);
});

test("weights of another model are refused, and nothing is changed", async () => {
  const net = models.bnLenet();
  const before = await net.stateDict()["0.weight"].tolist();
  assert.throws(() => net.loadStateDict(models.lenet().stateDict()), {
    name: "StateDictError",
    message:
      /missing keys: 1\.weight.*unexpected keys: .*11\.weight.*9\.weight: expected shape \[120, 256\], got \[84, 120\]/s,
  });
  assert.deepEqual(await net.stateDict()["0.weight"].tolist(), before);
});
