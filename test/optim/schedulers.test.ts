import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { optim, stopEngine, useEngine, zeros } from "../../src/index.ts";

interface Spec {
  readonly name: string;
  readonly args: unknown[];
}

interface Case extends Spec {
  readonly optimizer: string;
  /** The step before which all rates are set to 0.3 by hand. */
  readonly changed: number | null;
  /** First rates that the groups hold already. */
  readonly initial: number | null;
  readonly rates: number[][];
  readonly momenta: number[][];
}

/** As in the script that made the fixtures. */
const METRICS = [
  1, 0.9, 0.9, 0.95, 0.9, 0.91, 0.85, 0.85, 0.86, 0.85, 0.85, 0.85, 0.85, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.49,
];
const cases = JSON.parse(
  readFileSync(new URL("../../../test/fixtures/schedulers/cases.json", import.meta.url), "utf8"),
) as Case[];
const schedulers = optim.lrScheduler as unknown as Record<string, (...args: unknown[]) => optim.LRScheduler>;

before(() => useEngine("reference"));
after(() => stopEngine());

function build(optimizer: optim.Optimizer, spec: Spec): optim.LRScheduler {
  if (spec.name === "SequentialLR" || spec.name === "ChainedScheduler") {
    const parts = (spec.args[0] as Spec[]).map((part) => build(optimizer, part));
    return spec.name === "SequentialLR"
      ? optim.SequentialLR(optimizer, parts, spec.args[1] as number[])
      : optim.ChainedScheduler(parts);
  }
  return schedulers[spec.name](optimizer, ...spec.args);
}

function optimizerFor(one: Case): optim.Optimizer {
  const groups = [{ params: [zeros(1).requiresGrad_()] }, { params: [zeros(1).requiresGrad_()], lr: 0.02 }];
  const optimizer =
    one.optimizer === "SGD" ? optim.SGD(groups, { lr: 0.5, momentum: 0.9 }) : optim.Adam(groups, { lr: 0.5 });
  if (one.initial !== null) for (const group of optimizer.paramGroups) group.initialLr = one.initial;
  return optimizer;
}

function close(got: readonly number[], expected: readonly number[]): boolean {
  return got.every((x, i) => Math.abs(x - expected[i]) <= 1e-12 + 1e-9 * Math.abs(expected[i]));
}

function advance(scheduler: optim.LRScheduler, step: number): void {
  (scheduler as { step(metric?: number): void }).step(
    scheduler instanceof optim.ReduceLROnPlateau ? METRICS[step] : undefined,
  );
}

for (const [number, one] of cases.entries()) {
  test(`${number} ${one.name}(${JSON.stringify(one.args).slice(1, -1)})`, () => {
    let optimizer = optimizerFor(one);
    let scheduler = build(optimizer, one);
    for (let step = 0; step <= 20; step++) {
      const rates = optimizer.paramGroups.map((group) => group.lr);
      const momenta = optimizer.paramGroups.map((group) => (group.betas ? group.betas[0] : group.momentum));
      assert.ok(close(rates, one.rates[step]), `step ${step}: rates ${rates}, expected ${one.rates[step]}`);
      assert.ok(
        close(momenta, one.momenta[step]),
        `step ${step}: momenta ${momenta}, expected ${one.momenta[step]}`,
      );
      assert.deepEqual(scheduler.getLastLr(), rates);
      if (step === 7) {
        // Saved as text and loaded into new ones.
        const saved = JSON.parse(JSON.stringify([optimizer.stateDict().param_groups, scheduler.stateDict()]));
        optimizer = optimizerFor(one);
        scheduler = build(optimizer, one);
        optimizer.loadStateDict({ state: {}, param_groups: saved[0] });
        scheduler.loadStateDict(saved[1]);
      }
      if (step === one.changed) for (const group of optimizer.paramGroups) group.lr = 0.3;
      if (step < 20) advance(scheduler, step);
    }
  });
}

test("each group may have a function of its own, and a product begins again within a sequence", () => {
  const groups = () => [
    { params: [zeros(1).requiresGrad_()] },
    { params: [zeros(1).requiresGrad_()], lr: 0.25 },
  ];
  const optimizer = optim.SGD(groups(), { lr: 0.5 });
  const sequence = optim.SequentialLR(
    optimizer,
    [
      optim.LambdaLR(optimizer, [(epoch) => 0.5 ** epoch, () => 1]),
      optim.MultiplicativeLR(optimizer, [() => 0.5, () => 0.1]),
    ],
    [2],
  );
  const seen = [sequence.getLastLr()];
  for (let step = 0; step < 3; step++) {
    sequence.step();
    seen.push(sequence.getLastLr());
  }
  // PyTorch 2.15: the product takes up the rates that it finds.
  const expected = [
    [0.5, 0.25],
    [0.25, 0.25],
    [0.125, 0.025],
    [0.0625, 0.0025],
  ];
  for (const [i, rates] of expected.entries()) assert.ok(close(seen[i], rates), `step ${i}: ${seen[i]}`);
});

test("steps to a fraction of an epoch and on from there", () => {
  const optimizer = optim.SGD([zeros(1).requiresGrad_()], { lr: 1 });
  const scheduler = optim.CosineAnnealingWarmRestarts(optimizer, 4, { tMult: 2 });
  const at = (share: number) => [(1 + Math.cos(Math.PI * share)) / 2];
  scheduler.step(5.5);
  assert.ok(close(scheduler.getLastLr(), at(1.5 / 8)));
  scheduler.step();
  assert.ok(close(scheduler.getLastLr(), at(2.5 / 8)));
  scheduler.step(2);
  assert.ok(close(scheduler.getLastLr(), at(2 / 4)));
});

