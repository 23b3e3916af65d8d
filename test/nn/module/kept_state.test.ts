/** Tensors that are properties of a module when a call ends are state (test/fixtures/modules/make_state.py). */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import {
  AutogradError,
  engineName,
  isGradEnabled,
  nn,
  noGrad,
  ones,
  optim,
  rand,
  sqrt,
  stopEngine,
  type Tensor,
  tensor,
  train,
  useEngine,
  zeros,
} from "../../../src/index.ts";

interface Step {
  readonly loss: number;
  readonly movingMean: number[];
  readonly movingVar: number[];
  readonly test: number[][];
}

const fixture = JSON.parse(
  readFileSync(new URL("../../../../test/fixtures/modules/state.json", import.meta.url), "utf8"),
) as { start: Record<string, any>; inputs: any[]; targets: number[][]; steps: Step[] };

after(() => stopEngine());

function batchNorm(
  X: Tensor,
  gamma: Tensor,
  beta: Tensor,
  movingMean: Tensor,
  movingVar: Tensor,
  { eps, momentum }: { eps: number; momentum: number },
): [Tensor, Tensor, Tensor] {
  let XHat: Tensor;
  if (!isGradEnabled()) {
    XHat = X.sub(movingMean).div(sqrt(movingVar.add(eps)));
  } else {
    const dim = X.ndim === 2 ? [0] : [0, 2, 3];
    const mean = X.mean({ dim, keepdim: true });
    const variance = X.sub(mean).pow(2).mean({ dim, keepdim: true });
    XHat = X.sub(mean).div(sqrt(variance.add(eps)));
    movingMean = movingMean.mul(momentum).add(mean.mul(1 - momentum));
    movingVar = movingVar.mul(momentum).add(variance.mul(1 - momentum));
  }
  return [gamma.mul(XHat).add(beta), movingMean, movingVar];
}

/** The book's layer with its moving tensors as plain properties. */
class BatchNorm extends nn.Module {
  gamma: nn.Parameter;
  beta: nn.Parameter;
  movingMean: Tensor;
  movingVar: Tensor;

  constructor(numFeatures: number, numDims: number) {
    super();
    const shape = numDims === 2 ? [1, numFeatures] : [1, numFeatures, 1, 1];
    this.gamma = nn.Parameter(ones(shape));
    this.beta = nn.Parameter(zeros(shape));
    this.movingMean = zeros(shape);
    this.movingVar = ones(shape);
  }

  compute(X: Tensor): [Tensor, Tensor, Tensor] {
    return batchNorm(X, this.gamma, this.beta, this.movingMean, this.movingVar, { eps: 1e-5, momentum: 0.9 });
  }

  override forward(X: Tensor): Tensor {
    const [Y, movingMean, movingVar] = this.compute(X);
    [this.movingMean, this.movingVar] = [movingMean.data, movingVar.data];
    return Y;
  }
}

/** Its moving tensors stay on the tape. */
class OnTheTape extends BatchNorm {
  override forward(X: Tensor): Tensor {
    let Y: Tensor;
    [Y, this.movingMean, this.movingVar] = this.compute(X);
    return Y;
  }
}

/** They are registered, and assigned again all the same. */
class Registered extends OnTheTape {
  constructor(numFeatures: number, numDims: number) {
    super(numFeatures, numDims);
    const { movingMean, movingVar } = this;
    Object.assign(this, { movingMean: null, movingVar: null });
    this.registerBuffer("moving_mean", movingMean);
    this.registerBuffer("moving_var", movingVar);
  }
}

/** They are kept in a list. */
class Listed extends BatchNorm {
  moving: Tensor[] = [this.movingMean, this.movingVar];

  override forward(X: Tensor): Tensor {
    const [mean, variance] = this.moving;
    const [Y, ...moving] = batchNorm(X, this.gamma, this.beta, mean, variance, { eps: 1e-5, momentum: 0.9 });
    this.moving = moving.map((one) => one.detach());
    return Y;
  }

  meanAndVar(): Tensor[] {
    return this.moving;
  }
}

/** The parent keeps them, and sets them when the child's call has ended. */
class SetByParent extends nn.Module {
  inner: BatchNorm;

  constructor(numFeatures: number, numDims: number) {
    super();
    this.inner = new BatchNorm(numFeatures, numDims);
  }

  override forward(X: Tensor): Tensor {
    const [Y, movingMean, movingVar] = this.inner.compute(X);
    [this.inner.movingMean, this.inner.movingVar] = [movingMean, movingVar];
    return Y;
  }
}

const kinds = { BatchNorm, OnTheTape, Registered, Listed, SetByParent };

function movingOf(layer: nn.Module): Tensor[] {
  if (layer instanceof Listed) return layer.meanAndVar();
  const own = layer instanceof SetByParent ? layer.inner : (layer as BatchNorm);
  return [own.movingMean, own.movingVar];
}

