import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { DataLoader, type DataLoaderOptions, TensorDataset } from "../../../src/data/index.ts";
import * as nn from "../../../src/nn/index.ts";
import * as optim from "../../../src/optim/index.ts";
import { fromTypedArray, manualSeed, stopEngine, type Tensor, useEngine } from "../../../src/tensor/index.ts";
import {
  type BatchSource,
  type FitOptions,
  type FitResult,
  fit,
  topKAccuracy,
} from "../../../src/train/index.ts";
import { numbers, quadrantBatches } from "../small_data.ts";

const COUNT = 64;
const folder = mkdtempSync(join(tmpdir(), "convoyant-resume-"));
before(() => useEngine("wasm", { threads: 1 }));
after(async () => {
  await stopEngine();
  rmSync(folder, { recursive: true });
});

/** `count` points; the target of each is its number, of which the loss takes the remainder. */
function points(count = COUNT): TensorDataset {
  const next = numbers(7);
  const x = Float32Array.from({ length: 2 * count }, () => 2 * next() - 1);
  const y = Float64Array.from({ length: count }, (_, i) => i);
  return TensorDataset(fromTypedArray(x, [count, 2], "float32"), fromTypedArray(y, [count], "int64"));
}

const loaderOf = (options: DataLoaderOptions, count?: number) =>
  DataLoader(points(count), { batchSize: 8, shuffle: true, ...options });

let seen: Tensor[] = [];
const loss = (output: Tensor, target: Tensor) => {
  seen.push(target);
  return nn.functional.crossEntropy(output, target.remainder(4));
};

interface Attempt {
  readonly result: FitResult;
  /** The examples trained on, in order. */
  readonly examples: number[];
  readonly notes: string[];
  readonly net: nn.Module;
}

interface Settings extends Partial<Omit<FitOptions, "optimizer" | "scheduler">> {
  optimizer?: (net: nn.Module) => optim.Optimizer;
  scheduler?: ((optimizer: optim.Optimizer) => optim.LRScheduler) | null;
  /** Steps after which it is interrupted. */
  steps?: number;
}

let runs = 0;
const newRun = () => join(folder, `${runs++}`);

async function attempt(out: string, resume: boolean, settings: Settings = {}): Promise<Attempt> {
  const { steps, optimizer: makeOptimizer, scheduler: makeScheduler, ...options } = settings;
  manualSeed(1);
  const net = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 4));
  const optimizer = (makeOptimizer ?? ((of) => optim.SGD(of.parameters(), { lr: 0.1, momentum: 0.9 })))(net);
  const stopping = new AbortController();
  const notes: string[] = [];
  seen = [];
  let step = 0;
  const result = await fit(net, {
    trainLoader: loaderOf({ seed: 5 }),
    epochs: 2,
    loss,
    out,
    resume,
    optimizer,
    scheduler: makeScheduler?.(optimizer) ?? null,
    signal: stopping.signal,
    callbacks: {
      onNote: (note) => void notes.push(note),
      onStep: () => {
        if (++step === steps) stopping.abort();
      },
    },
    ...options,
  });
  const lists = await Promise.all(seen.map((target) => target.data()));
  return { result, examples: lists.flatMap((list) => [...(list as Float64Array)]), notes, net };
}

const sorted = (list: readonly number[]) => [...list].sort((a, b) => a - b);
const all = (count = COUNT) => Array.from({ length: count }, (_, i) => i);
const weightsOf = async (net: nn.Module) =>
  Promise.all([...net.parameters()].map(async (p) => [...((await p.data()) as Float32Array)]));

