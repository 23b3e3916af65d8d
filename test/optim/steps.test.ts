import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  AutogradError,
  models,
  nn,
  noGrad,
  ones,
  optim,
  randn,
  stopEngine,
  type Tensor,
  tensor,
  useEngine,
} from "../../src/index.ts";
import { defaultSession } from "../../src/runtime/runtime.ts";

before(() => useEngine("wasm", { threads: 1 }));
after(() => stopEngine());

function batch(): [Tensor, Tensor] {
  const x = Float32Array.from({ length: 4 * 784 }, (_, i) => Math.sin(i));
  return [tensor(x, { shape: [4, 1, 28, 28] }), tensor([3, 1, 4, 1])];
}

test("what the step computed is read without another run", async () => {
  const net = models.bnLenet();
  const optimizer = optim.SGD(net.parameters(), { lr: 0.1 });
  const [x, y] = batch();
  const { runs } = defaultSession().statistics;
  const logits = net(x);
  const loss = nn.functional.crossEntropy(logits, y);
  optimizer.zeroGrad();
  loss.backward();
  const norm = nn.utils.clipGradNorm_(net.parameters(), 1);
  optimizer.step();
  assert.ok((await loss.item()) > 0);
  assert.equal((await logits.data()).length, 40);
  assert.ok((await norm.item()) > 0);
  const grads = await Promise.all(net.parameters().map((p) => (p.grad as Tensor).data()));
  const total = Math.sqrt(grads.reduce((sum, g) => sum + Array.from(g).reduce((s, v) => s + v * v, 0), 0));
  assert.ok(Math.abs(total - Math.min(1, await norm.item())) < 1e-4, `clipped norm ${total}`);
  assert.equal(defaultSession().statistics.runs - runs, 1);
});

test("names of parameters stay with them, and all have one or none", () => {
  const net = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1));
  const optimizer = optim.SGD(net.namedParameters(), { lr: 0.1 });
  const names = ["0.weight", "0.bias", "1.weight", "1.bias"];
  assert.deepEqual(optimizer.paramGroups[0].paramNames, names);
  const state = optimizer.stateDict();
  assert.deepEqual(state.param_groups[0].param_names, names);
  const other = optim.SGD(net.parameters(), { lr: 0.1 });
  assert.equal("param_names" in other.stateDict().param_groups[0], false);
  other.loadStateDict(state);
  assert.deepEqual(other.paramGroups[0].paramNames, names);
  const [first, second] = net.namedParameters();
  assert.throws(
    () => optim.SGD([first, second[1]] as never),
    /expected all parameters with names or none, got names for 1 of 2/,
  );
  assert.throws(
    () => optim.SGD([{ params: [first] }, { params: [second[1]] }] as never),
    /of all groups with names or of none, got group 0 with and group 1 without/,
  );
  assert.throws(
    () => optimizer.addParamGroup({ params: [ones(1).requiresGrad_()] }),
    /got group 0 with and group 1 without/,
  );
  assert.equal(optimizer.paramGroups.length, 1);
});

for (const [name, make] of Object.entries({
  SGD: (p: Tensor[]) => optim.SGD(p, { lr: 0.1, momentum: 0.9 }),
  Adam: (p: Tensor[]) => optim.Adam(p),
})) {
  test(`live bytes after step 50 are those after step 2, with ${name}`, async () => {
    const net = models.bnLenet();
    const optimizer = make(net.parameters());
    const [x, y] = batch();
    let early = 0;
    const before = defaultSession().statistics.programs;
    for (let step = 1; step <= 50; step++) {
      const loss = nn.functional.crossEntropy(net(x), y);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      if (step % 10 === 0) await loss.item();
      if (step === 2) early = defaultSession().memory().liveBytes;
    }
    // What an earlier test left may be collected meanwhile.
    assert.ok(defaultSession().memory().liveBytes <= early);
    assert.ok(defaultSession().statistics.programs - before <= 1);
  });
}