function network(Kind: new (numFeatures: number, numDims: number) => nn.Module): nn.Sequential {
  const net = nn.Sequential(
    ...[nn.Conv2d(1, 2, 3), new Kind(2, 4), nn.Sigmoid(), nn.Flatten()],
    ...[nn.Linear(8, 3), new Kind(3, 2), nn.Linear(3, 2)],
  );
  const start = Object.entries(fixture.start).map(([key, value]) => [
    key.replace(/\.(gamma|beta)/, Kind === SetByParent ? ".inner.$1" : ".$1"),
    tensor(value, { dtype: "float32" }),
  ]);
  net.loadStateDict(Object.fromEntries(start), { strict: false });
  return net;
}

function close(actual: unknown, expected: unknown, what: string): void {
  const [a, e] = [[actual].flat(9) as number[], [expected].flat(9) as number[]];
  assert.equal(a.length, e.length, what);
  for (const [i, value] of a.entries())
    assert.ok(
      Math.abs(value - e[i]) <= 2e-5 * Math.max(1, Math.abs(e[i])),
      `${what}: ${value} is not ${e[i]}`,
    );
}

/** Number of nodes that a tensor keeps alive. */
function nodesBehind(of: Tensor): number {
  const seen = new Set<object>();
  const stack = [of.value];
  for (let value = stack.pop(); value !== undefined; value = stack.pop()) {
    if (value.node === null || seen.has(value.node)) continue;
    seen.add(value.node);
    stack.push(...value.node.inputs);
  }
  return seen.size;
}

const engines = ["reference", "wasm"];
const inputs = () => fixture.inputs.map((values) => tensor(values, { dtype: "float32" }));
const targets = () => fixture.targets.map((values) => tensor(values, { dtype: "int64" }));

for (const engine of engines) {
  for (const [name, Kind] of Object.entries(kinds)) {
    test(`${name} of 7.5.3 trains as PyTorch trains it, on ${engine}`, async () => {
      await useEngine(engine);
      const net = network(Kind);
      const [X, y] = [inputs(), targets()];
      const optimizer = optim.SGD(net.parameters(), { lr: 0.5 });
      for (const [i, step] of fixture.steps.entries()) {
        const loss = nn.functional.crossEntropy(net(X[i]), y[i]);
        optimizer.zeroGrad();
        loss.backward();
        optimizer.step();
        const output = noGrad(() => net(X[0]));
        close(await loss.item(), step.loss, `loss of step ${i}`);
        close(await movingOf(net.at(1))[0].tolist(), step.movingMean, `moving mean of step ${i}`);
        close(await movingOf(net.at(5))[1].tolist(), step.movingVar, `moving variance of step ${i}`);
        close(await output.tolist(), step.test, `output after step ${i}`);
      }
    });

    test(`${name} needs no reading between its steps, and keeps no graph, on ${engine}`, async () => {
      await useEngine(engine);
      const net = network(Kind);
      const [X, y] = [inputs(), targets()];
      const optimizer = optim.SGD(net.parameters(), { lr: 0.5 });
      const steps = 5 * X.length;
      const sizes: number[] = [];
      for (let i = 0; i < steps; i++) {
        const loss = nn.functional.crossEntropy(net(X[i % X.length]), y[i % X.length]);
        optimizer.zeroGrad();
        loss.backward();
        optimizer.step();
        if (i === X.length - 1) {
          close(await movingOf(net.at(1))[0].tolist(), fixture.steps[i].movingMean, "moving mean");
          close(await movingOf(net.at(5))[1].tolist(), fixture.steps[i].movingVar, "moving variance");
        }
        if (i % X.length === 0) {
          await movingOf(net.at(1))[0].tolist();
          sizes.push(nodesBehind(movingOf(net.at(1))[0]));
        }
      }
      assert.ok(sizes.at(-1)! <= sizes[1], `the graph grows: ${sizes}`);
    });
  }
}

test("state that forward leaves is kept without training, and without a graph that grows", async () => {
  await useEngine("wasm");
  class Average extends nn.Module {
    mean = zeros(1, 1, 1);
    override forward(x: Tensor): Tensor {
      this.mean = this.mean.mul(0.5).add(x.mul(0.5));
      return x.sum();
    }
  }
  for (const size of [1, 300]) {
    const net = new Average();
    const x = ones(size, size, 1);
    for (let i = 0; i < 40; i++) await net(x).item();
    assert.ok(nodesBehind(net.mean) < 8, `${nodesBehind(net.mean)} nodes`);
    // 1 - 2 ** -40, rounded.
    assert.equal(await net.mean.amax().item(), 1);
    assert.equal(await net.mean.amin().item(), 1);
  }
});

test("what a module keeps to be looked at is there after the weights have changed", async () => {
  await useEngine("wasm");
  class Watched extends nn.Module {
    linear = nn.Linear(300, 300);
    hidden: Tensor | null = null;
    override forward(x: Tensor): Tensor {
      this.hidden = this.linear(x).relu();
      return this.hidden.mean();
    }
  }
  const net = new Watched();
  const x = rand(300, 300);
  const optimizer = optim.SGD(net.parameters(), { lr: 1 });
  const expected = (await noGrad(() => net.linear(x).relu()).tolist()) as number[][];
  net(x).backward();
  optimizer.step();
  close((await (net.hidden as unknown as Tensor).tolist())[7], expected[7], "hidden");
});

