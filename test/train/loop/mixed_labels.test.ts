import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { DataLoader, TensorDataset, transforms } from "../../../src/data/index.ts";
import * as nn from "../../../src/nn/index.ts";
import * as optim from "../../../src/optim/index.ts";
import {
  fromTypedArray,
  manualSeed,
  stopEngine,
  type Tensor,
  tensor,
  useEngine,
} from "../../../src/tensor/index.ts";
import { evaluate, type FitOptions, fit, topKAccuracy } from "../../../src/train/index.ts";
import { numbers } from "../small_data.ts";

const folder = mkdtempSync(join(tmpdir(), "convoyant-mixed-"));
before(() => useEngine("wasm", { threads: 1 }));
after(async () => {
  await stopEngine();
  rmSync(folder, { recursive: true });
});

/** Images of 6 x 6 whose upper or lower half is bright: two classes. */
function halves(count: number) {
  const next = numbers(4);
  const x = new Float32Array(count * 36);
  const y = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    y[i] = next() < 0.5 ? 0 : 1;
    for (let p = 0; p < 36; p++) x[i * 36 + p] = 0.3 * next() + (p < 18 === (y[i] === 0) ? 0.7 : 0);
  }
  return TensorDataset(fromTypedArray(x, [count, 1, 6, 6], "float32"), fromTypedArray(y, [count], "int64"));
}

const MIX = [transforms.MixUp({ alpha: 0.4, numClasses: 2 }), transforms.CutMix({ numClasses: 2 })];

async function train(
  options: Partial<FitOptions> & { mix?: readonly transforms.BatchMix[]; steps?: number },
) {
  const { mix = MIX, steps, ...others } = options;
  manualSeed(1);
  const net = nn.Sequential(nn.Flatten(), nn.Linear(36, 2));
  const stopping = new AbortController();
  const notes: string[] = [];
  let step = 0;
  const result = await fit(net, {
    trainLoader: DataLoader(halves(60), { batchSize: 8, shuffle: true, mix, numWorkers: 0 }),
    testLoader: DataLoader(halves(20), { batchSize: 20 }),
    optimizer: optim.SGD(net.parameters(), { lr: 0.5 }),
    epochs: 3,
    signal: stopping.signal,
    callbacks: {
      onNote: (note) => void notes.push(note),
      onStep: () => {
        if (++step === steps) stopping.abort();
      },
    },
    ...others,
  });
  const weights = await Promise.all([...net.parameters()].map((p) => p.tolist()));
  return { result, weights, notes };
}

test("fit counts accuracy by the most probable class, and an interrupted run goes on to the same bits", async () => {
  const metrics = { top1: topKAccuracy(1) };
  const whole = await train({ metrics });
  for (const { trainAccuracy, extra } of whole.result.points) {
    assert.ok(trainAccuracy > 0 && trainAccuracy <= 1);
    assert.equal(extra?.top1, trainAccuracy);
  }
  assert.ok((whole.result.test?.accuracy ?? 0) > 0.9);
  const out = join(folder, "run");
  const first = await train({ metrics, out, steps: 5 });
  assert.equal(first.result.outcome, "interrupted");
  const next = await train({ metrics, out, resume: true });
  assert.deepEqual(next.weights, whole.weights);
  assert.deepEqual(next.notes, []);
  const plain = (points: typeof whole.result.points) =>
    points.map(({ trainLoss, trainAccuracy, testLoss }) => [trainLoss, trainAccuracy, testLoss]);
  assert.deepEqual(plain(next.result.points), plain(whole.result.points));
});

test("a run that goes on with another mix says so", async () => {
  const out = join(folder, "other");
  await train({ out, steps: 2 });
  const { notes } = await train({ out, resume: true, mix: [transforms.MixUp({ numClasses: 2 })] });
  assert.equal(notes.length, 1);
  assert.match(
    notes[0],
    /loader's `mix` MixUp\(alpha=1, p=1\), before it was MixUp\(alpha=0.4, p=1\) or CutMix\(alpha=1, p=1\)/,
  );
});

test("evaluate counts rows of probabilities, and refuses other targets of the output's shape", async () => {
  const net = nn.Identity();
  const logits = tensor([
    [2, 1, 0],
    [0, 3, 1],
    [0.5, 0.25, 0],
  ]);
  const rows = tensor([
    [0.6, 0.4, 0],
    [0.5, 0.1, 0.4],
    [0.4, 0.4, 0.2],
  ]);
  const metrics = await evaluate(net, [[logits, rows]]);
  assert.equal(metrics.accuracy, 2 / 3);
  assert.deepEqual(metrics.confusion, [
    [2, 1, 0],
    [0, 0, 0],
    [0, 0, 0],
  ]);
  const expected = await nn.functional.crossEntropy(logits, rows).item();
  assert.ok(Math.abs(metrics.loss - expected) < 1e-6);
  for (const target of [rows.mul(2), rows.sub(0.4)] as Tensor[])
    await assert.rejects(evaluate(net, [[logits, await fixed(target)]]), /rows of probabilities/);
});

async function fixed(target: Tensor): Promise<Tensor> {
  return tensor((await target.tolist()) as number[][]);
}
