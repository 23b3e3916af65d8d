import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as nn from "../../../src/nn/index.ts";
import * as optim from "../../../src/optim/index.ts";
import { manualSeed, stopEngine, type Tensor, useEngine } from "../../../src/tensor/index.ts";
import { type FitOptions, fit, type Monitor } from "../../../src/train/index.ts";
import { quadrantBatches, quadrantLoader } from "../small_data.ts";

before(() => useEngine("wasm", { threads: 1 }));
after(stopEngine);

/** A training whose plateau scheduler notes what it is told. */
function setting(
  mode: "min" | "max",
  more: Partial<FitOptions> = {},
): { net: nn.Module; options: FitOptions; told: (number | undefined)[] } {
  manualSeed(1);
  const net = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 4));
  const optimizer = optim.SGD(net.parameters(), { lr: 0.5 });
  const scheduler = optim.ReduceLROnPlateau(optimizer, { mode, patience: 0, factor: 0.5 });
  const told: (number | undefined)[] = [];
  const step = scheduler.step.bind(scheduler);
  scheduler.step = (metric) => {
    told.push(metric);
    step(metric);
  };
  const loaders = { trainLoader: quadrantLoader(160, 1), testLoader: quadrantLoader(64, 2) };
  return { net, told, options: { ...loaders, optimizer, scheduler, epochs: 5, ...more } };
}

const MODES: Readonly<Record<Monitor, "min" | "max">> = {
  testAccuracy: "max",
  testLoss: "min",
  trainAccuracy: "max",
  trainLoss: "min",
};

for (const [monitor, mode] of Object.entries(MODES) as [Monitor, "min" | "max"][]) {
  test(`${monitor} is the metric of the plateau, the best epoch and early stopping`, async () => {
    const { net, told, options } = setting(mode, { monitor, earlyStopping: { patience: 2, minDelta: 10 } });
    const result = await fit(net, options);
    const metrics = result.points
      .filter(({ epoch }) => Number.isInteger(epoch))
      .map((point) => point[monitor]);
    // No metric improves by 10: two epochs after the first one it is over.
    assert.equal(result.outcome, "stopped early");
    assert.equal(metrics.length, 3);
    assert.deepEqual(told, metrics);
    const best = Math[mode](...(metrics as number[]));
    assert.deepEqual(result.best, { epoch: metrics.indexOf(best) + 1, value: best });
    assert.equal(result.monitor, monitor);
  });
}

test("without `monitor` the plateau's mode chooses between loss and accuracy", async () => {
  for (const [mode, testLoader, expected] of [
    ["min", quadrantLoader(64, 2), "testLoss"],
    ["max", quadrantLoader(64, 2), "testAccuracy"],
    ["min", null, "trainLoss"],
    ["max", null, "trainAccuracy"],
  ] as const) {
    const { net, told, options } = setting(mode, { testLoader, epochs: 2 });
    const { points, monitor } = await fit(net, options);
    assert.equal(monitor, expected);
    assert.deepEqual(
      told,
      points.filter(({ epoch }) => Number.isInteger(epoch)).map((point) => point[expected]),
    );
  }
});

test("without either it is the test accuracy, the test loss of a network that is not a classifier, or the training loss", async () => {
  const batches = quadrantBatches(4, 1).map(([x]): [Tensor, Tensor] => [x, x.sum(1, true)]);
  const loss = (output: Tensor, target: Tensor) => nn.functional.mseLoss(output, target);
  const monitorOf = async (net: nn.Module, more: Partial<FitOptions>) => {
    const optimizer = optim.SGD(net.parameters(), { lr: 0.1 });
    const result = await fit(net, { trainLoader: quadrantBatches(2, 1), optimizer, epochs: 2, ...more });
    return [result.monitor, result.best?.value === undefined];
  };
  assert.deepEqual(await monitorOf(nn.Linear(2, 4), { testLoader: quadrantBatches(1, 2) }), [
    "testAccuracy",
    false,
  ]);
  assert.deepEqual(await monitorOf(nn.Linear(2, 4), {}), ["trainLoss", false]);
  const regression = { trainLoader: batches, testLoader: batches, loss, earlyStopping: {} };
  assert.deepEqual(await monitorOf(nn.Linear(2, 1), regression), ["testLoss", false]);
  await assert.rejects(
    monitorOf(nn.Linear(2, 1), { ...regression, earlyStopping: null, monitor: "trainAccuracy" }),
    {
      name: "ArgumentError",
      message: /this training counts no trainAccuracy; give a testLoader or another `monitor`/,
    },
  );
});

test("options that contradict each other are refused before training begins", async () => {
  const attempt = async (mode: "min" | "max", more: Partial<FitOptions>) => {
    const { net, options, told } = setting(mode, more);
    await fit(net, options).finally(() => assert.deepEqual(told, []));
  };
  await assert.rejects(attempt("min", { monitor: "testAccuracy" }), {
    name: "ArgumentError",
    message:
      /`monitor` testAccuracy is better when it is larger, and the ReduceLROnPlateau has mode "min"; give it \{ mode: "max" \}/,
  });
  await assert.rejects(attempt("max", { monitor: "trainLoss" }), /better when it is smaller.*mode: "min"/);
  await assert.rejects(
    attempt("max", { earlyStopping: { monitor: "testLoss" } }),
    /`monitor` testLoss is better when it is smaller/,
  );
  await assert.rejects(
    attempt("max", { monitor: "testAccuracy", earlyStopping: { monitor: "testLoss" } }),
    /`monitor` is testAccuracy and `earlyStopping.monitor` testLoss; one metric decides for both/,
  );
  await assert.rejects(
    attempt("min", { monitor: "testLoss", testLoader: null }),
    /counts no testLoss; give a testLoader/,
  );
  await assert.rejects(
    attempt("min", { schedulerStep: "step" }),
    /ReduceLROnPlateau looks at the metrics of an epoch/,
  );
});