for (const seed of [5, undefined]) {
  const kind = seed === undefined ? "a seed drawn for each epoch" : "a seed of its own";
  for (const [from, to, steps] of [
    [8, 32, 5],
    [8, 4, 3],
    [8, 32, 1],
    [7, 10, 4],
    [32, 1, 1],
    [8, 100, 7],
  ]) {
    test(`with ${kind}: batches of ${from}, after ${steps} of ${to}: each example once an epoch`, async () => {
      const out = newRun();
      const first = await attempt(out, false, { trainLoader: loaderOf({ seed, batchSize: from }), steps });
      assert.equal(first.result.outcome, "interrupted");
      assert.equal(first.examples.length, from * steps);
      const next = await attempt(out, true, { trainLoader: loaderOf({ seed, batchSize: to }) });
      assert.equal(next.result.outcome, "finished");
      const rest = next.examples.slice(0, COUNT - first.examples.length);
      assert.deepEqual(sorted([...first.examples, ...rest]), all());
      assert.deepEqual(sorted(next.examples.slice(rest.length)), all());
      assert.equal(next.notes.length, 1);
      assert.match(
        next.notes[0],
        new RegExp(`goes on with the batch size ${to}, before it was ${from}: .*each example once`),
      );
      // The metrics of the epoch are those of all its examples: the last point of each epoch is there.
      assert.deepEqual(next.result.points.map(({ epoch }) => epoch).filter(Number.isInteger), [1, 2]);
    });
  }

  test(`with ${kind}: a run that goes on twice, in batches of three sizes`, async () => {
    const out = newRun();
    const parts = [
      await attempt(out, false, { trainLoader: loaderOf({ seed, batchSize: 8 }), steps: 2, epochs: 1 }),
      await attempt(out, true, { trainLoader: loaderOf({ seed, batchSize: 5 }), steps: 3, epochs: 1 }),
      await attempt(out, true, { trainLoader: loaderOf({ seed, batchSize: 16 }), epochs: 1 }),
    ];
    assert.deepEqual(
      parts.map(({ examples }) => examples.length),
      [16, 15, 33],
    );
    assert.deepEqual(sorted(parts.flatMap(({ examples }) => examples)), all());
  });

  test(`with ${kind}: an unchanged run gives the bits of an undisturbed one and says nothing`, async () => {
    const undisturbed = await attempt(newRun(), false, { trainLoader: loaderOf({ seed }) });
    for (const steps of [3, 8, 11]) {
      const out = newRun();
      await attempt(out, false, { trainLoader: loaderOf({ seed }), steps });
      const next = await attempt(out, true, { trainLoader: loaderOf({ seed }) });
      assert.deepEqual(next.notes, []);
      assert.deepEqual(await weightsOf(next.net), await weightsOf(undisturbed.net), `after ${steps}`);
    }
  });
}

/** A run that has stopped after a number of steps, or (null) after its first epoch. */
async function stopped(steps: number | null, settings: Settings = {}): Promise<string> {
  const out = newRun();
  await attempt(out, false, steps === null ? { ...settings, epochs: 1 } : { ...settings, steps });
  return out;
}

const WITHIN = 3;
const BETWEEN = null;
const plain = (options: DataLoaderOptions = {}, count?: number) =>
  loaderOf({ shuffle: false, seed: 5, ...options }, count);
const stepLR = (optimizer: optim.Optimizer) => optim.StepLR(optimizer, 1);
const adam = (net: nn.Module) => optim.Adam(net.parameters());
const slow = (net: nn.Module) => optim.SGD(net.parameters(), { lr: 0.01, momentum: 0.9 });
const batches = (size: number): BatchSource => ({
  async *[Symbol.asyncIterator]() {
    yield* DataLoader(points(), { batchSize: size, seed: 0 });
  },
});

interface Change {
  readonly what: string;
  readonly before?: Settings;
  readonly now?: Settings;
  /** Said within an epoch, or the refusal. */
  readonly within: { readonly says: RegExp } | { readonly refuses: RegExp } | "continues";
  /** The same between epochs, if it is another. */
  readonly between?: Change["within"];
}