test("a function may say how high the cycles go", () => {
  for (const [scaleMode, expected] of [
    ["cycle", [0, 0.5, 1, 0.5, 0, 1, 2, 1]],
    ["iterations", [0, 0.5, 2, 1.5, 0, 2.5, 6, 3.5]],
  ] as const) {
    const optimizer = optim.SGD([zeros(1).requiresGrad_()], { lr: 1 });
    const options = { scaleFn: (x: number) => x, scaleMode, cycleMomentum: false };
    const scheduler = optim.CyclicLR(optimizer, 0, 1, 2, options);
    for (const rate of expected) {
      assert.ok(close(scheduler.getLastLr(), [rate]), `${scaleMode}: ${scheduler.getLastLr()} for ${rate}`);
      scheduler.step();
    }
  }
});

test("a rate of 0 comes back to what it was", () => {
  const optimizer = optim.SGD([zeros(1).requiresGrad_()], { lr: 0.5 });
  const scheduler = optim.ConstantLR(optimizer, 0, 2);
  assert.deepEqual(scheduler.getLastLr(), [0]);
  scheduler.step();
  scheduler.step();
  assert.deepEqual(scheduler.getLastLr(), [0.5]);
});

test("a function of the epoch sets the rate", () => {
  const optimizer = optim.SGD([zeros(1).requiresGrad_()], { lr: 0.5 });
  const scheduler = optim.LambdaLR(optimizer, (epoch) => 0.5 ** epoch);
  scheduler.step();
  scheduler.step();
  assert.deepEqual(scheduler.getLastLr(), [0.125]);
  const other = optim.SGD([zeros(1).requiresGrad_()], { lr: 0.5 });
  const product = optim.MultiplicativeLR(other, { lrLambda: (epoch) => 1 / epoch });
  for (let i = 0; i < 3; i++) product.step();
  assert.ok(close(product.getLastLr(), [0.5 / 6]));
});

test("schedulers refuse what makes no sense", () => {
  const optimizer = optim.SGD([zeros(1).requiresGrad_()], { lr: 0.5 });
  assert.throws(() => optim.StepLR(optimizer, 0), /StepLR: expected `stepSize`/);
  assert.throws(
    () => optim.StepLR({} as optim.Optimizer, 1),
    /StepLR: expected `optimizer` to be an optimiser/,
  );
  assert.throws(
    () => optim.StepLR(optimizer, { stepSize: 1, gama: 2 } as never),
    /unknown argument `gama` of StepLR; did you mean `gamma`/,
  );
  assert.throws(() => optim.LinearLR(optimizer, 0), /above 0 and at most 1/);
  assert.throws(
    () => optim.LambdaLR(optimizer, 3 as never),
    /LambdaLR: expected `lrLambda` to be a function of the epoch, got 3/,
  );
  assert.throws(() => optim.MultiStepLR(optimizer, 4 as never), /expected `milestones` to be a list/);
  assert.throws(() => optim.ExponentialLR(optimizer, "a" as never), /expected `gamma` to be a number/);
  assert.throws(() => optim.CosineAnnealingLR(optimizer, 0), /expected `tMax` above 0, got 0/);
  assert.throws(
    () => optim.CosineAnnealingWarmRestarts(optimizer, 2, 1, "a" as never),
    /expected `etaMin` to be a number/,
  );
  const resumed = optim.SGD([zeros(1).requiresGrad_()], { lr: 0.5, momentum: 0.9 });
  resumed.paramGroups[0].initialLr = 0.5;
  assert.throws(
    () => optim.OneCycleLR(resumed, 0.7, { totalSteps: 9, lastEpoch: 3 }),
    /`lastEpoch` 3 needs a group with `maxLr`, which group 0 has not/,
  );
  assert.throws(
    () => optim.OneCycleLR(optimizer, 0.1),
    /expected `totalSteps`, or `epochs` and `stepsPerEpoch`/,
  );
  assert.throws(
    () => optim.OneCycleLR(optim.Adagrad([zeros(1).requiresGrad_()]), 0.1, 10),
    /no momentum to cycle/,
  );
  assert.throws(
    () => optim.CyclicLR(optim.Adagrad([zeros(1).requiresGrad_()]), 0.1, 0.7),
    /CyclicLR: Adagrad has no momentum to cycle/,
  );
  assert.throws(
    () => optim.CyclicLR(optimizer, 0.1, 0.7, { mode: "triangluar" as never }),
    /unknown mode "triangluar"; did you mean `triangular`/,
  );
  assert.throws(() => optim.CyclicLR(optimizer, 0.1, 0.7, 0), /above 0, got 0 and 0/);
  assert.throws(() => optim.CyclicLR(optimizer, [0.1, 0.2], 0.7), /one entry for each of the 1 groups/);
  assert.throws(() => optim.ReduceLROnPlateau(optimizer).step(), /metric as a number/);
  assert.throws(
    () => optim.ReduceLROnPlateau(optimizer, "mim" as never),
    /unknown mode "mim"; did you mean `min`/,
  );
  assert.throws(
    () => optim.SequentialLR(optimizer, [optim.StepLR(optimizer, 1)], [1]),
    /one milestone fewer than schedulers/,
  );
});