test("without keepGradients the gradients cost no memory, and reading one says why it is gone", async () => {
  const net = nn.Sequential(nn.Linear(100, 100), nn.Linear(100, 100));
  const weight = net.getParameter("0.weight");
  const optimizer = optim.SGD(net.parameters(), { lr: 0.1 });
  optimizer.keepGradients = false;
  const before = defaultSession().memory().liveBytes;
  net(ones(2, 100)).sum().backward();
  optimizer.step();
  await assert.rejects(async () => (weight.grad as Tensor).data(), AutogradError);
  assert.equal((await weight.data()).length, 10_000);
  assert.ok(defaultSession().memory().liveBytes - before <= 4 * 20_200, "the weights, and nothing else");
});

test("a step without gradients changes nothing, as in PyTorch, and the next one is the first", async () => {
  for (const make of [optim.SGD, optim.Adam]) {
    const net = nn.Linear(2, 1);
    const optimizer = make(net.parameters(), { lr: 0.1 });
    const before = await net.weight.tolist();
    optimizer.step();
    assert.deepEqual(await net.weight.tolist(), before);
    assert.equal(optimizer.state.size, 0);
    assert.equal(
      optimizer.step(() => 7),
      7,
    );
    net(ones(1, 2)).sum().backward();
    optimizer.step();
    assert.notDeepEqual(await net.weight.tolist(), before);
  }
});

test("gradients add up until zeroGrad, and frozen layers stay", async () => {
  const net = nn.Sequential(nn.Linear(2, 2, { bias: false }), nn.Linear(2, 1, { bias: false }));
  net.loadStateDict({ "0.weight": ones(2, 2), "1.weight": ones(1, 2) });
  net.at(0).requiresGrad_(false);
  const optimizer = optim.SGD(net.parameters(), { lr: 1 });
  for (let i = 0; i < 3; i++) net(ones(1, 2)).sum().backward();
  assert.deepEqual(await net.getParameter("1.weight").grad?.tolist(), [[6, 6]]);
  optimizer.step();
  assert.deepEqual(await net.getParameter("1.weight").tolist(), [[-5, -5]]);
  assert.deepEqual(await net.getParameter("0.weight").tolist(), [
    [1, 1],
    [1, 1],
  ]);
  optimizer.zeroGrad({ setToNone: false });
  assert.deepEqual(await net.getParameter("1.weight").grad?.tolist(), [[0, 0]]);
  optimizer.zeroGrad();
  assert.equal(net.getParameter("1.weight").grad, null);
});

test("groups have settings of their own, and can be added", async () => {
  const [a, b, c] = [1, 2, 3].map(() => ones(1).requiresGrad_());
  const optimizer = optim.SGD([{ params: [a] }, { params: b, lr: 0.5 }], { lr: 0.25 });
  optimizer.addParamGroup({ params: [c], lr: 1 });
  a.add(b).add(c).sum().backward();
  optimizer.step();
  assert.deepEqual([await a.item(), await b.item(), await c.item()], [0.75, 0.5, 0]);
  optimizer.paramGroups[0].lr = 0.5;
  optimizer.step();
  assert.deepEqual([await a.item(), await b.item(), await c.item()], [0.25, 0, -1]);
  assert.throws(() => optimizer.addParamGroup({ params: [a] }), /appears in more than one place/);
  assert.throws(
    () => optimizer.addParamGroup({ params: [ones(1)], learningRate: 1 }),
    /unknown setting `learningRate` of a parameter group of SGD/,
  );
});

test("a closure computes the loss, which step returns", async () => {
  const w = ones(1).requiresGrad_();
  const optimizer = optim.SGD([w], { lr: 0.5 });
  const loss = optimizer.step(() => {
    optimizer.zeroGrad();
    const value = w.mul(w).sum();
    value.backward();
    return value;
  });
  assert.deepEqual([await loss.item(), await w.item()], [1, 0]);
});

