/** Fine-tuning: what is frozen stays as it is, the head learns as in the whole network, rates are by layer. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { DataLoader, TensorDataset, transforms } from "../../../src/data/index.ts";
import {
  ArgumentError,
  load,
  manualSeed,
  nn,
  stopEngine,
  type Tensor,
  TrainingError,
  train,
  useEngine,
} from "../../../src/index.ts";
import type { FineTuneOptions } from "../../../src/train/index.ts";
import { quadrants } from "../small_data.ts";

before(() => useEngine("wasm", { threads: 1 }));
after(() => stopEngine());

/** A network whose head has something before it and, if asked, after it. */
class Small extends nn.Module {
  lower = nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.ReLU());
  upper = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.ReLU());
  dropout = nn.Dropout(0.25);
  fc = nn.Linear(8, 10);
  readonly after: ((x: Tensor) => Tensor) | null;

  constructor(after: ((x: Tensor) => Tensor) | null = null) {
    super();
    this.after = after;
  }

  override forward(x: Tensor): Tensor {
    const logits = this.fc(this.dropout(this.upper(this.lower(x))));
    return this.after === null ? logits : this.after(logits);
  }
}

function small(after: ((x: Tensor) => Tensor) | null = null): Small {
  manualSeed(3);
  return new Small(after);
}

const dataset = (count: number, seed: number) => new TensorDataset(...quadrants(count, seed));
const tuned = { train: dataset(96, 1), test: dataset(64, 2), numClasses: 4 };

async function numbersOf(net: nn.Module): Promise<Map<string, number[]>> {
  const entries = Object.entries(net.stateDict()).map(
    async ([name, value]) => [name, Array.from(await value.data(), Number)] as const,
  );
  return new Map(await Promise.all(entries));
}

async function changedBy(net: nn.Module, body: () => Promise<unknown>): Promise<string[]> {
  const before = await numbersOf(net);
  await body();
  const now = await numbersOf(net);
  return [...now]
    .filter(([name, numbers]) => JSON.stringify(numbers) !== JSON.stringify(before.get(name)))
    .map(([name]) => name);
}

test("while the backbone is frozen, none of its weights and statistics changes", async () => {
  const net = small();
  net.dropout.eval();
  const modes = net.modules().map((module) => module.training);
  const changed = await changedBy(net, async () => {
    const { frozen, whole, test, head, outcome } = await train.fineTune(net, {
      data: tuned,
      epochs: 0,
      freezeEpochs: 30,
      baseLr: 0.05,
    });
    assert.equal(head, "fc");
    assert.equal(outcome, "finished");
    assert.equal(whole, null);
    assert.ok((frozen?.points.at(-1)?.trainLoss ?? 9) < (frozen?.points[0].trainLoss ?? 0) - 0.1);
    assert.equal(test, frozen?.test);
  });
  assert.deepEqual(changed, ["fc.weight", "fc.bias"]);
  assert.equal(net.fc.outFeatures, 4);
  assert.deepEqual(
    net.modules().map((module) => module.training),
    modes,
  );
  assert.ok(net.parameters().every((parameter) => parameter.requiresGrad && parameter.grad === null));
});

/** Names of what one epoch of each whole network's training changes. */
async function changedInEpochs(options: Partial<FineTuneOptions>): Promise<string[][]> {
  const net = small();
  const seen: Map<string, number[]>[] = [];
  const epochs = 3;
  await train.fineTune(net, {
    data: tuned,
    epochs,
    freezeEpochs: 0,
    layerGroups: 3,
    ...options,
    callbacks: {
      onStart: async () => void seen.push(await numbersOf(net)),
      onEpoch: async () => void seen.push(await numbersOf(net)),
    },
  });
  assert.equal(seen.length, epochs + 1);
  assert.ok(net.parameters().every((parameter) => parameter.requiresGrad));
  assert.equal(net.train().lower.at(1).training, true);
  return seen
    .slice(1)
    .map((now, i) =>
      [...now.keys()].filter((name) => JSON.stringify(now.get(name)) !== JSON.stringify(seen[i].get(name))),
    );
}

const STATISTICS = /running|num_batches/;

test("by default the whole network is trained, and batch norm keeps its running statistics", async () => {
  for (const changed of await changedInEpochs({})) {
    assert.ok(changed.includes("lower.0.weight") && changed.includes("lower.1.weight"));
    assert.ok(!changed.some((name) => STATISTICS.test(name)), String(changed));
  }
});

