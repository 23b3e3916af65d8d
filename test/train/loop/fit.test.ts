import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as nn from "../../../src/nn/index.ts";
import * as optim from "../../../src/optim/index.ts";
import { defaultSession } from "../../../src/runtime/runtime.ts";
import { manualSeed, stopEngine, type Tensor, useEngine } from "../../../src/tensor/index.ts";
import {
  type Callbacks,
  evaluate,
  type FitOptions,
  fit,
  limitBatches,
  topKAccuracy,
} from "../../../src/train/index.ts";
import { quadrantBatches, quadrantLoader, quadrants } from "../small_data.ts";

before(() => useEngine("wasm", { threads: 1 }));
after(stopEngine);

function network(): nn.Module {
  manualSeed(1);
  return nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 4));
}

/** A network and what `fit` needs for it. */
function setting(more: Partial<FitOptions> = {}, lr = 0.5): [nn.Module, FitOptions] {
  const net = network();
  const optimizer = optim.SGD(net.parameters(), { lr });
  return [
    net,
    { trainLoader: quadrantLoader(160, 1), testLoader: quadrantLoader(64, 2), optimizer, epochs: 3, ...more },
  ];
}

test("trains, draws a point every fifth of an epoch, tests after each", async () => {
  const [net, options] = setting();
  const result = await fit(net, options);
  assert.equal(result.outcome, "finished");
  assert.equal(result.step, 30);
  assert.deepEqual(
    result.points.map(({ epoch }) => Number(epoch.toFixed(2))),
    [0.2, 0.4, 0.6, 0.8, 1, 1.2, 1.4, 1.6, 1.8, 2, 2.2, 2.4, 2.6, 2.8, 3],
  );
  for (const point of result.points)
    assert.equal(point.testAccuracy !== undefined, Number.isInteger(point.epoch));
  assert.ok((result.points.at(-1)?.trainAccuracy as number) > 0.7);
  assert.equal(result.test?.examples, 64);
  assert.equal(result.test?.accuracy, result.points.at(-1)?.testAccuracy);
  assert.ok(result.best !== null && result.best.epoch >= 1);
  assert.ok(result.examplesPerSecond > 0);
});

test("a point is the mean over the examples of the epoch so far, the last batch counted by its size", async () => {
  const seen: [number, number][] = [];
  const loss = (output: Tensor, target: Tensor) => nn.functional.crossEntropy(output, target);
  const batches = [quadrants(16, 1), quadrants(16, 2), quadrants(5, 3)];
  const net = network();
  // Without steps the losses can be counted beforehand.
  for (const [x, y] of batches) seen.push([(await loss(net(x) as Tensor, y).item()) as number, x.size(0)]);
  const { points } = await fit(net, {
    trainLoader: batches,
    optimizer: optim.SGD(net.parameters(), { lr: 0 }),
    epochs: 1,
  });
  const total = seen.reduce((sum, [mean, count]) => sum + mean * count, 0);
  assert.equal(points.length, 3);
  assert.ok(Math.abs((points[2].trainLoss as number) - total / 37) < 1e-6);
  assert.ok(Math.abs((points[0].trainLoss as number) - seen[0][0]) < 1e-6);
});

test("batches may come from an array, an iterable, an asynchronous iterable, a part of a loader", async () => {
  const batches = quadrantBatches(4, 1);
  const asynchronous = {
    async *[Symbol.asyncIterator]() {
      yield* batches;
    },
  };
  const losses: number[][] = [];
  for (const trainLoader of [
    batches,
    new Set(batches),
    asynchronous,
    limitBatches([...batches, ...batches], 4),
  ]) {
    const [net, options] = setting({ trainLoader, testLoader: asynchronous, epochs: 2 });
    const { points, step, test: tested } = await fit(net, options);
    assert.equal(step, 8);
    assert.equal(tested?.examples, 64);
    losses.push(points.filter(({ epoch }) => Number.isInteger(epoch)).map(({ trainLoss }) => trainLoss));
  }
  assert.equal(losses[0].length, 2);
  for (const other of losses.slice(1)) assert.deepEqual(other, losses[0]);
});

test("sources that are none, that run dry, or give something else are named", async () => {
  const attempt = (more: object) => fit(...setting({ ...more, epochs: 2 } as Partial<FitOptions>));
  await assert.rejects(
    attempt({ trainLoader: 7 }),
    /expected `trainLoader` to be a DataLoader or an iterable of \[input, target\] batches, got number/,
  );
  await assert.rejects(
    attempt({ testLoader: {} }),
    /expected `testLoader` to be a DataLoader or .*, got a Object/,
  );
  await assert.rejects(
    attempt({ trainLoader: [[1, 2]] }),
    /expected `trainLoader` to give batches \[input, target\] of tensors, got an array of 2 \(number, number\)/,
  );
  await assert.rejects(attempt({ trainLoader: [] }), /trainLoader gave no batches in epoch 1/);
  const generator = (function* () {
    yield* quadrantBatches(2, 1);
  })();
  await assert.rejects(
    attempt({ trainLoader: generator }),
    /trainLoader would give no batches in epoch 2 of 2: it is a generator, which can be walked only once/,
  );
});

