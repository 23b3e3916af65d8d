import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { bucketsOf } from "../../src/distributed/training/buckets.ts";
import { TreeSum } from "../../src/distributed/training/gradient_tree.ts";
import { ShardedStep } from "../../src/distributed/training/sharded_step.ts";
import { rangeOfShard } from "../../src/distributed/training/shards.ts";
import {
  manualSeed,
  models,
  nn,
  noGrad,
  optim,
  rand,
  randint,
  stopEngine,
  type Tensor,
  useEngine,
} from "../../src/index.ts";
import { InceptionBlock } from "../../src/models/googlenet.ts";
import { defaultSession } from "../../src/runtime/runtime.ts";
import { partOf } from "../../src/train/loop/micro_batches.ts";
import { RunningTotals } from "../../src/train/metrics/running_totals.ts";

before(() => useEngine("wasm", { threads: 1 }));
after(() => stopEngine());

const SHARDS = 8;
const OTHERS = { join: async () => {}, agree: async () => {} };
const TREE = { summation: "tree" } as const;
const ALONE = { shards: SHARDS, rank: 0, worldSize: 1 };

const linear = () => nn.Sequential(nn.Flatten(), nn.Linear(12, 10));
const drawing = () =>
  nn.Sequential(
    nn.Flatten(),
    nn.Linear(12, 9),
    nn.BatchNorm1d(9),
    nn.ReLU(),
    nn.Dropout(0.5),
    nn.Linear(9, 10),
  );

function setUp(make: () => InstanceType<typeof nn.Module>, examples: number) {
  manualSeed(3);
  const net = make();
  const batch = [rand(examples, 3, 4), randint(0, 10, [examples])] as const;
  return { net, batch };
}

/** What plain steps on each shard give, added in a binary tree. */
async function gradientsByHand(net: InstanceType<typeof nn.Module>, x: Tensor, y: Tensor) {
  const examples = x.size(0);
  const tree = new TreeSum<Float32Array[]>((left, right) =>
    left.map((own, i) => own.map((value, j) => value + right[i][j])),
  );
  for (let shard = 0; shard < SHARDS; shard++) {
    const [from, to] = rangeOfShard(examples, shard, SHARDS);
    if (to > from) {
      const loss = nn.functional.crossEntropy(net(partOf(x, from, to)) as Tensor, partOf(y, from, to));
      loss.mul((to - from) / examples).backward();
    }
    const all = [...net.parameters()].map(async (one) =>
      one.grad === null ? new Float32Array(one.numel()) : ((await one.grad.data()) as Float32Array),
    );
    tree.push(await Promise.all(all));
    for (const parameter of net.parameters()) parameter.grad = null;
  }
  return tree.waiting[0];
}

/** Of each run that reads packed weights, whether it packs them. */
function packingRuns() {
  const { connection } = defaultSession();
  const { send } = connection;
  const seen: boolean[] = [];
  connection.send = (program, run, ...rest) => {
    if (run.packed !== undefined) seen.push(run.packed.pack);
    send.call(connection, program, run, ...rest);
  };
  return { seen, stop: () => (connection.send = send) };
}