test('batchNorm: "train" moves the running statistics', async () => {
  for (const changed of await changedInEpochs({ batchNorm: "train" }))
    assert.ok(changed.includes("lower.1.running_mean") && changed.includes("upper.1.num_batches_tracked"));
});

test("gradual unfreezing begins at the head, and frozen layers keep weights and statistics", async () => {
  const [first, second, third] = await changedInEpochs({ unfreeze: "gradual", batchNorm: "train" });
  // Three groups: `lower`, `upper`, the head.
  assert.ok(!first.some((name) => name.startsWith("lower")), String(first));
  assert.ok(first.includes("upper.0.weight") && first.includes("upper.1.running_var"));
  assert.ok(first.includes("fc.weight"));
  for (const changed of [second, third])
    assert.ok(changed.includes("lower.0.weight") && changed.includes("lower.1.running_mean"));
});

test("a parameter that the caller froze stays frozen", async () => {
  const net = small();
  net.upper.requiresGrad_(false);
  const changed = await changedBy(net, () =>
    train.fineTune(net, { data: tuned, epochs: 2, freezeEpochs: 1, unfreeze: "gradual" }),
  );
  assert.ok(!changed.some((name) => name.startsWith("upper")), String(changed));
  assert.ok(changed.includes("fc.weight") && changed.includes("lower.0.weight"));
  assert.ok(net.upper.parameters().every((parameter) => !parameter.requiresGrad));
});

test("the whole network has one cycle with a rate for each group", async () => {
  const net = small();
  const lrs: number[] = [];
  const { rates, whole } = await train.fineTune(net, {
    data: tuned,
    epochs: 4,
    freezeEpochs: 0,
    baseLr: 0.02,
    lrMult: 16,
    pointsPerEpoch: 3,
    callbacks: { onPoint: ({ lr }) => lrs.push(lr ?? Number.NaN) },
  });
  // 0.01 / 16, 0.01 / 4, 0.01.
  assert.deepEqual(rates, [0.000625, 0.0025, 0.01]);
  assert.equal(whole?.step, 12);
  // Of the lowest group after each of twelve steps: up to its highest in the fourth, of which `div` is 5 at the start.
  const cosine = (from: number, to: number, share: number) =>
    to + ((from - to) / 2) * (1 + Math.cos(Math.PI * share));
  const [high, low] = [rates[0], rates[0] / 5];
  for (const [i, lr] of lrs.slice(0, 11).entries()) {
    const step = i + 1;
    const expected = step <= 3 ? cosine(low, high, step / 3) : cosine(high, low / 1e4, (step - 3) / 8);
    assert.ok(Math.abs(lr - expected) < 1e-12, `step ${step}: ${lr}, expected ${expected}`);
  }
});

test("the same seed gives the same bits, another one gives others", async () => {
  const run = async (seed: number) => {
    const net = small();
    manualSeed(seed);
    const { test } = await train.fineTune(net, { data: tuned, epochs: 2, freezeEpochs: 2, ema: 0.5 });
    return { accuracy: test?.accuracy, weights: [...(await numbersOf(net))] };
  };
  const first = await run(1);
  assert.deepEqual(await run(1), first);
  assert.notDeepEqual(await run(2), first);
});

test("an average of the weights is what the network has in the end, and what is tested", async () => {
  const run = async (ema: number | null) => {
    const net = small();
    const { test, whole } = await train.fineTune(net, {
      data: tuned,
      epochs: 2,
      freezeEpochs: 1,
      ema,
      baseLr: 0.1,
    });
    const fresh = await train.evaluate(net, new DataLoader(tuned.test, { batchSize: 64 }));
    assert.equal(test?.accuracy, fresh.accuracy);
    assert.ok(Math.abs((test?.loss ?? 0) - fresh.loss) < 1e-6);
    return { weights: await numbersOf(net), last: whole?.points.at(-1)?.testLoss, loss: test?.loss };
  };
  const plain = await run(null);
  const averaged = await run(0.9);
  // The same training; only what is left of it differs.
  assert.equal(averaged.last, plain.last);
  assert.notEqual(averaged.loss, plain.loss);
  assert.notDeepEqual(averaged.weights.get("fc.weight"), plain.weights.get("fc.weight"));
  assert.deepEqual(averaged.weights.get("upper.1.running_mean"), plain.weights.get("upper.1.running_mean"));
});

