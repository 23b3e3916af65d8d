/** Heads: where they are, what takes their place, and that a head on embeddings learns as in the whole network. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { DataLoader, TensorDataset } from "../../../src/data/index.ts";
import {
  manualSeed,
  models,
  nn,
  rand,
  stopEngine,
  type Tensor,
  tensor,
  useEngine,
} from "../../../src/index.ts";
import { embed } from "../../../src/train/finetune/embeddings.ts";
import { tuningLoss } from "../../../src/train/finetune/fine_tune_data.ts";
import { HeadNetwork } from "../../../src/train/finetune/head_network.ts";
import { classesOf, headsOf, renewHead } from "../../../src/train/finetune/heads.ts";
import { layerGroups, layerRates } from "../../../src/train/finetune/layer_groups.ts";
import { asLoader } from "../../../src/train/loop/loaders.ts";

before(() => useEngine("wasm", { threads: 1 }));
after(() => stopEngine());

const HEADS: Record<string, [make: () => nn.Module, heads: string[]]> = {
  resnet18: [() => models.torchvision.resnet18(), ["fc"]],
  vgg11: [() => models.torchvision.vgg11(), ["classifier.6"]],
  alexnet: [() => models.torchvision.alexnet(), ["classifier.6"]],
  densenet121: [() => models.torchvision.densenet121(), ["classifier"]],
  "googlenet with auxiliary heads": [() => models.torchvision.googlenet(), ["fc", "aux1.fc2", "aux2.fc2"]],
  googlenet: [() => models.torchvision.googlenet({ auxLogits: false }), ["fc"]],
  mobilenetV2: [() => models.torchvision.mobilenetV2(), ["classifier.1"]],
  mobilenetV3Small: [() => models.torchvision.mobilenetV3Small(), ["classifier.3"]],
  squeezenet1_1: [() => models.torchvision.squeezenet1_1(), ["classifier.1"]],
  efficientnetB0: [() => models.torchvision.efficientnetB0(), ["classifier.1"]],
  efficientnetLite0: [() => models.efficientnetLite0(), ["_fc"]],
};

for (const [name, [make, expected]] of Object.entries(HEADS)) {
  test(`the heads of ${name} are found and replaced`, () => {
    const net = make();
    const heads = headsOf("fineTune", net);
    assert.deepEqual(
      heads.map(({ path }) => path),
      expected,
    );
    const order = Object.keys(net.stateDict());
    for (const head of heads) {
      assert.equal(classesOf(head), 1000);
      const renewed = renewHead(net, head, 7);
      assert.equal(classesOf(renewed), 7);
      assert.equal(net.getSubmodule(head.path), renewed.layer);
      assert.equal(renewed.layer.weight.size(1), head.layer.weight.size(1));
    }
    assert.deepEqual(Object.keys(net.stateDict()), order);
  });
}

const GRADIENTS: Record<string, () => nn.Module> = {
  "a fully connected head": () => models.torchvision.resnet18({ numClasses: 3 }),
  "a convolution as head, with layers after it": () => models.torchvision.squeezenet1_1({ numClasses: 3 }),
  "a head with dropout before it": () =>
    nn.Sequential(
      nn.Conv2d(3, 4, 3),
      nn.BatchNorm2d(4),
      nn.AdaptiveAvgPool2d(1),
      nn.Flatten(),
      nn.Dropout(0.5),
      nn.Linear(4, 3),
    ),
};

for (const [name, make] of Object.entries(GRADIENTS)) {
  test(`on embeddings the head has the gradient that it has in the whole network: ${name}`, async () => {
    manualSeed(8);
    const net = make();
    const x = rand(3, 3, 32, 32);
    const y = tensor([0, 2, 1], { dtype: "int64" });
    // Running statistics that are not those of a new layer.
    net.train()(x);
    const [head] = headsOf("fineTune", net);
    net.train();
    const loader = asLoader(new DataLoader(new TensorDataset(x, y), { batchSize: 2 }), "data.train");
    const options = { name: "data.train", views: 1, precision: "f32" } as const;
    const embeddings = await embed(net, head, loader, options);
    assert.ok(embeddings !== null);
    assert.ok(net.modules().every(({ training }) => training));
    net.eval();
    nn.functional.crossEntropy(net(x), y).backward();
    const { parameters } = { parameters: head.layer.parameters() };
    const whole = await Promise.all(parameters.map((one) => (one.grad as Tensor).data()));
    net.zeroGrad();
    const network = new HeadNetwork(net, head, embeddings.headIsLast, embeddings.imageShape);
    const loaded = new DataLoader(embeddings.dataset, { batchSize: 3 });
    for await (const [features, labels] of loaded) {
      assert.deepEqual(features.shape.slice(1), embeddings.shape);
      nn.functional.crossEntropy(network.train()(features), labels).backward();
    }
    assert.deepEqual(Object.keys(network.stateDict()), ["head.weight", "head.bias"]);
    for (const [i, parameter] of parameters.entries()) {
      const own = await (parameter.grad as Tensor).data();
      own.forEach((number, at) => {
        assert.ok(Math.abs(number - whole[i][at]) < 1e-5, `${i}[${at}]: ${number}, expected ${whole[i][at]}`);
      });
    }
    const trained = net.parameters().filter(({ grad }) => grad !== null);
    assert.deepEqual(trained, parameters);
  });
}

test("layers are grouped from the input to the head", () => {
  const net = models.torchvision.resnet18();
  const pathOf = new Map(net.namedModules().map(([path, module]) => [module, path]));
  const named = (count: number) =>
    layerGroups(net, headsOf("fineTune", net), count).map(({ modules }) =>
      modules.map((module) => pathOf.get(module)),
    );
  const blocks = [1, 2, 3, 4].flatMap((stage) => [`layer${stage}.0`, `layer${stage}.1`]);
  assert.deepEqual(named(3), [["conv1", "bn1", ...blocks.slice(0, 3)], blocks.slice(3), ["fc"]]);
  assert.deepEqual(named(2), [["conv1", "bn1", ...blocks], ["fc"]]);
  assert.equal(named(99).length, 11);
  assert.deepEqual(named(1), [["fc"]]);
  const all = layerGroups(net, headsOf("fineTune", net), 3).flatMap(({ params }) => params);
  assert.equal(new Set(all).size, net.parameters().length);
});

test("rates of layers are evenly spaced by their logarithms", () => {
  assert.deepEqual(layerRates(0.1, 100, 1), [0.1]);
  const near = (found: number[], expected: number[]) => {
    assert.equal(found.length, expected.length);
    found.forEach((rate, i) => {
      assert.ok(Math.abs(rate / expected[i] - 1) < 1e-12, `${rate}, expected ${expected[i]}`);
    });
  };
  // fastai: even_mults(1e-5, 1e-3, 3) = [1e-5, 1e-4, 1e-3].
  near(layerRates(1e-3, 100, 3), [1e-5, 1e-4, 1e-3]);
  near(layerRates(8, 8, 4), [1, 2, 4, 8]);
});

test("the loss is the mean over examples of the class's factor times the smoothed cross-entropy", async () => {
  const scores = [
    [2, 0.5, -1],
    [0, 1, 0],
  ];
  const [smoothing, weights, labels] = [0.1, [0.5, 1, 3], [2, 0]];
  const train = new TensorDataset({ data: new Float32Array(2), shape: [2, 1], dtype: "float32" });
  const of = { data: { train }, epochs: 1, labelSmoothing: smoothing, classWeights: weights };
  const loss = tuningLoss(of, 3);
  assert.ok(loss !== undefined);
  // As PyTorch: of each class's probability in the smoothed label, its factor.
  const byHand = scores.map((row, n) => {
    const total = Math.log(row.reduce((sum, score) => sum + Math.exp(score), 0));
    return row.reduce((sum, score, c) => {
      const target = (c === labels[n] ? 1 - smoothing : 0) + smoothing / 3;
      return sum - target * weights[c] * (score - total);
    }, 0);
  });
  const found = await loss(tensor(scores), tensor(labels, { dtype: "int64" })).item();
  assert.ok(Math.abs(Number(found) - (byHand[0] + byHand[1]) / 2) < 1e-6);
  assert.equal(tuningLoss({ data: { train }, epochs: 1 }, 3), undefined);
});

test('"balanced" weighs classes by the inverse of their numbers', async () => {
  const labels = { data: Float64Array.of(0, 0, 0, 1), shape: [4], dtype: "int64" as const };
  const x = { data: new Float32Array(4), shape: [4, 1], dtype: "float32" as const };
  const of = { data: { train: new TensorDataset(x, labels) }, epochs: 1, classWeights: "balanced" as const };
  const loss = tuningLoss(of, 2);
  // 4 / (2 * 3) and 4 / (2 * 1), of cross-entropies log 2.
  const even = await loss?.(tensor([[0, 0]]), tensor([0], { dtype: "int64" })).item();
  const rare = await loss?.(tensor([[0, 0]]), tensor([1], { dtype: "int64" })).item();
  assert.ok(Math.abs(Number(even) - (2 / 3) * Math.LN2) < 1e-6);
  assert.ok(Math.abs(Number(rare) - 2 * Math.LN2) < 1e-6);
});
