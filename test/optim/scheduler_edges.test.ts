import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { ArgumentError, optim, stopEngine, useEngine, zeros } from "../../src/index.ts";

interface Spec {
  readonly name: string;
  readonly args: unknown[];
}

interface Edge extends Spec {
  readonly optimizer: string;
  readonly groups: number;
  /** "step", "group" (one more group), or the epoch to step to. */
  readonly actions: (string | number)[];
  /** After the schedule is made and after each action, up to the one at which PyTorch raises. */
  readonly rates: number[][];
  readonly raises: string | null;
}

const edges = JSON.parse(
  readFileSync(new URL("../../../test/fixtures/schedulers/edges.json", import.meta.url), "utf8"),
) as Edge[];
const schedulers = optim.lrScheduler as unknown as Record<string, (...args: unknown[]) => optim.LRScheduler>;

/**
 * Refused here before PyTorch raises, or when it goes on: how many rates there are before the error. A schedule with
 * numbers for each group refuses a new group at once, not only at the epoch that needs its number.
 */
const STRICTER: Readonly<Record<string, number>> = {
  "CosineAnnealingLR(3) group": 3,
  "StepLR(0)": 0,
  "CosineAnnealingLR(0)": 0,
  "CyclicLR(0.1,0.7,2,0)": 0,
};

before(() => useEngine("reference"));
after(() => stopEngine());

function build(optimizer: optim.Optimizer, spec: Spec): optim.LRScheduler {
  if (spec.name === "SequentialLR" || spec.name === "ChainedScheduler") {
    const parts = (spec.args[0] as Spec[]).map((part) => build(optimizer, part));
    return spec.name === "SequentialLR"
      ? optim.SequentialLR(optimizer, parts, spec.args[1] as number[])
      : optim.ChainedScheduler(parts, optimizer);
  }
  return schedulers[spec.name](optimizer, ...spec.args);
}

const parameter = () => zeros(1).requiresGrad_();

/** The rates after each action until something throws, and what it threw. */
function ratesOf(edge: Edge): { rates: number[][]; error: unknown } {
  const groups = Array.from({ length: edge.groups }, () => ({ params: [parameter()] }));
  const optimizer =
    edge.optimizer === "SGD"
      ? optim.SGD(groups, { lr: 0.5, momentum: 0.9 })
      : optim.Adam(groups, { lr: 0.5 });
  const rates: number[][] = [];
  const note = () => rates.push(optimizer.paramGroups.map(({ lr }) => lr));
  try {
    const scheduler = build(optimizer, edge) as { step(argument?: number): void };
    note();
    for (const action of edge.actions) {
      if (action === "group") optimizer.addParamGroup({ params: [parameter()], lr: 0.2 });
      else if (edge.name === "ReduceLROnPlateau") scheduler.step(1);
      else scheduler.step(action === "step" ? undefined : (action as number));
      note();
    }
  } catch (error) {
    return { rates, error };
  }
  return { rates, error: null };
}

for (const [number, edge] of edges.entries()) {
  const args = JSON.stringify(edge.args).slice(1, -1);
  const name = `${edge.name}(${args})${edge.actions.includes("group") ? " group" : ""}`;
  test(`edge ${number} ${name}, as PyTorch`, () => {
    const { rates, error } = ratesOf(edge);
    const count = STRICTER[name] ?? edge.rates.length;
    assert.equal(rates.length, count, `${error}`);
    rates.forEach((got, step) => {
      const expected = edge.rates[step];
      const close = got.every((x, i) => Math.abs(x - expected[i]) <= 1e-12 + 1e-9 * Math.abs(expected[i]));
      assert.ok(close && got.length === expected.length, `action ${step}: ${got}, expected ${expected}`);
    });
    const refuses = edge.raises !== null || name in STRICTER;
    assert.equal(error instanceof ArgumentError, refuses, `${error}`);
  });
}

const LATER: Readonly<Record<string, (optimizer: optim.Optimizer) => optim.LRScheduler>> = {
  CosineAnnealingLR: (optimizer) => optim.CosineAnnealingLR(optimizer, 3),
  OneCycleLR: (optimizer) => optim.OneCycleLR(optimizer, 0.7, 9),
  LambdaLR: (optimizer) => optim.LambdaLR(optimizer, (epoch) => 0.5 ** epoch),
  MultiplicativeLR: (optimizer) => optim.MultiplicativeLR(optimizer, () => 0.5),
  CosineAnnealingWarmRestarts: (optimizer) => optim.CosineAnnealingWarmRestarts(optimizer, 3),
  CyclicLR: (optimizer) => optim.CyclicLR(optimizer, 0.1, 0.7),
};