test("an auxiliary loss can be taken from what a module keeps", async () => {
  await useEngine("reference");
  class Auxiliary extends nn.Module {
    w = nn.Parameter(tensor([2], { dtype: "float32" }));
    kept: Tensor | null = null;
    override forward(x: Tensor): Tensor {
      this.kept = this.w.mul(x);
      return this.kept.mul(3);
    }
  }
  const net = new Auxiliary();
  const y = net(tensor([5], { dtype: "float32" }));
  y.add((net.kept as unknown as Tensor).square())
    .sum()
    .backward();
  // d/dw (3 w x + w^2 x^2) = 3 x + 2 w x^2.
  assert.deepEqual(await net.w.grad?.tolist(), [115]);
});

test("a state that stays on the tape cannot be differentiated through a second step, as in PyTorch", async () => {
  await useEngine("reference");
  class Recurrent extends nn.Module {
    linear = nn.Linear(2, 2);
    h = zeros(1, 2);
    override forward(x: Tensor): Tensor {
      this.h = this.linear(x.add(this.h)).tanh();
      return this.h.sum();
    }
  }
  const net = new Recurrent();
  const optimizer = optim.SGD(net.parameters(), { lr: 0.1 });
  net(ones(1, 2)).backward();
  optimizer.step();
  await net.h.tolist();
  assert.throws(() => net(ones(1, 2)).backward(), AutogradError);
});

test("state moves with the engine, is saved if it is registered, and is converted if it is registered", async () => {
  await useEngine("wasm");
  const net = network(Registered);
  const plain = network(BatchNorm);
  const [X, y] = [inputs(), targets()];
  const optimizer = optim.SGD([...net.parameters(), ...plain.parameters()], { lr: 0.5 });
  for (let i = 0; i < 2; i++) {
    const loss = nn.functional
      .crossEntropy(net(X[i]), y[i])
      .add(nn.functional.crossEntropy(plain(X[i]), y[i]));
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
  }
  await useEngine("reference");
  assert.equal(engineName(), "reference");
  for (const one of [net, plain])
    close(await movingOf(one.at(1))[0].tolist(), fixture.steps[1].movingMean, "moving mean");
  assert.deepEqual(
    Object.keys(net.stateDict()).filter((key) => key.includes("moving")),
    ["1.moving_mean", "1.moving_var", "5.moving_mean", "5.moving_var"],
  );
  const copy = network(Registered);
  copy.loadStateDict(net.stateDict());
  close(await movingOf(copy.at(5))[1].tolist(), fixture.steps[1].movingVar, "moving variance");
  assert.deepEqual(
    [net.double(), plain.double()].map((one) => movingOf(one.at(1))[0].dtype),
    ["float64", "float32"],
  );
});

test("evaluate and fit work on a network that keeps state", async () => {
  await useEngine("wasm");
  const net = network(BatchNorm);
  const batches = inputs().map((x, i): [Tensor, Tensor] => [x, targets()[i]]);
  const first = await train.evaluate(net, batches);
  assert.ok(Number.isFinite(first.loss));
  const optimizer = optim.SGD(net.parameters(), { lr: 0.5 });
  await train.fit(net, { trainLoader: batches, testLoader: batches, optimizer, epochs: 1 });
  close(await movingOf(net.at(1))[0].tolist(), fixture.steps.at(-1)?.movingMean, "moving mean");
  close(await movingOf(net.at(5))[1].tolist(), fixture.steps.at(-1)?.movingVar, "moving variance");
});

test("a run in a folder warns of state that its checkpoints do not hold", async (t) => {
  await useEngine("wasm");
  const warn = t.mock.method(console, "warn", () => {});
  const folder = mkdtempSync(join(tmpdir(), "convoyant-state-"));
  const trainLoader = inputs().map((x, i): [Tensor, Tensor] => [x, targets()[i]]);
  try {
    for (const [name, Kind] of Object.entries({ Registered, BatchNorm })) {
      const net = network(Kind);
      const optimizer = optim.SGD(net.parameters(), { lr: 0.5 });
      await train.fit(net, { trainLoader, optimizer, epochs: 1, out: join(folder, name), progress: false });
      assert.equal(warn.mock.callCount(), name === "Registered" ? 0 : 1, name);
    }
    assert.match(
      String(warn.mock.calls[0].arguments[0]),
      /Sequential assigns `1\.movingMean` in forward\(\).*registerBuffer/,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("what is only seen through a view of weights is not state of its own", async () => {
  await useEngine("wasm");
  class Looking extends nn.Module {
    weight = nn.Parameter(ones(2, 2));
    row: Tensor | null = null;
    override forward(x: Tensor): Tensor {
      this.row = noGrad(() => this.weight.at(0));
      return x.mul(this.weight).sum();
    }
  }
  const net = new Looking();
  const optimizer = optim.SGD(net.parameters(), { lr: 1 });
  net(ones(2, 2)).backward();
  optimizer.step();
  assert.deepEqual(await (net.row as unknown as Tensor).tolist(), [0, 0]);
});
