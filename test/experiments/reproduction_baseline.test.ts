/** PyTorch through the epochs that ours went through: what is left to do, and the program that does it. */
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { FileError } from "../../src/base/errors.ts";
import { openDataset } from "../../src/data/index.ts";
import {
  baselineProgram,
  baselineTasks,
  trainBaselines,
} from "../../src/experiments/reproduce/reproduction_baseline.ts";
import type { PytorchRecord } from "../../src/experiments/reproduce/reproduction_pytorch.ts";
import type { SeriesRun } from "../../src/experiments/series_run.ts";
import { configure, type GivenSettings } from "../../src/experiments/training_config.ts";
import { finalMetrics } from "../../src/records/run_record.ts";

const folder = mkdtempSync(join(tmpdir(), "convoyant-baseline-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function trained(model: string, epochs: number, given: GivenSettings = {}, precision = "f32"): SeriesRun {
  const points = [{ epoch: epochs, trainLoss: 0.5, trainAccuracy: 0.8 }];
  return {
    folder: join(folder, model),
    config: configure(model, { engine: "wasm", ...given }),
    points,
    metrics: finalMetrics(points),
    failure: null,
    startedAt: "",
    environment: { precision },
  };
}

test("PyTorch does what ours did with the chapter's settings, and only what is not known", () => {
  const record: PytorchRecord = { net: "lenet", seed: 0, precision: "f32", torch: "2.15.0", epoch: 2 };
  const runs = [
    trained("lenet", 2),
    trained("lenet", 3, { seed: 1 }),
    trained("nin", 2, { precision: "bf16" }, "f32"),
    trained("nin", 2, { lr: 0.05 }),
    trained("bn-lenet-scratch", 2),
    trained("alexnet", 0.4),
  ];
  const starts = [
    trained("nin", 1, { limitBatches: 200 }),
    trained("nin", 1, { limitBatches: 200, seed: 1 }),
    trained("nin", 1, { limitBatches: 9, batchSize: 2 }),
  ];
  const tasks = baselineTasks(runs, starts, [record]);
  assert.deepEqual(tasks, [
    { net: "lenet", precision: "f32", seed: 1, epochs: 3, steps: 0 },
    { net: "nin", precision: "f32", seed: 0, epochs: 2, steps: 200 },
    { net: "nin", precision: "f32", seed: 1, epochs: 0, steps: 200 },
  ]);
  const done: PytorchRecord[] = [
    { ...record, seed: 1, epoch: 3 },
    { ...record, net: "nin", epoch: 1 },
    { net: "nin", seed: 0, precision: "f32", torch: "2.15.0", steps: 200, lastLoss: 1 },
  ];
  const left = baselineTasks(runs, starts, [record, ...done]);
  assert.deepEqual(left, [{ ...tasks[1], steps: 0 }, tasks[2]]);
  const places = { folder: "baselines", python: "python", programs: "programs" };
  const { command, args } = baselineProgram(tasks[1], "out", "data", places);
  assert.deepEqual(
    [command, ...args],
    [
      ...["python", join("programs", "pytorch_epochs.py"), "--data", "data"],
      ...["--net", "nin", "--precision", "f32", "--first-seed", "0"],
      ...["--epochs", "2", "--steps", "200", "--checkpoint", join("out", "pytorch-nin-f32")],
    ],
  );
});

test("its lines are kept as they come; a failure is told of and leaves out one network", async (t) => {
  try {
    await openDataset("fashion-mnist", { train: true });
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    t.skip(error.message);
    return;
  }
  const python = join(folder, "python");
  const line = '{"net": "nin", "seed": 0, "precision": "f32", "torch": "0", "epoch": 1, "trainLoss": 1.5}';
  writeFileSync(
    python,
    `#!/bin/sh\ncase "$*" in *alexnet*) echo "ValueError: no room" >&2; exit 1;; esac\necho warming up\necho step 3/469\necho '${line}'\n`,
  );
  chmodSync(python, 0o755);
  process.env.CONVOYANT_BASELINES_PYTHON = python;
  const notes: string[] = [];
  let records = 0;
  const trainings = [trained("alexnet", 1), trained("nin", 1)];
  const options = {
    signal: new AbortController().signal,
    note: (text: string) => notes.push(text),
    onRecord: () => records++,
  };
  await trainBaselines({ trainings, starts: [] }, folder, options);
  assert.equal(readFileSync(join(folder, "pytorch.jsonl"), "utf8"), `${line}\n`);
  assert.equal(records, 1);
  assert.ok(notes.includes("pytorch: step 3/469"), "what it says of its progress is passed on");
  assert.ok(!notes.join().includes("warming up"));
  assert.match(notes.join("\n"), /pytorch: alexnet was left out: ValueError: no room/);
  await trainBaselines({ trainings: [trainings[1]], starts: [] }, folder, options);
  assert.equal(records, 1, "nothing is trained twice");

  const stopped = AbortSignal.abort(new Error("interrupted"));
  await assert.rejects(
    trainBaselines({ trainings, starts: [] }, folder, { ...options, signal: stopped }),
    /interrupted/,
  );
});