for (const [name, make] of Object.entries(LATER)) {
  test(`${name} says what to do about a group that was added later, and changes nothing`, () => {
    const optimizer = optim.SGD([parameter()], { lr: 0.5, momentum: 0.9 });
    const scheduler = make(optimizer);
    optimizer.addParamGroup({ params: [parameter()], lr: 0.2 });
    const before = JSON.stringify([optimizer.stateDict().param_groups, scheduler.stateDict()]);
    const message = new RegExp(
      `${name}: the optimiser has 2 parameter groups now, and had 1 when this schedule was made; ` +
        `call addParamGroup before making the schedule, or make a new ${name}`,
    );
    assert.throws(() => scheduler.step(), { name: "ArgumentError", message });
    assert.equal(JSON.stringify([optimizer.stateDict().param_groups, scheduler.stateDict()]), before);
    optimizer.paramGroups.pop();
    scheduler.step();
    assert.ok(Number.isFinite(optimizer.paramGroups[0].lr));
    optimizer.addParamGroup({ params: [parameter()], lr: 0.2 });
    const again = make(optimizer);
    again.step();
    assert.ok(again.getLastLr().every(Number.isFinite));
    assert.equal(again.getLastLr().length, 2);
  });
}

test("a function that gives no number is named with its epoch and group, and no rate is set", () => {
  const optimizer = optim.SGD([parameter()], { lr: 0.5 });
  const scheduler = optim.LambdaLR(optimizer, (epoch) => (epoch < 2 ? 1 : (undefined as never)));
  scheduler.step();
  assert.throws(
    () => scheduler.step(),
    /LambdaLR: at epoch 2 the rate of group 0 would be NaN; expected a finite/,
  );
  assert.deepEqual([optimizer.paramGroups[0].lr, scheduler.lastEpoch], [0.5, 1]);
});

test("a state of another number of groups is refused by every schedule, and nothing is changed", () => {
  const one = () => optim.SGD([parameter()], { lr: 0.5, momentum: 0.9 });
  const two = () =>
    optim.SGD([{ params: [parameter()] }, { params: [parameter()] }], { lr: 0.5, momentum: 0.9 });
  const all: Record<string, (optimizer: optim.Optimizer) => optim.LRScheduler> = {
    ...LATER,
    StepLR: (optimizer) => optim.StepLR(optimizer, 2),
    ReduceLROnPlateau: (optimizer) => optim.ReduceLROnPlateau(optimizer),
    SequentialLR: (optimizer) =>
      optim.SequentialLR(optimizer, [optim.StepLR(optimizer, 2), optim.CyclicLR(optimizer, 0.1, 0.7)], [2]),
    ChainedScheduler: (optimizer) =>
      optim.ChainedScheduler([optim.StepLR(optimizer, 2), optim.ExponentialLR(optimizer, 0.5)]),
  };
  for (const [name, make] of Object.entries(all)) {
    for (const [from, to] of [
      [one, two],
      [two, one],
    ] as const) {
      const state = make(from()).stateDict();
      const scheduler = make(to());
      const before = JSON.stringify(scheduler.stateDict());
      assert.throws(() => scheduler.loadStateDict(state), ArgumentError, name);
      assert.equal(JSON.stringify(scheduler.stateDict()), before);
    }
  }
});

test("a state is loaded although a group was added between schedule and state", () => {
  const make = () => {
    const optimizer = optim.SGD([parameter()], { lr: 0.5 });
    const scheduler = optim.StepLR(optimizer, 2, 0.5);
    optimizer.addParamGroup({ params: [parameter()], lr: 0.2 });
    return { optimizer, scheduler };
  };
  const first = make();
  for (let i = 0; i < 3; i++) first.scheduler.step();
  const saved = JSON.parse(JSON.stringify([first.optimizer.stateDict(), first.scheduler.stateDict()]));
  const second = make();
  second.optimizer.loadStateDict(saved[0]);
  second.scheduler.loadStateDict(saved[1]);
  first.scheduler.step();
  second.scheduler.step();
  assert.deepEqual(second.scheduler.getLastLr(), first.scheduler.getLastLr());
  assert.deepEqual(second.scheduler.getLastLr(), [0.125, 0.05]);
});

test("schedules in an order that makes no sense are refused", () => {
  const optimizer = optim.SGD([parameter()], { lr: 0.5 });
  const parts = () => [1, 2, 3].map((size) => optim.StepLR(optimizer, size));
  assert.throws(
    () => optim.SequentialLR(optimizer, parts(), [4, 2]),
    /`milestones` in rising order, got \[4, 2\]/,
  );
  assert.throws(
    () => optim.OneCycleLR(optimizer, "0.7" as never, 4, { cycleMomentum: false } as never),
    /OneCycleLR: expected `maxLr` to be finite numbers, got "0.7"/,
  );
});
