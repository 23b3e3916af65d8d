/** Every module has its own mode: what switches modes puts each back, and a frozen layer stays frozen. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  book,
  nn,
  optim,
  rand,
  stopEngine,
  type Tensor,
  tensor,
  train,
  useEngine,
} from "../../../src/index.ts";

before(() => useEngine("reference"));
after(() => stopEngine());

const batches: [Tensor, Tensor][] = [[rand(4, 1, 4, 4), tensor([0, 1, 0, 1], { dtype: "int64" })]];

function network(norm: nn.Module = nn.BatchNorm2d(2)): nn.Sequential {
  return nn.Sequential(
    nn.Conv2d(1, 2, 3),
    norm,
    nn.Sequential(nn.Dropout(0.5), nn.Flatten()),
    nn.Linear(8, 2),
  );
}

const modesOf = (net: nn.Module) => net.modules().map((module) => module.training);

const switching: Record<string, (net: nn.Module) => unknown> = {
  "train.evaluate": (net) => train.evaluate(net, batches),
  "book.evaluateAccuracy": (net) => book.evaluateAccuracy(net, batches),
  "train.layerSummary": (net) => train.layerSummary(net, [1, 1, 4, 4]),
  "train.fit": (net) =>
    train.fit(net, {
      trainLoader: batches,
      testLoader: batches,
      optimizer: optim.SGD(net.parameters(), { lr: 0.1 }),
      epochs: 2,
    }),
};

for (const [name, run] of Object.entries(switching)) {
  test(`${name} leaves every module in its own mode`, async () => {
    const net = network();
    net.train();
    net.at(1).eval();
    net.at(2).training = false;
    const mixed = modesOf(net);
    assert.deepEqual(mixed, [true, true, false, false, true, true, true]);
    await run(net);
    assert.deepEqual(modesOf(net), mixed);
    net.eval();
    net.at(1).train();
    const other = modesOf(net);
    await run(net);
    assert.deepEqual(modesOf(net), other);
  });
}

test("evaluate restores the modes after an error", async () => {
  const net = network();
  net.at(1).eval();
  const modes = modesOf(net);
  await assert.rejects(train.evaluate(net, [[rand(4, 3, 4, 4), batches[0][1]]]));
  assert.deepEqual(modesOf(net), modes);
});

test("a layer that overrides train() stays frozen through fit", async () => {
  class FrozenBatchNorm2d extends nn.BatchNorm2d {
    override train(): this {
      return super.train(false);
    }
  }
  const frozen = new FrozenBatchNorm2d(2);
  const seen: boolean[] = [];
  frozen.registerForwardHook((module) => void seen.push(module.training));
  await switching["train.fit"](network(frozen));
  assert.deepEqual(seen, [false, false, false, false]);
  assert.deepEqual(
    [
      await frozen.runningMean?.tolist(),
      await frozen.runningVar?.tolist(),
      await frozen.numBatchesTracked?.item(),
    ],
    [[0, 0], [1, 1], 0],
  );
});

test("train() reaches a child that holds its parent, once", () => {
  class Child extends nn.Module {
    parent: nn.Module | null = null;
    calls = 0;
    override train(mode = true): this {
      this.calls++;
      return super.train(mode);
    }
  }
  class Parent extends nn.Module {
    child = new Child();
  }
  const net = new Parent();
  net.child.parent = net;
  net.eval();
  assert.deepEqual([net.training, net.child.training, net.child.calls], [false, false, 1]);
});
