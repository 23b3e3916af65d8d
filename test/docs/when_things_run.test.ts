/** What docs/when-things-run.md says, checked. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as convoyant from "../../src/index.ts";
import { defaultSession } from "../../src/runtime/runtime.ts";
import { vectors } from "./prelude.ts";

const {
  AutogradError,
  data,
  gather,
  IndexError,
  nn,
  noGrad,
  OutOfMemoryError,
  optim,
  rand,
  randint,
  stopEngine,
  tensor,
  train,
  useEngine,
  zeros,
} = convoyant;
type Tensor = convoyant.Tensor;

before(() => useEngine("wasm", { threads: 1 }));
after(() => stopEngine());

/** How many runs and new programs `body` causes. */
async function countedRuns(body: () => Promise<unknown>): Promise<{ runs: number; programs: number }> {
  const { statistics } = defaultSession();
  const { runs, programs } = statistics;
  await body();
  return { runs: statistics.runs - runs, programs: statistics.programs - programs };
}

test("a step and reading its loss and output are one run", async () => {
  const { net, optimizer, x, y } = vectors(convoyant);
  const step = () => {
    const output = net(x);
    const loss = nn.functional.crossEntropy(output, y);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    return { output, loss };
  };
  await step().loss.item();
  const { runs } = await countedRuns(async () => {
    const { output, loss } = step();
    await loss.item();
    await output.tolist();
  });
  assert.equal(runs, 1);
});

test("a loss that is read before backward is computed again", async () => {
  const { net, optimizer, x, y } = vectors(convoyant);
  const { runs } = await countedRuns(async () => {
    const loss = nn.functional.crossEntropy(net(x), y);
    await loss.item();
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    await defaultSession().finish();
  });
  assert.equal(runs, 2);
});

test("a step that does not fit is refused before anything has run; in slices it fits", async () => {
  await useEngine("wasm", { threads: 1, memoryLimit: 2 * 2 ** 20 });
  try {
    const net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 4));
    const optimizer = optim.SGD(net.parameters(), { lr: 0.1 });
    const [x, y] = [rand(6000, 64), zeros([6000], { dtype: "int64" })];
    await x.realize();
    const before = await net.parameters()[0].tolist();
    nn.functional.crossEntropy(net(x), y).backward();
    assert.throws(() => optimizer.step(), OutOfMemoryError);
    assert.deepEqual(await net.parameters()[0].tolist(), before);
    optimizer.zeroGrad();
    for await (const [xs, ys, share] of train.microBatches(x, y, 500)) {
      nn.functional.crossEntropy(net(xs), ys).mul(share).backward();
    }
    optimizer.step();
    assert.notDeepEqual(await net.parameters()[0].tolist(), before);
  } finally {
    await useEngine("wasm", { threads: 1 });
  }
});

test("what forward keeps in a property is kept; what it hands to a variable is lost after the step, and says so", async () => {
  let outside: Tensor | undefined;
  class Secretive extends nn.Module {
    inner = nn.Linear(4, 3);
    hidden: Tensor | null = null;

    override forward(input: Tensor): Tensor {
      this.hidden = this.inner(input);
      outside = this.inner(input).mul(2);
      return this.hidden.relu();
    }
  }
  const { x, y } = vectors(convoyant);
  const net = new Secretive();
  const optimizer = optim.SGD(net.parameters(), { lr: 0.1 });
  const before = noGrad(() => net.inner(x));
  nn.functional.crossEntropy(net(x), y).backward();
  optimizer.step();
  assert.deepEqual(await (net.hidden as unknown as Tensor).tolist(), await before.tolist());
  await assert.rejects(() => (outside as Tensor).tolist(), AutogradError);
});

test("gradients are readable after the step", async () => {
  const { net, trainStep } = vectors(convoyant);
  trainStep();
  for (const parameter of net.parameters()) {
    assert.deepEqual((parameter.grad as Tensor).shape, parameter.shape);
    await (parameter.grad as Tensor).tolist();
  }
});

test("another learning rate is the same program, another batch size is not", async () => {
  const { net, optimizer, x, y, trainStep } = vectors(convoyant);
  await trainStep().item();
  await trainStep().item();
  const again = await countedRuns(async () => {
    optimizer.paramGroups[0].lr = 0.01;
    await trainStep().item();
  });
  assert.deepEqual(again, { runs: 1, programs: 0 });
  const shorter = await countedRuns(async () => {
    nn.functional.crossEntropy(net(x.slice(0, 0, 5)), y.slice(0, 0, 5)).backward();
    optimizer.step();
    await defaultSession().finish();
  });
  assert.deepEqual(shorter, { runs: 1, programs: 1 });
});

test("a loop over a loader that reads nothing is held to a few steps ahead", async () => {
  const { net, optimizer } = vectors(convoyant);
  const dataset = data.TensorDataset(rand(400, 4), randint(0, 3, [400]));
  const { engine } = defaultSession();
  let most = 0;
  for await (const [x, y] of data.DataLoader(dataset, { batchSize: 4 })) {
    const loss = nn.functional.crossEntropy(net(x), y);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    most = Math.max(most, engine.pending());
  }
  assert.ok(most <= 4, `${most} runs under way`);
});

test("what only the data shows fails when it runs", async () => {
  const wrong = gather(tensor([0.5, 1.5]), 0, tensor([7]));
  await assert.rejects(() => wrong.tolist(), IndexError);
});
