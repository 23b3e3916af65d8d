/** What does not fit fails by itself; everything else goes on, and less of it fits. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import * as c from "../../src/index.ts";
import { defaultSession } from "../../src/runtime/runtime.ts";

const { nn, optim } = c;
const MIB = 2 ** 20;
const OOM = { name: "OutOfMemoryError" };

after(() => c.stopEngine());

/** A step of training that fits. */
async function trains(): Promise<void> {
  const net = nn.Linear(8, 4);
  const optimizer = optim.SGD(net.parameters(), { lr: 0.1 });
  const before = await net.weight.tolist();
  net(c.rand(3, 8)).square().mean().backward();
  await optimizer.step();
  assert.notDeepEqual(await net.weight.tolist(), before);
}

test("weights that do not fit: the layer says so, each time, and the rest goes on", async () => {
  await c.useEngine("wasm", { threads: 1, memoryLimit: 8 * MIB });
  const net = nn.Linear(3000, 4000);
  await assert.rejects(net(c.rand(2, 3000)).sum().item(), OOM);
  assert.equal(await c.ones(3).sum().item(), 3);
  await trains();
  await assert.rejects(net(c.rand(2, 3000)).sum().item(), OOM);
  net(c.rand(2, 3000)).sum().backward();
  assert.throws(() => optim.SGD(net.parameters(), { lr: 1 }).step(), OOM);
  await trains();
  const smaller = nn.Linear(300, 400);
  assert.ok(Number.isFinite(await smaller(c.rand(2, 300)).sum().item()));
});

test("a step that does not fit: weights and momentum are as before, a smaller one works, another loop never hears of it", async () => {
  await c.useEngine("wasm", { threads: 1, memoryLimit: 4 * MIB });
  const net = nn.Sequential(nn.Linear(64, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 4));
  const optimizer = optim.SGD(net.parameters(), { lr: 0.1, momentum: 0.9 });
  const step = (examples: number) => {
    optimizer.zeroGrad();
    net(c.rand(examples, 64)).square().mean().backward();
    return optimizer.step();
  };
  await step(16);
  const state = () => Promise.all(net.parameters().map((one) => one.tolist()));
  const before = await state();
  const live = defaultSession().memory().liveBytes;
  for (let i = 0; i < 3; i++) {
    assert.throws(() => step(20_000), OOM);
    await trains();
    assert.deepEqual(await state(), before);
  }
  assert.ok(defaultSession().memory().liveBytes - live < 64 * 1024, "what failed holds no memory");
  await step(16);
  assert.notDeepEqual(await state(), before);
});

test("a change that does not fit fails where its tensor is used, not in another loop's step", async () => {
  await c.useEngine("wasm", { threads: 1, memoryLimit: 4 * MIB });
  const mine = c.ones(1024, 256);
  mine.add_(c.rand(1024, 256).matmul(c.rand(256, 1024)).matmul(c.rand(1024, 256)));
  await trains();
  await assert.rejects(mine.sum().item(), OOM);
  assert.equal(await mine.slice(0, 0, 1).sum().item(), 256);
});

test("gradients that do not fit leave nothing behind", async () => {
  await c.useEngine("wasm", { threads: 1, memoryLimit: 4 * MIB });
  const w = c.ones(64, 4, { requiresGrad: true });
  c.rand(40_000, 64).matmul(w).square().mean().backward();
  assert.throws(() => defaultSession().keepGradients(), OOM);
  await trains();
  w.grad = null;
  c.rand(40, 64).matmul(w).square().mean().backward();
  defaultSession().keepGradients();
  assert.ok(Number.isFinite(await (w.grad as unknown as c.Tensor).sum().item()));
});

test("the default limit: 30,000 by 40,000 weights", async () => {
  await c.useEngine("wasm", { threads: 1 });
  const weight = c.zeros(1).expand(30_000, 40_000).add(1);
  await assert.rejects(
    weight
      .sum(1)
      .add(weight.select(1, 0))
      .realize()
      .then(() => weight.realize()),
    OOM,
  );
  assert.equal(await c.ones(3).sum().item(), 3);
});
