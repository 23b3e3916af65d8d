/** Frozen networks compute what the networks compute. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { freeze } from "../../src/classifier/index.ts";
import {
  ArgumentError,
  manualSeed,
  models,
  nn,
  noGrad,
  optim,
  profile,
  rand,
  randn,
  stopEngine,
  type Tensor,
  useEngine,
} from "../../src/index.ts";
import { difference } from "./known_network.ts";

after(() => stopEngine());

const list = async (x: Tensor) => Array.from(await x.data(), Number);

/** Batch statistics that are not the initial ones, so that folding them does something. */
async function withStatistics(net: nn.Module, shape: readonly number[]): Promise<nn.Module> {
  net.train();
  for (let i = 0; i < 2; i++) await noGrad(() => net(rand(...shape).mul(3))).logits?.data?.();
  for (const module of net.modules())
    if (module instanceof nn.BatchNorm2d && module.bias && module.runningVar) {
      noGrad(() => {
        module.bias?.copy_(randn(module.numFeatures));
        module.runningVar?.copy_(rand(module.numFeatures).add(0.5));
      });
    }
  return net.eval();
}

const NETWORKS = [
  ["bn-lenet", () => models.bnLenet(), [3, 1, 28, 28]],
  ["lenet", () => models.lenet({ dropout: 0.5, batchNorm: true }), [2, 1, 28, 28]],
  ["mobilenet-v2", () => models.torchvision.mobilenetV2({ numClasses: 7, widthMult: 0.25 }), [2, 3, 32, 32]],
  ["squeezenet", () => models.torchvision.squeezenet1_1({ numClasses: 5 }), [1, 3, 48, 48]],
] as const;

for (const engine of ["reference", "wasm"])
  for (const [name, make, shape] of NETWORKS)
    test(`${name} on ${engine}`, async () => {
      await useEngine(engine, engine === "wasm" ? { threads: 1 } : {});
      manualSeed(4);
      const net = await withStatistics(make(), shape);
      const frozen = freeze(net);
      for (const batch of [shape[0], 1, shape[0]]) {
        const x = randn(batch, ...shape.slice(1));
        const [expected, found] = [await list(noGrad(() => net(x))), await frozen.run(x)];
        const size = Math.max(1, ...expected.map(Math.abs));
        assert.deepEqual(found.shape, [batch, expected.length / batch]);
        assert.ok(difference(await list(found), expected) < 1e-5 * size);
      }
    });

test("what batch normalisation did is gone: a convolution is one step", async () => {
  await useEngine("wasm", { threads: 1 });
  const net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU()).eval();
  const frozen = freeze(net);
  const x = randn(1, 3, 8, 8);
  await frozen.run(x);
  const [run] = await profile(() => frozen.run(x));
  assert.deepEqual(
    run.program.steps.map(({ op }) => op),
    ["conv2d"],
  );
});

test("new weights, another mode and another engine are noticed", async () => {
  await useEngine("wasm", { threads: 1 });
  manualSeed(6);
  const net = models.lenet({ dropout: 0.5, batchNorm: true, activation: "relu" });
  const frozen = freeze(net);
  const x = randn(2, 1, 28, 28);
  const same = async () => {
    net.eval();
    const expected = await list(noGrad(() => net(x)));
    net.train();
    assert.ok(difference(await list(await frozen.run(x)), expected) < 1e-5);
    assert.equal(net.training, true);
  };
  await same();
  const optimizer = optim.SGD(net.parameters(), { lr: 0.1 });
  net.train();
  net(x).sum().backward();
  optimizer.step();
  await same();
  await useEngine("reference");
  await same();
  await useEngine("wasm", { threads: 1 });
  await same();
});

test("calls at the same time do not disturb each other", async () => {
  await useEngine("wasm", { threads: 1 });
  const net = models.lenet().eval();
  const frozen = freeze(net);
  const inputs = Array.from({ length: 6 }, () => randn(1, 1, 28, 28));
  const found = await Promise.all(inputs.map((x) => frozen.run(x)));
  for (const [i, x] of inputs.entries())
    assert.ok(difference(await list(found[i]), await list(noGrad(() => net(x)))) < 1e-6);
});

test("what is not a network, or not an input of it, is refused", async () => {
  assert.throws(() => freeze(3 as never), ArgumentError);
  await assert.rejects(freeze(models.lenet()).run([1] as never), ArgumentError);
  await assert.rejects(freeze(models.lenet()).run(randn(1, 3, 28, 28)), /expected/);
});
