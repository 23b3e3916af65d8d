/** Exchanging and stopping engines at any time: nothing is lost, and nothing is left behind. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { after, test } from "node:test";
import * as c from "../../src/index.ts";
import { defaultSession } from "../../src/runtime/runtime.ts";

const { nn, optim, data, train } = c;

after(() => c.stopEngine());

const threads = () => readdirSync("/proc/self/task").length;
const linux = process.platform === "linux" ? {} : { skip: "threads are counted in /proc" };

/** The number of threads once those that end have ended. */
async function threadsOnceAt(expected: number): Promise<number> {
  for (let i = 0; i < 200 && threads() > expected; i++)
    await new Promise((resolve) => setTimeout(resolve, 10));
  return threads();
}

function trainer(seed = 1) {
  c.manualSeed(seed);
  const net = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3));
  const optimizer = optim.SGD(net.parameters(), { lr: 0.1, momentum: 0.9 });
  const [x, y] = [c.rand(6, 4), c.randint(0, 3, [6])];
  const backward = () => {
    const loss = nn.functional.crossEntropy(net(x), y);
    optimizer.zeroGrad();
    loss.backward();
    return loss;
  };
  const state = () => Promise.all(Object.values(net.stateDict()).map((one) => one.tolist()));
  return { net, optimizer, backward, state };
}

test("changes at the same time are made one after the other, and leave no threads", linux, async () => {
  await c.useEngine("wasm", { threads: 2 });
  assert.equal(await c.ones(2).sum().item(), 2);
  const before = threads();
  for (let i = 0; i < 3; i++) {
    await Promise.all([
      c.useEngine("wasm", { threads: 3 }),
      c.useEngine("reference"),
      c.stopEngine(),
      c.useEngine("wasm", { threads: 1 }),
      c.useEngine("wasm", { threads: 2 }),
    ]);
    assert.equal(defaultSession().threads, 2);
  }
  assert.equal(await c.ones(2).sum().item(), 2);
  assert.equal(await threadsOnceAt(before), before);
});

test("an engine that cannot start changes nothing", async () => {
  await c.useEngine("wasm", { threads: 1 });
  const w = c.ones(2);
  w.add_(1);
  await w.realize();
  const changes = [
    c.useEngine("wasm", { threads: 0 }),
    c.useEngine("wasm", { memoryLimit: 5 }),
    c.useEngine("no such engine"),
    c.useEngine("reference"),
  ];
  const ends = await Promise.allSettled(changes);
  assert.deepEqual(
    ends.map(({ status }) => status),
    ["rejected", "rejected", "rejected", "fulfilled"],
  );
  assert.equal(c.engineName(), "reference");
  assert.deepEqual(await w.add_(1).tolist(), [3, 3]);
});

test("between forward, backward and step, and with steps under way, nothing is lost", async () => {
  const bits = async (change: (where: number) => Promise<unknown> | undefined) => {
    await c.useEngine("wasm", { threads: 1 });
    const { net, optimizer, backward, state } = trainer();
    for (let i = 0; i < 4; i++) {
      await change(0);
      const loss = backward();
      const output = net.parameters()[0].mul(2);
      await change(1);
      optimizer.step();
      const waited = change(2);
      assert.ok(Number.isFinite(await loss.item()));
      assert.equal((await output.tolist()).length, 8);
      await waited;
      const { grad } = net.parameters()[0];
      assert.ok(Number.isFinite(await (grad as c.Tensor).sum().item()));
    }
    return state();
  };
  const expected = await bits(() => undefined);
  for (const where of [0, 1, 2]) {
    const changed = await bits((at) => (at === where ? c.useEngine("wasm", { threads: 2 }) : undefined));
    assert.deepEqual(changed, expected, `exchanged at ${where}`);
    const stopped = await bits((at) => (at === where ? c.stopEngine() : undefined));
    assert.deepEqual(stopped, expected, `stopped at ${where}`);
  }
});

test("views, detached handles and changes that wait move along", async () => {
  await c.useEngine("wasm", { threads: 1 });
  const w = c.arange(4).float();
  w.add_(1);
  await w.realize();
  const [detached, waiting] = [w.detach().mul(2), c.zeros(4)];
  const row = w.view(2, 2).at(0);
  waiting.copy_(w);
  waiting.mul_(10);
  await c.useEngine("reference");
  assert.deepEqual(await detached.tolist(), [2, 4, 6, 8]);
  assert.deepEqual(await waiting.tolist(), [10, 20, 30, 40]);
  assert.deepEqual(await row.tolist(), [1, 2]);
  w.mul_(3);
  await c.stopEngine();
  assert.deepEqual(await w.tolist(), [3, 6, 9, 12]);
});

test("fit goes on through stops and exchanges, to the same bits", async () => {
  const fitted = async (examples: number, disturb: () => Promise<void>) => {
    await c.useEngine("wasm", { threads: 1 });
    c.manualSeed(3);
    const dataset = data.TensorDataset(c.rand(examples, 4), c.randint(0, 3, [examples]));
    const net = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3));
    const optimizer = optim.SGD(net.parameters(), { lr: 0.1 });
    let over = false;
    const fitting = train
      .fit(net, {
        optimizer,
        trainLoader: data.DataLoader(dataset, { batchSize: 4, shuffle: true, seed: 1 }),
        epochs: 4,
        progress: false,
      })
      .finally(() => {
        over = true;
      });
    while (!over) await disturb();
    await fitting;
    return Promise.all(net.parameters().map((one) => one.tolist()));
  };
  const pause = () => new Promise<void>((resolve) => setTimeout(resolve, 5));
  // About every step starts an engine again, which takes a hundred times as long as the step.
  const stopped = await fitted(32, async () => {
    await pause();
    await c.stopEngine();
  });
  assert.deepEqual(stopped, await fitted(32, pause));
  let turn = 0;
  const exchanged = await fitted(96, async () => {
    await pause();
    await c.useEngine("wasm", { threads: 1 + (turn++ % 2) });
  });
  assert.deepEqual(exchanged, await fitted(96, pause));
});

test("a failed step that was under way when the engine is left is taken back", async () => {
  await c.useEngine("wasm", { threads: 1 });
  const w = c.ones(3, { requiresGrad: true });
  const optimizer = optim.SGD([w], { lr: 1 });
  const step = (label: number) => {
    optimizer.zeroGrad();
    nn.functional.crossEntropy(w.view(1, 3), c.tensor([label]).long()).backward();
    return optimizer.step();
  };
  await step(0);
  const before = await w.tolist();
  step(9);
  const later = w.sum();
  await c.useEngine("reference");
  await assert.rejects(later.item(), { name: "IndexError" });
  assert.deepEqual(await w.tolist(), before);
  await step(1);
  assert.notDeepEqual(await w.tolist(), before);
});