test("interpolated weights lie between those of the trained head and those of the trained network", async () => {
  const run = async (options: Partial<FineTuneOptions>) => {
    const net = small();
    const given = { data: tuned, freezeEpochs: 2, batchNorm: "train", baseLr: 0.1, ...options } as const;
    const { test } = await train.fineTune(net, { epochs: 2, ...given });
    const fresh = await train.evaluate(net, new DataLoader(tuned.test, { batchSize: 64 }));
    assert.ok(Math.abs((test?.loss ?? 0) - fresh.loss) < 1e-6);
    return numbersOf(net);
  };
  const [before, after] = [await run({ epochs: 0 }), await run({})];
  const ends = async (interpolate: number, ema: number | null, expected: Map<string, number[]>) => {
    for (const [name, numbers] of await run({ interpolate, ema }))
      for (const [i, number] of numbers.entries()) {
        const [from, to] = [(before.get(name) as number[])[i], (expected.get(name) as number[])[i]];
        // Running statistics are those after the training.
        const isTrained = !/running|tracked/.test(name);
        const between = isTrained ? from + interpolate * (to - from) : to;
        assert.ok(Math.abs(number - between) < 1e-6, `${name}[${i}]: ${number}, expected ${between}`);
      }
  };
  assert.notDeepEqual(before.get("lower.0.weight"), after.get("lower.0.weight"));
  await ends(0.3, null, after);
  await ends(0, null, after);
  await ends(0.5, 0.6, await run({ ema: 0.6 }));
});

test("loaders of one's own are taken, with mixes, views and soft labels", async () => {
  const images = (count: number, seed: number) => {
    const [x, y] = quadrants(count, seed);
    return new TensorDataset(x.reshape(count, 2, 1, 1).expand(count, 2, 4, 4).contiguous(), y);
  };
  manualSeed(6);
  const net = nn.Sequential(
    nn.Conv2d(2, 8, 3),
    nn.ReLU(),
    nn.AdaptiveAvgPool2d(1),
    nn.Flatten(),
    nn.Linear(8, 2),
  );
  const mix = transforms.MixUp({ numClasses: 4, alpha: 0.2 });
  const phases: string[] = [];
  const { frozen, whole } = await train.fineTune(net, {
    data: {
      train: new DataLoader(images(48, 1), { batchSize: 16, shuffle: true, mix, numWorkers: 0 }),
      test: images(16, 2),
      plain: images(48, 1),
      numClasses: 4,
    },
    epochs: 1,
    freezeEpochs: 1,
    embeddingViews: 2,
    labelSmoothing: 0.1,
    classWeights: [1, 1, 2, 1],
    callbacks: { onPhase: (name) => phases.push(name) },
  });
  assert.equal(phases[0], "embeddings");
  // Two views of 48 images in batches of 32, then three batches of 16.
  assert.equal(frozen?.step, 3);
  assert.equal(whole?.step, 3);
});