describe("a step in shards", () => {
  for (const examples of [32, 67, 5])
    test(`${examples} examples: the change is that of the shards' own gradients, added in a tree`, async () => {
      const { net, batch } = setUp(linear, examples);
      await Promise.all(batch.map((one) => one.data()));
      const expected = await gradientsByHand(net, ...batch);
      const weights = await Promise.all([...net.parameters()].map(async (one) => (await one.data()).slice()));
      const optimizer = optim.SGD(net.parameters(), { lr: 1 });
      const step = new ShardedStep(net, { optimizer }, new RunningTotals(), ALONE, TREE, OTHERS);
      await step.run(...batch, 1);
      for (const [i, parameter] of [...net.parameters()].entries()) {
        const changed = Float32Array.from(weights[i] as Float32Array, (old, j) => old - expected[i][j]);
        assert.deepEqual(await parameter.data(), changed);
      }
    });

  test("weights are packed once in a step, and again after they have changed", async () => {
    manualSeed(3);
    const net = nn.Sequential(
      nn.Conv2d(8, 16, 3, { padding: 1 }),
      nn.ReLU(),
      nn.Conv2d(16, 16, 3, { padding: 1 }),
      nn.Flatten(),
      nn.Linear(16 * 36, 10),
    );
    const batch = [rand(32, 8, 6, 6), randint(0, 10, [32])] as const;
    await Promise.all(batch.map((one) => one.data()));
    const optimizer = optim.SGD(net.parameters(), { lr: 0.1 });
    const step = new ShardedStep(net, { optimizer }, new RunningTotals(), ALONE, TREE, OTHERS);
    const packs = packingRuns();
    try {
      for (let i = 1; i <= 4; i++) {
        const expected = await gradientsByHand(net, ...batch);
        packs.seen.length = 0;
        await step.run(...batch, i);
        assert.deepEqual(packs.seen, [true, ...Array(SHARDS - 1).fill(false)]);
        for (const [j, { grad }] of [...net.parameters()].entries())
          assert.deepEqual(await grad?.data(), expected[j]);
        for (const parameter of net.parameters()) parameter.grad = null;
      }
    } finally {
      packs.stop();
    }
  });

  test("shards are recorded and compiled once; each is one run, whatever random numbers it draws", async () => {
    const { net, batch } = setUp(drawing, 64);
    const optimizer = optim.SGD(net.parameters(), { lr: 0.1, momentum: 0.9 });
    const step = new ShardedStep(net, { optimizer }, new RunningTotals(), ALONE, TREE, OTHERS);
    let calls = 0;
    net.registerForwardHook(() => void calls++);
    for (let i = 1; i <= 2; i++) await step.run(...batch, i);
    const { programs, runs } = defaultSession().statistics;
    calls = 0;
    for (let i = 3; i <= 5; i++) await step.run(...batch, i);
    assert.equal(defaultSession().statistics.programs, programs);
    // Eight shards, and the additions that do not belong to the last: 0+1, 2+3, 4+5, (0+1)+(2+3).
    assert.equal(defaultSession().statistics.runs - runs, 3 * (SHARDS + 4));
    assert.equal(calls, 3);
  });

  test("steps that are sent again unrecorded end in the bits of steps that are recorded", async () => {
    /** Weights, statistics and losses after 8 steps, in which what the passes depend on changes twice. */
    const trained = async (isOwn: boolean) => {
      const { net: inner, batch } = setUp(drawing, 64);
      class Own extends nn.Module {
        inner = inner;
        override forward(x: Tensor): Tensor {
          return this.inner(x) as Tensor;
        }
      }
      const net = isOwn ? new Own() : inner;
      const optimizer = optim.Adam(net.parameters(), { lr: 0.01 });
      const totals = new RunningTotals();
      const options = { optimizer, clipGradNorm: 0.5 };
      const step = new ShardedStep(net, options, totals, ALONE, TREE, OTHERS);
      const [one, other] = [batch, [rand(64, 3, 4), randint(0, 10, [64])] as const];
      const layers = [...inner.children()];
      for (let i = 1; i <= 8; i++) {
        if (i === 5) (layers[4] as unknown as { p: number }).p = 0.25;
        if (i === 8) for (const parameter of layers[1].parameters()) parameter.requiresGrad = false;
        await step.run(...(i % 2 === 0 ? one : other), i);
      }
      const values = Object.values(inner.stateDict()).map(async (value) => [...(await value.data())]);
      return { replayed: step.replayed, bits: [await Promise.all(values), (await totals.read()).loss] };
    };
    const [plain, own] = [await trained(false), await trained(true)];
    assert.deepEqual(plain.bits, own.bits);
    assert.equal(own.replayed, 0);
    // Recorded until two in a row are the same: step 4 is sent again, and after the first change step 7.
    assert.equal(plain.replayed, 2);
  });

  test("changes of the weights that are sent again unrecorded end in the bits of those that are recorded", async () => {
    /** Weights, memory, statistics and metrics after 16 steps, in which what a change depends on is another now and then. */
    const trained = async (isOwn: boolean) => {
      const { net, batch } = setUp(drawing, 64);
      class Own extends optim.SGD {}
      const Optimizer = isOwn ? Own : optim.SGD;
      const optimizer = new Optimizer(net.parameters(), { lr: 0.1, momentum: 0.9 });
      const totals = new RunningTotals();
      const step = new ShardedStep(net, { optimizer }, totals, ALONE, TREE, OTHERS);
      const [weight] = net.parameters();
      const seen: unknown[] = [];
      for (let i = 1; i <= 16; i++) {
        if (i === 6) optimizer.paramGroups[0].lr = 0.05;
        if (i === 9) defaultSession().connection.programs.forget();
        if (i === 10) totals.reset();
        if (i === 11) noGrad(() => weight.mul_(0.5));
        if (i === 13) optimizer.loadStateDict(optimizer.stateDict());
        // What is made of the weights and not computed yet keeps what they were.
        const made = i === 5 || i === 12 ? weight.mul(2) : null;
        await step.run(...batch, i);
        if (made !== null) seen.push([...(await made.data())]);
      }
      const memory = [...optimizer.state.values()].map(({ momentum_buffer }) => momentum_buffer as Tensor);
      const all = [...Object.values(net.stateDict()), ...memory].map(async (one) => [...(await one.data())]);
      const { loss, accuracy } = await totals.read();
      assert.ok(Number.isFinite(accuracy));
      return { replayed: step.updatesReplayed, bits: [seen, await Promise.all(all), loss, accuracy] };
    };
    const [plain, own] = [await trained(false), await trained(true)];
    assert.deepEqual(plain.bits, own.bits);
    assert.equal(own.replayed, 0);
    assert.ok(plain.replayed >= 5, `${plain.replayed} of 16 changes were sent again`);
  });

  test("an optimiser that counts its steps records each change; so does a training that clips gradients", async () => {
    const replayed = async (make: (net: InstanceType<typeof nn.Module>) => object, clipGradNorm?: number) => {
      const { net, batch } = setUp(linear, 32);
      const options = { optimizer: make(net) as InstanceType<typeof optim.Optimizer>, clipGradNorm };
      const step = new ShardedStep(net, options, new RunningTotals(), ALONE, TREE, OTHERS);
      for (let i = 1; i <= 6; i++) await step.run(...batch, i);
      return step.updatesReplayed;
    };
    assert.equal(await replayed((net) => optim.Adam(net.parameters())), 0);
    assert.equal(await replayed((net) => optim.SGD(net.parameters()), 1), 0);
    assert.equal(await replayed((net) => optim.SGD(net.parameters())), 3);
  });

  test("networks of this package's own blocks are sent again, too, but not what extends a block", async () => {
    class Own extends InceptionBlock {}
    const replayed = async (block: () => InstanceType<typeof nn.Module>) => {
      const { net, batch } = setUp(() => nn.Sequential(nn.Unflatten(1, [1, 3]), block(), nn.Flatten()), 16);
      const optimizer = optim.SGD(net.parameters(), { lr: 0.1 });
      const step = new ShardedStep(net, { optimizer }, new RunningTotals(), ALONE, TREE, OTHERS);
      for (let i = 1; i <= 5; i++) await step.run(...batch, i);
      return step.replayed;
    };
    assert.equal(await replayed(() => models.Inception(1, 2, [1, 2], [1, 2], 2)), 2);
    assert.equal(await replayed(() => new Own(1, 2, [1, 2], [1, 2], 2)), 0);
  });

  test("microBatch accumulates the gradients of a shard's slices: no run more, and no sum over ranks in between", async () => {
    const trained = async (microBatch: number | "auto") => {
      const { net, batch } = setUp(linear, 40);
      const optimizer = optim.SGD(net.parameters(), { lr: 1 });
      const options = { optimizer, microBatch };
      const step = new ShardedStep(net, options, new RunningTotals(), ALONE, TREE, OTHERS);
      await step.run(...batch, 1);
      const { runs } = defaultSession().statistics;
      await step.run(...batch, 2);
      const weights = [...net.parameters()].map(async (one) => [...((await one.data()) as Float32Array)]);
      return { runs: defaultSession().statistics.runs - runs, weights: (await Promise.all(weights)).flat() };
    };
    const [whole, slices] = [await trained("auto"), await trained(2)];
    assert.equal(slices.runs, whole.runs);
    for (const [i, weight] of whole.weights.entries())
      assert.ok(
        Math.abs(slices.weights[i] - weight) < 1e-6,
        `weight ${i}: ${slices.weights[i]}, not ${weight}`,
      );
  });

  test("a network whose shards are different programs is recorded for each", async () => {
    const { net: inner, batch } = setUp(linear, 32);
    let calls = 0;
    class Changing extends nn.Module {
      inner = inner;
      override forward(x: Tensor): Tensor {
        return this.inner(calls++ % 2 === 0 ? x : x.mul(2)) as Tensor;
      }
    }
    const net = new Changing();
    const optimizer = optim.SGD(net.parameters(), { lr: 1 });
    const step = new ShardedStep(net, { optimizer }, new RunningTotals(), ALONE, TREE, OTHERS);
    for (let i = 1; i <= 2; i++) await step.run(...batch, i);
    assert.equal(calls, 2 * SHARDS);
  });
});

test("no more sums are alive than the tree has levels", () => {
  for (const shards of [2, 8, 64]) {
    let [alive, most] = [0, 0];
    const tree = new TreeSum<null>(() => {
      alive--;
      return null;
    });
    for (let i = 0; i < shards; i++) {
      most = Math.max(most, ++alive);
      tree.push(null);
    }
    assert.ok(most <= Math.log2(shards) + 1);
  }
});

test("buckets: the last layers first, 1 MiB in the first, 25 MiB in the others", () => {
  const mib = (count: number) => (count * 2 ** 20) / 4;
  assert.deepEqual(bucketsOf([mib(30), 10, mib(20), mib(6), mib(0.5), mib(0.5), 3]), [
    [6, 5, 4],
    [3, 2],
    [1, 0],
  ]);
  assert.deepEqual(bucketsOf([1, 2]), [[1, 0]]);
  assert.deepEqual(bucketsOf([]), []);
});