test("settings outside of their range and parameters that are none are refused", () => {
  const w = ones(1).requiresGrad_();
  assert.throws(() => optim.SGD([w], { lr: -1 }), /SGD: expected `lr` to be at least 0, got -1/);
  assert.throws(
    () => optim.SGD([w], { nesterov: true }),
    /nesterov needs a momentum above 0 and no dampening/,
  );
  assert.throws(() => optim.Adam([w], { betas: [0.9, 1] }), /two numbers from 0 to below 1/);
  assert.throws(
    () => optim.SGD([w], { weigthDecay: 1 } as never),
    /unknown argument `weigthDecay` of SGD; did you mean `weightDecay`/,
  );
  assert.throws(() => optim.SGD([]), /expected parameters to train, got an empty list/);
  assert.throws(() => optim.SGD(w as never), /a single tensor \(put it into a list\)/);
  assert.throws(() => optim.SGD([w.mul(2)]), /cannot train a tensor that an operation made/);
  assert.throws(() => optim.SGD([w, w]), /more than one place/);
  const other = optim.SGD([ones(1).requiresGrad_(), ones(1).requiresGrad_()]);
  assert.throws(
    () => optim.SGD([w]).loadStateDict(other.stateDict()),
    /expected groups of 1 parameters, got 2/,
  );
});

test("training goes on when another engine takes over", async () => {
  const train = async (change: boolean) => {
    const net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1));
    net.loadStateDict({
      ...net.stateDict(),
      "0.weight": tensor([
        [1, 2, 3],
        [2, 2, 1],
        [0, 1, 0],
        [-1, 2, 1],
      ]),
      "0.bias": ones(4),
      "2.weight": ones(1, 4),
      "2.bias": ones(1),
    });
    const optimizer = optim.SGD(net.parameters(), { lr: 0.1, momentum: 0.9 });
    for (let step = 0; step < 4; step++) {
      optimizer.zeroGrad();
      net(
        tensor([
          [1, 2, 3],
          [3, 2, 2],
          [0, 1, -step],
        ]).to("float32"),
      )
        .pow(2)
        .mean()
        .backward();
      optimizer.step();
      if (change && step === 1) await useEngine("reference");
    }
    return net.getParameter("0.weight").data();
  };
  const plain = await train(false);
  const changed = await train(true);
  plain.forEach((x, i) => {
    assert.ok(Math.abs(x - changed[i]) < 1e-5, `${x} and ${changed[i]}`);
  });
});

test("a weight drawn by an operation is drawn once", async () => {
  const w = nn.Parameter(randn(3));
  const optimizer = optim.SGD([w], { lr: 1 });
  const start = await w.data();
  w.sum().backward();
  optimizer.step();
  const after = await w.data();
  start.forEach((x, i) => {
    assert.ok(Math.abs(x - 1 - after[i]) < 1e-6);
  });
});

test("what two optimisers overwrite alternately can still be read", async () => {
  const [a, b] = [ones(1).requiresGrad_(), ones(1).requiresGrad_()];
  const [first, second] = [optim.SGD([a], { lr: 1 }), optim.SGD([b], { lr: 1 })];
  const made = b.mul(3);
  a.mul(2).sum().backward();
  first.step();
  b.mul(5).sum().backward();
  second.step();
  assert.deepEqual([await made.tolist(), await a.tolist(), await b.tolist()], [[3], [-1], [-4]]);
  assert.deepEqual([await a.grad?.tolist(), await b.grad?.tolist()], [[2], [5]]);
});

test("weights changed by hand: gradients stay readable, and the tape is not joined", async () => {
  const net = nn.Sequential(nn.Linear(2, 2, { bias: false }), nn.Linear(2, 1, { bias: false }));
  net.loadStateDict({ "0.weight": ones(2, 2), "1.weight": ones(1, 2) });
  net(ones(1, 2)).sum().backward();
  noGrad(() => {
    for (const p of net.parameters()) p.sub_((p.grad as Tensor).mul(0.5));
  });
  assert.deepEqual(await net.getParameter("0.weight").tolist(), [
    [0.5, 0.5],
    [0.5, 0.5],
  ]);
  assert.deepEqual(await net.getParameter("1.weight").tolist(), [[0, 0]]);
  assert.deepEqual(await net.getParameter("1.weight").grad?.tolist(), [[2, 2]]);
  assert.ok(net.parameters().every((p) => p.isLeaf && p.requiresGrad));
});
