/** The learning-rate range test: its losses are PyTorch's, its suggestion is the steepest place, nothing is left of it. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { DataLoader, TensorDataset } from "../../../src/data/index.ts";
import {
  ArgumentError,
  getRngState,
  manualSeed,
  nn,
  optim,
  stopEngine,
  TrainingError,
  tensor,
  train,
  useEngine,
} from "../../../src/index.ts";
import { smooth, steepest } from "../../../src/train/finetune/learning_rate_curve.ts";
import { quadrants } from "../small_data.ts";
import { cases, torchBatches, torchNetwork } from "./torch_cases.ts";

before(() => useEngine("wasm", { threads: 1 }));
after(() => stopEngine());

test("rates rise exponentially, group by group in proportion, with PyTorch's losses", async () => {
  const net = torchNetwork();
  const [first, norm, , last] = net;
  const optimizer = optim.AdamW(
    [
      { params: [...first.parameters(), ...norm.parameters()], lr: 0.02 },
      { params: last.parameters(), lr: 0.2 },
    ],
    { weightDecay: 0.01 },
  );
  const { losses, ...sweep } = cases.sweep;
  const progress: number[][] = [];
  const found = await train.findLr(net, {
    trainLoader: torchBatches(12),
    optimizer,
    ...sweep,
    divergeFactor: 1e9,
    onProgress: (...made) => progress.push(made),
  });
  assert.equal(found.outcome, "finished");
  assert.deepEqual(
    progress,
    Array.from({ length: 12 }, (_, i) => [i + 1, 12]),
  );
  assert.equal(found.lrs.length, 12);
  assert.ok(Math.abs(found.lrs[5] / (1e-3 * 1e4 ** (5 / 11)) - 1) < 1e-12);
  found.losses.forEach((loss, i) => {
    assert.ok(Math.abs(loss - losses[i]) < 1e-4 * losses[i], `step ${i}: ${loss}, PyTorch ${losses[i]}`);
  });
  assert.deepEqual(found.smoothed, smooth(found.losses, 0.9));
  assert.equal(found.plot({ width: 60, height: 12 }).length, 12);
});

/** Everything that a step could have changed. */
async function stateOf(net: nn.Module, optimizer: optim.Optimizer): Promise<unknown> {
  const numbers = async (value: unknown): Promise<unknown> => {
    if (typeof (value as { data?: unknown } | null)?.data === "function")
      return Array.from(await (value as { data(): Promise<Float32Array> }).data(), Number);
    if (typeof value !== "object" || value === null) return value;
    return Promise.all(Object.entries(value).map(async ([name, one]) => [name, await numbers(one)]));
  };
  return {
    weights: await numbers(net.stateDict()),
    gradients: await numbers(net.parameters().map((parameter) => parameter.grad)),
    optimizer: await numbers(optimizer.stateDict()),
    modes: net.modules().map((module) => module.training),
    keeps: optimizer.keepGradients,
    random: getRngState(),
  };
}

test("a range test leaves weights, statistics, modes, optimiser and random numbers to the last bit", async () => {
  manualSeed(4);
  const net = nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.ReLU(), nn.Linear(8, 4));
  net.at(1).eval();
  const optimizer = optim.Adam(net.parameters(), { lr: 0.01 });
  const trainLoader = new DataLoader(new TensorDataset(...quadrants(64, 3)), {
    batchSize: 16,
    shuffle: true,
  });
  await train.fit(net, { trainLoader, optimizer, epochs: 1 });
  const [x, y] = quadrants(8, 5);
  nn.functional.crossEntropy(net(x), y).backward();
  const before = await stateOf(net, optimizer);
  const first = await train.findLr(net, { trainLoader, optimizer, steps: 30, endLr: 100 });
  assert.deepEqual(await stateOf(net, optimizer), before);
  const second = await train.findLr(net, { trainLoader, optimizer, steps: 30, endLr: 100 });
  assert.deepEqual(second.losses, first.losses);
  // Training goes on as if there had been no test.
  await train.fit(net, { trainLoader, optimizer, epochs: 1 });
  const trained = await stateOf(net, optimizer);
  assert.notDeepEqual(trained, before);
});

test("without an optimiser AdamW is used, and the sweep ends when the loss explodes", async () => {
  manualSeed(1);
  const net = nn.Linear(2, 4);
  const trainLoader = new DataLoader(new TensorDataset(...quadrants(64, 3)), { batchSize: 16 });
  const found = await train.findLr(net, { trainLoader, startLr: 1e-3, endLr: 1e5, steps: 60 });
  assert.equal(found.outcome, "diverged");
  assert.ok(found.losses.length < 60);
  assert.ok(found.suggestion !== null && found.suggestion > 1e-3 && found.suggestion < 10);
});

test("the suggestion is the place of the steepest descent before the smallest loss", () => {
  const lrs = [1e-4, 1e-3, 1e-2, 1e-1, 1];
  // Differences over two neighbours: -0.1, -0.3, -0.8, ... , the smallest loss at 0.1.
  assert.equal(steepest(lrs, [2, 1.9, 1.4, 0.3, 3]), 1e-2);
  assert.equal(steepest(lrs, [1, 1, 2, 3, 4]), null);
  assert.equal(steepest(lrs, [2, 1, 5, 4, 3]), 1e-4);
  assert.deepEqual(smooth([4, 2], 0.5), [4, 8 / 3]);
});

test("an interrupted test gives what it has", async () => {
  const stopping = new AbortController();
  const batches = torchBatches(6);
  const stoppingAt = {
    length: 6,
    async *[Symbol.asyncIterator]() {
      for (const [i, batch] of batches.entries()) {
        if (i === 3) stopping.abort();
        yield batch;
      }
    },
  };
  const found = await train.findLr(torchNetwork(), { trainLoader: stoppingAt, signal: stopping.signal });
  assert.equal(found.outcome, "interrupted");
  assert.equal(found.losses.length, 3);
});

test("a range test says what is wrong with its options", async () => {
  const trainLoader = torchBatches(2);
  const net = torchNetwork();
  await assert.rejects(train.findLr(net, { trainLoader, startLr: 0 }), /findLr.*`startLr`.*above 0/s);
  await assert.rejects(train.findLr(net, { trainLoader, startLr: 1, endLr: 0.1 }), /`endLr`/);
  await assert.rejects(train.findLr(net, { trainLoader, steps: 1.5 }), ArgumentError);
  await assert.rejects(train.findLr(nn.LazyLinear(3), { trainLoader }), /lazy layer/);
  await assert.rejects(train.findLr(net, { trainLoader: [] }), TrainingError);
  const broken = [[tensor(new Float32Array(24).fill(Number.NaN), { shape: [6, 4] }), trainLoader[0][1]]];
  await assert.rejects(
    train.findLr(net, { trainLoader: broken as typeof trainLoader }),
    /NaN or infinite at the first step/,
  );
});