const sameOrder = { refuses: /trainLoader gives the examples in another order than before/ };
const CHANGES: readonly Change[] = [
  {
    what: "optimizer",
    now: { optimizer: adam },
    within: { refuses: /the optimizer is Adam, before it was SGD: give the same kind/ },
  },
  {
    what: "learning rate",
    now: { optimizer: slow },
    within: { says: /The run keeps the optimizer's lr 0\.1 \(0\.01 was given\)/ },
  },
  {
    what: "scheduler that is missing now",
    before: { scheduler: stepLR },
    within: { refuses: /the scheduler is none, before it was StepLR/ },
  },
  {
    what: "new scheduler",
    now: { scheduler: stepLR },
    within: { refuses: /the scheduler is StepLR, before it was none/ },
  },
  {
    what: "scheduler of another kind",
    before: { scheduler: stepLR },
    now: { scheduler: (o) => optim.ExponentialLR(o, 0.5) },
    within: { refuses: /the scheduler is ExponentialLR, before it was StepLR/ },
  },
  {
    what: "scheduler with other settings",
    before: { scheduler: stepLR },
    now: { scheduler: (o) => optim.StepLR(o, 3) },
    within: { says: /The run keeps the scheduler's step_size 1 \(3 was given\)/ },
  },
  {
    what: "schedulerStep",
    before: { scheduler: stepLR },
    now: { scheduler: stepLR, schedulerStep: "step" },
    within: { refuses: /the `schedulerStep` is step, before it was epoch/ },
  },
  {
    what: "larger data set",
    now: { trainLoader: loaderOf({ seed: 5 }, 80) },
    within: { refuses: /number of training examples is 80, before it was 64/ },
    between: { says: /goes on with the number of training examples 80, before it was 64/ },
  },
  {
    what: "no shuffle",
    now: { trainLoader: plain() },
    within: { refuses: /the loader's `shuffle` is false, before it was true/ },
    between: { says: /the loader's `shuffle` false, before it was true/ },
  },
  {
    what: "another seed",
    now: { trainLoader: loaderOf({ seed: 6 }) },
    within: { refuses: /the loader's `seed` is 6, before it was 5/ },
    between: { says: /the loader's `seed` 6, before it was 5/ },
  },
  {
    what: "another sampler",
    before: { trainLoader: plain({ sampler: all() }) },
    now: { trainLoader: plain({ sampler: all().reverse() }) },
    within: sameOrder,
    between: "continues",
  },
  {
    what: "batches of another size in an iterable",
    before: { trainLoader: batches(8) },
    now: { trainLoader: batches(4) },
    within: { refuses: /the first 3 batches of trainLoader hold 12 examples, and the run has trained on 24/ },
    between: "continues",
  },
  {
    what: "another number of batches in an array",
    before: { trainLoader: quadrantBatches(8, 1, 8) },
    now: { trainLoader: quadrantBatches(7, 1, 8) },
    within: { refuses: /number of batches in an epoch is 7, before it was 8/ },
    between: { says: /number of batches in an epoch 7, before it was 8/ },
  },
  {
    what: "clipping",
    now: { clipGradNorm: 1 },
    within: { says: /the `clipGradNorm` 1, before it was none/ },
  },
  { what: "slices", now: { microBatch: 4 }, within: { says: /the `microBatch` 4, before it was auto/ } },
  {
    what: "loss",
    now: { loss: (output, target) => loss(output, target).mul(2) },
    within: { says: /the `loss` a function \(\w+\), before it was a function/ },
  },
  {
    what: "early stopping",
    now: { earlyStopping: { monitor: "trainLoss", patience: 9 } },
    within: { says: /the `earlyStopping` patience 9, minDelta 0, before it was none/ },
  },
  {
    what: "metrics",
    now: { metrics: { top2: (o, y) => topKAccuracy(2)(o, y.remainder(4)) } },
    within: {
      refuses: /the `metrics` is \["top2"\], before it was none: count the same ones to the end of the epoch/,
    },
    between: { says: /the `metrics` \["top2"\], before it was none/ },
  },
  { what: "more epochs", now: { epochs: 3 }, within: "continues" },
  { what: "points of the curves", now: { pointsPerEpoch: 2 }, within: "continues" },
];

for (const { what, before: was, now, within, between = within } of CHANGES) {
  for (const [steps, expected] of [
    [WITHIN, within],
    [BETWEEN, between],
  ] as const) {
    const says = expected === "continues" ? "goes on" : "says" in expected ? "says so" : "refuses";
    test(`${what}, ${steps === WITHIN ? "within an epoch" : "between epochs"}: ${says}`, async () => {
      const out = await stopped(steps, was);
      const files = () =>
        ["config.json", "checkpoint.safetensors"].map((name) => readFileSync(join(out, name)));
      const kept = files();
      const goOn = () =>
        attempt(out, true, { ...(was?.trainLoader && { trainLoader: was.trainLoader }), ...now });
      if (expected !== "continues" && "refuses" in expected) {
        await assert.rejects(goOn(), { name: "TrainingError", message: expected.refuses });
        if (!("trainLoader" in (was ?? {}))) assert.deepEqual(files(), kept);
        return;
      }
      const { result, notes } = await goOn();
      assert.equal(result.outcome, "finished");
      if (expected === "continues") assert.deepEqual(notes, []);
      else assert.match(notes.join("\n"), expected.says);
    });
  }
}

test("fewer epochs than are done, or begun, are refused; as many are nothing to do", async () => {
  const out = await stopped(11, { epochs: 3 });
  await assert.rejects(attempt(out, true, { epochs: 1 }), {
    name: "TrainingError",
    message: /it has trained 1 epoch and 3 steps of the next, and `epochs` is 1; ask for at least 2/,
  });
  const { result } = await attempt(out, true, { epochs: 2 });
  assert.equal(result.step, 16);
  await assert.rejects(
    attempt(out, true, { epochs: 1 }),
    /has trained 2 epochs, and `epochs` is 1; ask for at least 2/,
  );
  assert.equal((await attempt(out, true, { epochs: 2 })).result.step, 16);
});

test("another metric to monitor says so, and the best epoch by the other one does not count", async () => {
  const out = await stopped(BETWEEN, { monitor: "trainLoss" });
  const testLoader = DataLoader(points(4), { batchSize: 4, seed: 0 });
  const { result, notes } = await attempt(out, true, { monitor: "testLoss", testLoader });
  assert.match(notes.join(), /the `monitor` testLoss, before it was trainLoss/);
  assert.equal(result.best?.value, result.points.at(-1)?.testLoss);
});

test("another number of classes is refused", async () => {
  const out = await stopped(WITHIN);
  const net = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 5));
  const optimizer = optim.SGD(net.parameters(), { lr: 0.1, momentum: 0.9 });
  await assert.rejects(
    fit(net, { trainLoader: loaderOf({ seed: 5 }), optimizer, loss, epochs: 2, out, resume: true }),
    { name: "StateDictError", message: /does not fit this training/ },
  );
});

test("another engine says so", async () => {
  const out = await stopped(WITHIN);
  await useEngine("reference");
  try {
    const { notes } = await attempt(out, true);
    assert.match(
      notes.join(),
      /The run goes on with the engine reference \(plain.*\), before it was wasm \(/,
    );
  } finally {
    await useEngine("wasm", { threads: 1 });
  }
});

test("a generator that draws the seeds of a loader goes on too", async () => {
  const { Generator } = await import("../../../src/tensor/index.ts");
  const make = () => ({ trainLoader: loaderOf({ generator: new Generator().manualSeed(3) }), epochs: 3 });
  const undisturbed = await attempt(newRun(), false, make());
  const out = newRun();
  const first = await attempt(out, false, { ...make(), steps: 11 });
  const next = await attempt(out, true, make());
  assert.deepEqual([...first.examples, ...next.examples], undisturbed.examples);
  assert.deepEqual(await weightsOf(next.net), await weightsOf(undisturbed.net));
});
