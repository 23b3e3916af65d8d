/** Averages of weights, against torch.optim.swa_utils.AveragedModel. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ArgumentError, nn, noGrad, optim, stopEngine, train, useEngine } from "../../../src/index.ts";
import { cases, torchBatches, torchNetwork } from "./torch_cases.ts";

before(() => useEngine("wasm", { threads: 1 }));
after(() => stopEngine());

for (const [kind, decay] of [
  ["ema", 0.8],
  ["swa", null],
] as const) {
  test(`averages of weights are PyTorch's after each step: ${kind}`, async () => {
    const net = torchNetwork();
    const averaged = new train.AveragedModel(net, { decay });
    const optimizer = optim.SGD(net.parameters(), { lr: 0.5 });
    for (const [i, [x, y]] of torchBatches(cases[kind].length).entries()) {
      optimizer.zeroGrad();
      nn.functional.crossEntropy(net(x), y).backward();
      optimizer.step();
      averaged.updateParameters();
      assert.equal(averaged.nAveraged, i + 1);
      for (const [name, value] of Object.entries(averaged.stateDict())) {
        const expected = cases[kind][i][name];
        for (const [at, number] of Array.from(await value.data(), Number).entries())
          assert.ok(Math.abs(number - expected[at]) < 2e-6, `step ${i + 1}, ${name}[${at}]: ${number}`);
      }
    }
    averaged.copyTo(net);
    const last = cases[kind][cases[kind].length - 1];
    const copied = Array.from(await net.getParameter("0.weight").data());
    copied.forEach((number, at) => {
      assert.ok(Math.abs(number - last["0.weight"][at]) < 2e-6);
    });
  });
}

test("averages kept by an optimiser survive an interruption to the last bit", async () => {
  const folder = mkdtempSync(join(tmpdir(), "convoyant-averages-"));
  const run = async (out: string, stopAfter: number, resume: boolean) => {
    const net = torchNetwork();
    const optimizer = optim.Adam(net.parameters(), { lr: 0.05 });
    const averaged = new train.AveragedModel(net, { decay: 0.7, optimizer });
    const stopping = new AbortController();
    await train.fit(net, {
      trainLoader: torchBatches(4),
      optimizer,
      epochs: 2,
      out: join(folder, out),
      resume,
      signal: stopping.signal,
      callbacks: {
        onStep: ({ epoch, step }) => {
          averaged.updateParameters();
          if (4 * epoch + step === stopAfter) stopping.abort();
        },
      },
    });
    const state = Object.entries(averaged.stateDict());
    return Promise.all(state.map(async ([name, value]) => [name, Array.from(await value.data(), Number)]));
  };
  try {
    const whole = await run("whole", 100, false);
    const interrupted = await run("parts", 3, false);
    assert.notDeepEqual(interrupted, whole);
    assert.deepEqual(await run("parts", 100, true), whole);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("an average leaves out frozen weights, and refuses what it cannot do", async () => {
  const net = torchNetwork();
  net.at(0).requiresGrad_(false);
  const averaged = new train.AveragedModel(net, 0.5);
  averaged.updateParameters();
  for (const parameter of net.parameters()) noGrad(() => parameter.fill_(3));
  averaged.updateParameters();
  // The frozen weight is the network's own; that of the last layer lies between its two values.
  const averages = averaged.stateDict();
  assert.ok((await averages["0.weight"].data()).every((number) => number === 3));
  const first = cases.initial["3.weight"];
  Array.from(await averages["3.weight"].data()).forEach((number, i) => {
    assert.ok(Math.abs(number - (first[i] + 3) / 2) < 1e-6, String(number));
  });
  assert.throws(() => new train.AveragedModel(net, 1), ArgumentError);
  assert.throws(
    () => new train.AveragedModel(net, { optimizer: optim.SGD(net.parameters(), { lr: 1 }) }),
    /give `decay`/,
  );
  assert.throws(() => new train.AveragedModel(3 as unknown as nn.Module), /expected `model` to be a Module/);
});