test("an interrupted fine-tuning goes on to the same bits, within either part", async () => {
  const folder = mkdtempSync(join(tmpdir(), "convoyant-fine-tune-"));
  const run = async (out: string, stopAfter: number, resume: boolean) => {
    const net = small();
    const stopping = new AbortController();
    let steps = 0;
    const { outcome } = await train.fineTune(net, {
      data: tuned,
      epochs: 2,
      freezeEpochs: 3,
      ema: 0.6,
      interpolate: 0.4,
      unfreeze: "gradual",
      batchNorm: "train",
      out: join(folder, out),
      resume,
      signal: stopping.signal,
      callbacks: { onStep: () => void (++steps === stopAfter && stopping.abort()) },
    });
    return { outcome, weights: [...(await numbersOf(net))] };
  };
  try {
    const whole = await run("whole", -1, false);
    assert.equal(whole.outcome, "finished");
    await assert.rejects(run("whole", -1, false), TrainingError);
    // Nine steps of the head, six of the whole network.
    for (const stopAfter of [4, 9, 11]) {
      const out = `stopped-${stopAfter}`;
      assert.equal((await run(out, stopAfter, false)).outcome, "interrupted");
      assert.deepEqual(await run(out, -1, true), whole, `stopped after step ${stopAfter}`);
    }
    assert.deepEqual((await run("whole", -1, true)).weights, whole.weights);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a folder keeps both parts, the weights of a head that was trained alone, and averages", async () => {
  const folder = mkdtempSync(join(tmpdir(), "convoyant-fine-tune-"));
  const weightsIn = async (path: string) => {
    const state = Object.entries(await load(join(folder, path)));
    return new Map(
      await Promise.all(
        state.map(async ([name, value]) => [name, Array.from(await value.data(), Number)] as const),
      ),
    );
  };
  try {
    const alone = small();
    const options = { data: tuned, freezeEpochs: 1, out: join(folder, "alone") };
    const { whole, test } = await train.fineTune(alone, { ...options, epochs: 0 });
    assert.equal(whole?.step, 0);
    assert.ok(test !== null);
    assert.deepEqual(await weightsIn("alone/last.safetensors"), await numbersOf(alone));
    assert.deepEqual([...(await weightsIn("alone/frozen/last.safetensors")).keys()].sort(), [
      "head.bias",
      "head.weight",
    ]);
    const averaged = small();
    await train.fineTune(averaged, { ...options, epochs: 1, ema: 0.9, out: join(folder, "averaged") });
    assert.deepEqual(await weightsIn("averaged/averaged.safetensors"), await numbersOf(averaged));
    assert.notDeepEqual(await weightsIn("averaged/last.safetensors"), await numbersOf(averaged));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("an interruption while embeddings are computed leaves the head untrained, and says so", async () => {
  const stopping = new AbortController();
  stopping.abort();
  const { outcome, frozen, whole } = await train.fineTune(small(), {
    data: tuned,
    epochs: 1,
    signal: stopping.signal,
  });
  assert.deepEqual({ outcome, frozen, whole }, { outcome: "interrupted", frozen: null, whole: null });
});

/** Something besides the head leads to the output. */
class Beside extends nn.Module {
  side = nn.Linear(2, 4);
  fc = nn.Linear(2, 4);

  override forward(x: Tensor): Tensor {
    return this.fc(x).add(this.side(x));
  }
}

class Twice extends nn.Module {
  fc = nn.Linear(2, 4);

  override forward(x: Tensor): Tensor {
    return this.fc(x).add(this.fc(x.mul(2)));
  }
}

test("fine-tuning says what is wrong with its options", async () => {
  const refused = async (options: object, expected: RegExp, net: nn.Module = small()) => {
    const given = { data: tuned, epochs: 1, ...options } as FineTuneOptions;
    await assert.rejects(train.fineTune(net, given), (error: Error) => {
      assert.ok(error instanceof ArgumentError, String(error));
      assert.match(error.message, expected);
      return true;
    });
  };
  await refused({ epochs: -1 }, /`epochs`/);
  await refused({ epoch: 1 }, /unknown.*`epoch`/s);
  await refused({ freezeEpochs: 0.5 }, /`freezeEpochs`/);
  await refused({ lrMult: 0 }, /`lrMult`/);
  await refused({ interpolate: 1.5 }, /`interpolate` to be from 0 to 1/);
  await refused({ interpolate: 0.5, freezeEpochs: 0 }, /`interpolate` leads back to a head that was trained/);
  await refused({ unfreeze: "slow" }, /`unfreeze` to be "all" or "gradual"/);
  await refused({ data: { train: tuned.train } }, /number of classes is not known/);
  await refused({ data: { train: tuned.train, numClasses: 1 } }, /at least 2/);
  await refused({ data: tuned.train }, /`data` to be/);
  await refused({ resume: true }, /`resume` needs `out`/);
  await refused({ head: "lower.1" }, /`lower.1` is a BatchNorm1d/);
  await refused({}, /output of Beside depends on more than its head \(`fc`\)/, new Beside());
  await refused({}, /head \(`fc`\) to be called once for a batch, and it was called 2 times/, new Twice());
  await refused({ newHead: false }, /for 10 classes, and the data have 4/);
  await refused({ classWeights: [1, 2] }, /4 numbers/);
  await refused({ classWeights: "balanced" }, /labels are known/);
  await refused({}, /no fully connected layer/, nn.Sequential(nn.Flatten()));
  await refused({}, /lazy/, nn.Sequential(nn.LazyLinear(3)));
});