test("unknown options and values outside their range are refused", async () => {
  const attempt = (more: object) => fit(...setting(more as Partial<FitOptions>));
  await assert.rejects(attempt({ epoch: 3 }), {
    name: "ArgumentError",
    message: /unknown argument `epoch` of fit; did you mean `epochs`\?/,
  });
  await assert.rejects(attempt({ epochs: 1.5 }), /expected `epochs` to be an integer, got 1\.5/);
  await assert.rejects(attempt({ optimizer: {} }), /expected `optimizer` to be an optimiser/);
  await assert.rejects(attempt({ optimizer: undefined }), /missing argument `optimizer` of fit/);
  await assert.rejects(
    attempt({ schedulerStep: "batch" }),
    /expected `schedulerStep` to be "epoch" or "step", got "batch"/,
  );
  await assert.rejects(attempt({ clipGradNorm: -1 }), /expected `clipGradNorm` to be above 0, got -1/);
  await assert.rejects(
    attempt({ monitor: "testAcuracy" }),
    /unknown metric `testAcuracy` to monitor; did you mean `testAccuracy`\?/,
  );
  await assert.rejects(
    attempt({ earlyStopping: { patienc: 3 } }),
    /unknown option `patienc` of earlyStopping; did you mean `patience`\?/,
  );
  await assert.rejects(
    attempt({ callbacks: [{ onEpok: () => {} }] }),
    /unknown callback `onEpok`; did you mean `onEpoch`\?/,
  );
  await assert.rejects(attempt({ resume: true }), /`resume` needs `out`/);
  await assert.rejects(
    fit("net" as unknown as nn.Module, setting()[1]),
    /expected `net` to be a Module, got string/,
  );
});

test("early stopping ends when the metric has not improved for `patience` epochs", async () => {
  const [net, options] = setting({ epochs: 20, earlyStopping: { monitor: "trainLoss", patience: 2 } }, 0);
  const result = await fit(net, options);
  assert.equal(result.outcome, "stopped early");
  // The first epoch is the best; two that are not better follow.
  assert.equal(result.points.at(-1)?.epoch, 3);
  assert.ok(result.test !== null);
  const [other, without] = setting({ testLoader: null, earlyStopping: {} });
  await assert.rejects(
    fit(other, without),
    /this training counts no testAccuracy; give a testLoader or another `monitor`/,
  );
});

test("a scheduler steps after each epoch, after each step, or on the metric it watches", async () => {
  const rates = async (make: (optimizer: optim.Optimizer) => object, more: Partial<FitOptions> = {}) => {
    const net = network();
    const optimizer = optim.SGD(net.parameters(), { lr: 0.4 });
    const scheduler = make(optimizer) as NonNullable<FitOptions["scheduler"]>;
    const { points } = await fit(net, {
      trainLoader: quadrantLoader(32, 1),
      optimizer,
      scheduler,
      epochs: 4,
      ...more,
    });
    return points.filter(({ epoch }) => Number.isInteger(epoch)).map(({ lr }) => Number(lr?.toFixed(6)));
  };
  // A point has the rate with which its epoch was trained.
  assert.deepEqual(await rates((o) => optim.StepLR(o, 2, 0.5)), [0.4, 0.4, 0.2, 0.2]);
  assert.deepEqual(
    await rates((o) => optim.StepLR(o, 2, 0.5), { schedulerStep: "step" }),
    [0.2, 0.1, 0.05, 0.025],
  );
  const plateau = await rates((o) =>
    optim.ReduceLROnPlateau(o, { patience: 0, factor: 0.1, threshold: 10, thresholdMode: "abs" }),
  );
  assert.deepEqual(plateau, [0.4, 0.4, 0.04, 0.004]);
});

test("metrics of one's own are counted in training and on the test set", async () => {
  const metrics = {
    top2: topKAccuracy(2),
    largest: (output: Tensor) => output.amax(),
  };
  const [net, options] = setting({ metrics });
  const { points, test: tested } = await fit(net, options);
  const last = points.at(-1) as (typeof points)[number];
  assert.deepEqual(Object.keys(last.extra ?? {}), ["top2", "largest", "testTop2", "testLargest"]);
  assert.ok(Math.abs((last.extra?.testTop2 as number) - (tested?.topAccuracy(2) as number)) < 1e-6);
  assert.ok((last.extra?.top2 as number) >= last.trainAccuracy);
  assert.deepEqual(Object.keys(points[0].extra ?? {}), ["top2", "largest"]);
});

test("another loss is used in training and in the test; a network need not be a classifier", async () => {
  manualSeed(2);
  const net = nn.Linear(2, 1);
  const batches = quadrantBatches(4, 1).map(([x]): [Tensor, Tensor] => [x, x.sum(1, true).mul(3)]);
  const loss = (output: Tensor, target: Tensor) => nn.functional.mseLoss(output, target);
  const { points, test: tested } = await fit(net, {
    trainLoader: batches,
    testLoader: batches,
    optimizer: optim.SGD(net.parameters(), { lr: 0.2 }),
    epochs: 15,
    loss,
    monitor: "testLoss",
  });
  assert.equal(tested, null);
  const last = points.at(-1) as (typeof points)[number];
  assert.ok((last.testLoss as number) < 0.01, `${last.testLoss}`);
  assert.ok(Number.isNaN(last.trainAccuracy));
  assert.equal(last.testAccuracy, undefined);
  await assert.rejects(
    evaluate(net, batches),
    /expected logits of shape \[N, classes\], and class numbers \[N\] or rows of .*; the network gave \[16, 1\]/,
  );
});

test("gradients are clipped to a norm", async () => {
  const [net, options] = setting({ epochs: 1, trainLoader: quadrantBatches(1, 1), clipGradNorm: 1e-3 }, 1);
  const before = await Promise.all([...net.parameters()].map((p) => p.data()));
  await fit(net, options);
  const now = await Promise.all([...net.parameters()].map((p) => p.data()));
  const squares = now.flatMap((data, i) =>
    Array.from(data, (value, j) => (Number(value) - Number(before[i][j])) ** 2),
  );
  const moved = Math.sqrt(squares.reduce((a, b) => a + b, 0));
  assert.ok(Math.abs(moved - 1e-3) < 1e-5, `moved by ${moved}`);
});

test("callbacks are told in order, and promises are waited for", async () => {
  const told: string[] = [];
  const callbacks: Callbacks = {
    onStart: ({ epoch, stepsPerEpoch }) => told.push(`start ${epoch} ${stepsPerEpoch}`),
    onStep: ({ epoch, step }) => told.push(`step ${epoch} ${step}`),
    onPoint: ({ epoch }) => told.push(`point ${epoch}`),
    onPhase: (name) => told.push(name),
    onEpoch: async ({ epoch }) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      told.push(`epoch ${epoch}`);
    },
    onEnd: ({ outcome }) => told.push(outcome),
  };
  const [net, options] = setting({
    epochs: 2,
    trainLoader: quadrantBatches(2, 1),
    pointsPerEpoch: 1,
    callbacks,
  });
  await fit(net, options);
  const epoch = (i: number) => [`step ${i} 1`, `step ${i} 2`, "testing", `point ${i + 1}`, `epoch ${i + 1}`];
  assert.deepEqual(told, ["start 0 2", ...epoch(0), ...epoch(1), "finished"]);
});

test("a signal ends the training after the step under way", async () => {
  const stopping = new AbortController();
  const callbacks: Callbacks = {
    onStep: ({ epoch, step }) => {
      if (epoch === 1 && step === 4) stopping.abort();
    },
  };
  const [net, options] = setting({ signal: stopping.signal, callbacks });
  const result = await fit(net, options);
  assert.equal(result.outcome, "interrupted");
  assert.equal(result.step, 14);
});

test("a loss that is not finite names its step", async () => {
  const [net, options] = setting({
    testLoader: null,
    loss: (output, target) => {
      const loss = nn.functional.crossEntropy(output, target);
      return calls++ === 12 ? loss.mul(Number.NaN) : loss;
    },
  });
  let calls = 0;
  await assert.rejects(fit(net, options), {
    name: "DivergenceError",
    epoch: 2,
    step: 13,
    loss: Number.NaN,
    weight: null,
    message:
      /^the loss became NaN or infinite at step 13 \(epoch 2\)\. Try a smaller learning rate \(it is 0\.5\), or clip the gradients$/,
  });
});

test("a training does not grow: no step after the second leaves more bytes alive", async () => {
  const live: number[] = [];
  const callbacks: Callbacks = {
    onStep: async () => {
      await defaultSession().finish();
      const { liveBytes, arenaBytes } = defaultSession().memory();
      live.push(liveBytes + arenaBytes);
    },
  };
  const net = nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 4));
  const optimizer = optim.Adam(net.parameters(), { lr: 0.01 });
  await fit(net, {
    trainLoader: quadrantLoader(60 * 16, 1),
    optimizer,
    epochs: 1,
    pointsPerEpoch: 20,
    callbacks,
  });
  assert.equal(live.length, 60);
  // Less there may be: what other tests left is collected at some time.
  assert.ok(Math.max(...live.slice(2)) <= live[1], live.join(" "));
});

test("no epochs: nothing is trained, the test set is looked at", async () => {
  const [net, options] = setting({ epochs: 0 });
  const result = await fit(net, options);
  assert.deepEqual([result.points.length, result.step, result.outcome], [0, 0, "finished"]);
  assert.equal(result.test?.examples, 64);
});

test("the optimiser's gradients can be read again after the training", async () => {
  const [net, options] = setting({ epochs: 1 });
  await fit(net, options);
  assert.equal(options.optimizer.keepGradients, true);
});
